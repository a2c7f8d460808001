"""The board: one small file of numbers that all processes of a server share.

Its head says whether the server is being stopped. Below it every worker has a row of its own, which
it alone writes and everybody reads; so counting takes no lock and no system call. A number is eight
aligned bytes, which one process writes and another reads whole.

A row is taken with a lock that ends with its process; the next worker takes it over and counts on,
so that counters never fall while the server runs.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

_NUMBER: Final = 8
_DRAINING, _ROWS, _WIDTH = 0, 1, 2
# Processors fetch and give up memory in lines, and in pairs of them: what one process writes lies
# so far, in numbers, from what another touches.
_APART: Final = 64
_HEAD: Final = _APART
_PID = 0


@dataclass(frozen=True, slots=True)
class WorkerNumbers:
    """What a row holds.

    Attributes:
        worker: the row's number, from 1.
        alive: whether its process runs.
        numbers: as the worker left them.
    """

    worker: int
    alive: bool
    numbers: tuple[float, ...]


class Board:
    """The numbers of a server's processes.

    Args:
        numbers: head and rows, as 64-bit floats.
        descriptor: of the file that they lie in, for locks; None when they lie in no file.
    """

    def __init__(self, numbers: memoryview[float], descriptor: int | None) -> None:
        self._numbers = numbers
        self._descriptor = descriptor
        self._rows, self._width = int(numbers[_ROWS]), int(numbers[_WIDTH])
        self._stride = _stride(self._width)

    @classmethod
    def of_one_process(cls, width: int) -> Self:
        """A board in the memory of this process, with one row."""
        numbers = memoryview(bytearray((_HEAD + _stride(width)) * _NUMBER)).cast("d")
        numbers[_ROWS], numbers[_WIDTH] = 1.0, float(width)
        return cls(numbers, None)

    @staticmethod
    def make(path: Path, rows: int, width: int) -> None:
        """Make the file of a board on which nothing was counted.

        Args:
            path: of the file; what was in it is lost.
            rows: workers that there may be at once.
            width: numbers of each.

        Raises:
            OSError: it cannot be written.
        """
        content = bytearray((_HEAD + rows * _stride(width)) * _NUMBER)
        head = memoryview(content).cast("d")
        head[_ROWS], head[_WIDTH] = float(rows), float(width)
        head.release()
        path.write_bytes(content)

    @classmethod
    def open(cls, path: Path) -> Self:
        """The board in a file.

        Raises:
            OSError: there is none.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        return cls(memoryview(mmap.mmap(descriptor, 0)).cast("d"), descriptor)

    def is_draining(self) -> bool:
        """Whether the server is being stopped."""
        return self._numbers[_DRAINING] != 0.0

    def drain(self) -> None:
        """Tell all processes that the server is being stopped."""
        self._numbers[_DRAINING] = 1.0

    def take_row(self) -> memoryview[float]:
        """A row for this process, with what the last one counted there.

        When all rows are taken, one that nobody reads: the process works, and is not seen.
        """
        for row in range(self._rows):
            if self._lock(row):
                start = self._start(row)
                self._numbers[start + _PID] = float(os.getpid())
                return self._numbers[start + 1 : start + 1 + self._width]
        return memoryview(bytearray(self._width * _NUMBER)).cast("d")

    def workers(self) -> Sequence[WorkerNumbers]:
        """Every row that was ever taken."""
        found = []
        for row in range(self._rows):
            start = self._start(row)
            process_id = int(self._numbers[start + _PID])
            if process_id:
                numbers = tuple(self._numbers[start + 1 : start + 1 + self._width])
                found.append(WorkerNumbers(row + 1, _runs(process_id), numbers))
        return found

    def _start(self, row: int) -> int:
        return _HEAD + row * self._stride

    def _lock(self, row: int) -> bool:
        if self._descriptor is None:
            return True
        with suppress(OSError):
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
            return True
        return False


def _stride(width: int) -> int:
    """Numbers from one row to the next: a process id, the row's own, and a gap."""
    return -(-(1 + width) // _APART) * _APART + _APART


def _runs(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
