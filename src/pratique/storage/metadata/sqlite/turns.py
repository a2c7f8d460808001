"""Processes that write to one SQLite file take turns.

SQLite alone would be safe, but who waits for its lock sleeps and tries again; a busy neighbour
then keeps it waiting for up to a second. The kernel's lock wakes the next one at once.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self


class Turns:
    """An open lock file. The kernel drops the lock with the process that held it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def open(cls, database: Path) -> Self:
        """The lock file beside the database, made where needed.

        Raises:
            OSError: it cannot be made.
        """
        path = f"{database}-turns"
        return cls(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for this process's turn, and end it afterwards. Blocks; for threads."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the lock file."""
        os.close(self._descriptor)
