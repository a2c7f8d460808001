"""Whose turn it is to collect: one process of a machine at a time, and not too often."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pratique.storage.faults import faults_told

FILE = "collection.lock"


class CollectionTurn:
    """A file that whoever collects holds locked, and whose time is when that ended last.

    The lock ends with the process, however that ends. Blocks for microseconds.

    Args:
        data: the data folder.
    """

    def __init__(self, data: Path) -> None:
        self._path = data / FILE

    @contextmanager
    def taken(self, now: datetime, every: timedelta) -> Iterator[bool]:
        """Take the turn if nobody has it and the last one is that long ago; whether it was taken.

        The time is noted when the body ends well.

        Raises:
            StorageFull, StorageFailed: the file cannot be used.
        """
        with faults_told():
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            # A new file is empty: nobody has collected yet.
            found = os.fstat(descriptor)
            ended = datetime.fromtimestamp(found.st_mtime, UTC)
            # An end that lies far ahead is of a clock that went wrong.
            if found.st_size and abs(now - ended) < every:
                yield False
                return
            yield True
            with faults_told():
                os.pwrite(descriptor, b"1", 0)
                os.utime(descriptor, (now.timestamp(), now.timestamp()))
        finally:
            os.close(descriptor)

    @contextmanager
    def held(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Keep everybody from taking the turn. This is no collection, and its end is not noted.

        Args:
            waiting: called when somebody has the turn, before this waits until they end.

        Raises:
            StorageFull, StorageFailed: the file cannot be used.
        """
        with faults_told():
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with faults_told():
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    waiting()
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
