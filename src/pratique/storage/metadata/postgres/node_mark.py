"""A mark that all workers of a node see: it differs after every change that one of them made.

Eight aligned bytes of a mapped file, which one process writes and another reads whole. A change
writes a random number, so no lock is needed and no order: whoever read the mark before asking the
database, and finds it as it was, has missed nothing that a worker of this node acknowledged.
"""

from __future__ import annotations

import mmap
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

_BYTES: Final = 8


class NodeMark:
    """The mark.

    Args:
        cell: eight bytes, as one number.
        random_bits: makes marks.
    """

    def __init__(
        self, cell: memoryview[int], random_bits: Callable[[int], int] = secrets.randbits
    ) -> None:
        self._cell = cell
        self._random_bits = random_bits

    @classmethod
    def of_one_process(cls) -> Self:
        """A mark that nobody else sees, where a node is one process."""
        return cls(memoryview(bytearray(_BYTES)).cast("Q"))

    @classmethod
    def open(cls, path: Path) -> Self:
        """The mark in a file, which is made when absent and shared by whoever opens it.

        Raises:
            OSError: it cannot be read and written.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_size < _BYTES:
                os.ftruncate(descriptor, _BYTES)
            return cls(memoryview(mmap.mmap(descriptor, _BYTES)).cast("Q"))
        finally:
            os.close(descriptor)

    def now(self) -> int:
        """The mark as it is."""
        return self._cell[0]

    def stir(self) -> None:
        """Let it be another. Call it after a commit, and before anybody is told of it."""
        self._cell[0] = self._random_bits(64)
