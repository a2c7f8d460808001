"""The layer between a server and its disk: compiled here, told what to do through a shared page."""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Final, Self

import pytest

SOURCE: Final = Path(__file__).with_name("shim.c")
# Set to anything where every programme must be there, as in continuous integration.
ALL_REQUIRED: Final = "PRATIQUE_ALL_CLIENTS"
_NUMBERS: Final = struct.Struct("=8Q256s")
_PAGE: Final = 4096
_MATCHED_AT: Final = 5 * 8
_FIRED_AT: Final = 6 * 8
WITHOUT_END: Final = 2**62


class Call(IntFlag):
    """Calls that change the disk, as `enum call` in the source."""

    WRITE = 1
    SYNC = 2
    RENAME = 4
    CREATE = 8
    UNLINK = 16
    MKDIR = 32
    TRUNCATE = 64
    LINK = 128
    SYNC_FOLDER = 256
    SYNC_RANGE = 512
    ATTRIBUTES = 1024


EVERY_CALL: Final = Call(2047)


class Action(IntEnum):
    """What is done at a call, as `enum action` in the source."""

    NOTHING = 0
    KILL_PROCESS = 1
    KILL_GROUP = 2
    KILL_IN_WRITE = 3
    FAIL = 4
    SHORT = 5
    SLOW = 6


@dataclass(frozen=True)
class Order:
    """What is to happen.

    Attributes:
        action: at the calls that are meant.
        calls: of these kinds.
        at: the first call, counted from 1, that it happens to.
        times: how many calls it happens to from there on.
        pattern: of the path within the folder, with `*` for any characters.
        number: of the error that a failing call gives, or microseconds that a slow one takes.
    """

    action: Action
    calls: Call
    at: int = 1
    times: int = WITHOUT_END
    pattern: str = "*"
    number: int = errno.EIO


class Shim:
    """A compiled shim, and the page that tells it what to do.

    Args:
        library: the compiled source.
        folder: for the page and the log; not within the folder that is watched.
        watched: the folder whose files are meant.
        recording: whether every change is written down.
        page: the name of the file that orders are given through.
    """

    def __init__(
        self, library: Path, folder: Path, watched: Path, *, recording: bool, page: str = "control"
    ) -> None:
        self.log = folder / "changes"
        self._library = library
        self._folder = folder
        self._watched = watched
        page_path = folder / page
        page_path.write_bytes(bytes(_PAGE))
        with page_path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), _PAGE)
        self.environment = {
            "LD_PRELOAD": str(library),
            "CRASH_ROOT": str(watched.resolve()),
            "CRASH_CONTROL": str(page_path),
            **({"CRASH_LOG": str(self.log)} if recording else {}),
        }

    @classmethod
    def made(cls, folder: Path, watched: Path, *, recording: bool = False) -> Self:
        """Compile the source into `folder`; the test is skipped where there is no compiler."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(compiled(folder), folder, watched, recording=recording)

    def beside(self, page: str) -> Self:
        """A shim that watches the same folder for other processes, and has orders of its own.

        It records nothing: what is recorded in order has one page.
        """
        return type(self)(self._library, self._folder, self._watched, recording=False, page=page)

    @contextmanager
    def told(self, order: Order) -> Iterator[None]:
        """Let it happen within the body, and nothing afterwards."""
        self.tell(order)
        try:
            yield
        finally:
            self.quiet()

    def tell(self, order: Order) -> None:
        """Let it happen from now on."""
        self.quiet()
        packed = _NUMBERS.pack(
            Action.NOTHING,
            order.calls,
            order.at,
            order.times,
            order.number,
            0,
            0,
            0,
            order.pattern.encode(),
        )
        # The lock is in use by whoever records; the action comes last.
        self._page[8 : _FIRED_AT + 8] = packed[8 : _FIRED_AT + 8]
        self._page[64 : len(packed)] = packed[64:]
        self._page[0:8] = struct.pack("=Q", order.action)

    def quiet(self) -> None:
        """Let nothing happen any more."""
        self._page[0:8] = bytes(8)

    @property
    def matched(self) -> int:
        """Calls that were meant since the last order."""
        return int(struct.unpack_from("=Q", self._page, _MATCHED_AT)[0])

    @property
    def fired(self) -> int:
        """How often it happened since the last order."""
        return int(struct.unpack_from("=Q", self._page, _FIRED_AT)[0])

    def position(self) -> int:
        """Bytes of the log; whatever a client was told by now was written down before."""
        try:
            return self.log.stat().st_size
        except FileNotFoundError:
            return 0


def compiled(folder: Path) -> Path:
    """The source as a library in `folder`.

    A test without a compiler is skipped with the reason, and fails where all are demanded.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        missing = "failing disks were NOT tested: there is no C compiler (Debian: gcc libc6-dev)"
        if os.environ.get(ALL_REQUIRED):
            pytest.fail(missing)
        pytest.skip(missing)
    library = folder / "shim.so"
    words = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([*words, "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return library
