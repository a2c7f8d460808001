"""One line on a terminal that says how far a long work has come; nothing where there is none."""

from __future__ import annotations

import sys
import time
from typing import Final

EVERY_SECONDS: Final = 0.2


class ProgressLine:
    """Written on standard error, over and over in its place."""

    def __init__(self) -> None:
        self._shown = False
        self._next = 0.0
        self._is_terminal = sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Show this unless something else was shown a moment ago."""
        now = time.monotonic()
        if self._is_terminal and now >= self._next:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
            self._shown = True
            self._next = now + EVERY_SECONDS

    def clear(self) -> None:
        """Give the line back, for other words."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False
