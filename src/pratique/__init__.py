"""Pratique: a private OCI registry that decides who may come in, and says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["__version__"]

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """The version, read when asked for: `importlib.metadata` loads email and socket."""
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import version  # noqa: PLC0415 - the pure rooms must stay pure

        return version("pratique")
