"""Failures of a folder's storage, told to whoever owns the folder: with the cause."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pratique.cli.failures import Failed


@contextmanager
def storage_failures_told(places: str = "") -> Iterator[None]:
    """Raise `Failed` in place of what a store raises.

    Args:
        places: what holds the registry, in words; empty where a failure may be of something else.

    Raises:
        Failed: with what happened, which clients of the registry are not told.
    """
    from pratique.registry import ContentError, StorageFailed, StorageFull  # noqa: PLC0415

    where = f"{places} cannot be used: " if places else ""
    try:
        yield
    except StorageFull as error:
        raise Failed("the disk is full; make room, and run this again") from error
    except StorageFailed as error:
        raise Failed(f"{where}{error.detail}") from error
    except ContentError as error:
        raise Failed(f"{where}{error}") from error
