"""Where `serve` keeps and offers a registry when nothing else is said."""

from __future__ import annotations

DEFAULT_DATA = "pratique-data"
DEFAULT_LISTEN = "127.0.0.1:5000"
