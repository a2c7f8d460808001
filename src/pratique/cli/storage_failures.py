"""Failures of a folder's storage, told to whoever owns the folder: with the cause."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pratique.cli.failures import Failed


@contextmanager
def storage_failures_told(data: Path | None = None) -> Iterator[None]:
    """Raise `Failed` in place of what a store raises.

    Args:
        data: the folder that the store is in; None where a failure may be of another one.

    Raises:
        Failed: with what happened, which clients of the registry are not told.
    """
    from pratique.registry import ContentError, StorageFailed, StorageFull  # noqa: PLC0415

    where = f"the folder {data} cannot be used: " if data else ""
    try:
        yield
    except StorageFull as error:
        raise Failed("the disk is full; make room, and run this again") from error
    except StorageFailed as error:
        raise Failed(f"{where}{error.detail}") from error
    except ContentError as error:
        raise Failed(f"{where}{error}") from error
