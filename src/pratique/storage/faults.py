"""Failures of the disk and of SQLite, told as the two that the rooms know."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from pratique.registry.errors import StorageFailed, StorageFull

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# SQLite reports a full disk while it grows the shared-memory index as this I/O error.
_SQLITE_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})


def fault_of(error: OSError | sqlite3.Error) -> StorageFull | StorageFailed:
    """`StorageFull` when the disk or a quota is exhausted, else `StorageFailed`."""
    if isinstance(error, OSError):
        full = error.errno in _NO_ROOM
    else:
        full = getattr(error, "sqlite_errorcode", None) in _SQLITE_NO_ROOM
    return StorageFull() if full else StorageFailed(f"{type(error).__name__}: {error}")


@contextmanager
def faults_told() -> Iterator[None]:
    """Raise `OSError` and `sqlite3.Error` from within as what `fault_of` makes of them."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise fault_of(error) from error
