"""Parts of an object on their way: in files while they grow, in memory while they are sent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from mmap import mmap
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Final

from pratique.naming.digests import Hasher
from pratique.registry import SizeMismatch
from pratique.storage.faults import faults_told

BLOCK_SIZE: Final = 256 * 1024
# The configs of nearly all images are smaller, and need no file.
_IN_MEMORY: Final = 64 * 1024


class Part:
    """Bytes that wait to be sent, in an unnamed file when they are many. Blocks; for threads.

    Args:
        folder: for the file; None for the system's.

    Attributes:
        size: bytes.
    """

    def __init__(self, folder: Path | None) -> None:
        self.size = 0
        where = None if folder is None else str(folder)
        self._file = SpooledTemporaryFile(_IN_MEMORY, dir=where)  # noqa: SIM115 - see `close`

    def add(self, block: bytes, hasher: Hasher) -> None:
        """Take in more.

        Raises:
            StorageFull, StorageFailed: the disk of this machine, as they say.
        """
        hasher.update(block)
        with faults_told():
            self._file.write(block)
        self.size += len(block)

    def take_out(self) -> mmap:
        """All of it; it is gone from here then. There must be something.

        Pages of their own go back to the system at once; the allocator would keep them, in each
        thread that ever asked for some.

        Raises:
            StorageFailed: the disk of this machine failed.
        """
        content = mmap(-1, self.size)
        with faults_told():
            self._file.seek(0)
            while block := self._file.read(BLOCK_SIZE):
                content.write(block)
        self._file.close()
        return content

    def close(self) -> None:
        """Forget it; a second time makes no difference."""
        self._file.close()


async def blocks_of(body: AsyncIterator[bytes], length: int | None) -> AsyncGenerator[bytes, None]:
    """The bytes of a body in blocks of `BLOCK_SIZE`, the last of which may be shorter.

    Raises:
        SizeMismatch: it is shorter or longer than `length`.
    """
    buffer, received = bytearray(), 0
    async for piece in body:
        received += len(piece)
        if length is not None and received > length:
            raise SizeMismatch(length, received)
        buffer += piece
        while len(buffer) >= BLOCK_SIZE:
            yield bytes(buffer[:BLOCK_SIZE])
            del buffer[:BLOCK_SIZE]
    if length is not None and received != length:
        raise SizeMismatch(length, received)
    if buffer:
        yield bytes(buffer)


class Broken(Exception):
    """The body came to no good end, so that its object must not come to be."""


class Feed:
    """The parts of one object, for a store that asks for them one by one.

    After each part comes an empty one. The store asks for what follows that when the part is
    stored, and then its place in memory is free for another's.

    Args:
        slots: places in memory, shared by all objects that are being sent.
        load: brings a part into memory.
    """

    def __init__(
        self, slots: asyncio.Semaphore, load: Callable[[Part], Awaitable[bytes | mmap]]
    ) -> None:
        self._slots = slots
        self._load = load
        self._waiting: deque[Part] = deque()
        self._given = asyncio.Event()
        self._taken = asyncio.Event()
        self._is_ended = False
        self._is_broken = False
        self._has_slot = False
        self._is_flushing = False

    async def give(self, part: Part) -> None:
        """Add a part, once the one before it was taken, or nobody takes any."""
        self._waiting.append(part)
        self._given.set()
        while len(self._waiting) > 1 and not self._is_broken:
            self._taken.clear()
            await self._taken.wait()

    def end(self, *, broken: bool = False) -> None:
        """No part follows; where `broken`, there shall be no object."""
        self._is_ended = True
        self._is_broken = self._is_broken or broken
        self._given.set()
        self._taken.set()

    def close(self) -> None:
        """Let go of all that is left."""
        self.end(broken=True)
        self._free_slot()
        while self._waiting:
            self._waiting.popleft().close()

    def __aiter__(self) -> Feed:
        return self

    async def __anext__(self) -> bytes | mmap:
        if self._is_flushing:
            self._is_flushing = False
            return b""
        self._free_slot()
        while not self._waiting and not self._is_ended:
            self._given.clear()
            await self._given.wait()
        if not self._waiting and not self._is_broken:
            raise StopAsyncIteration
        await self._slots.acquire()
        self._has_slot = True
        if self._is_broken:
            self._free_slot()
            raise Broken
        part = self._waiting.popleft()
        self._taken.set()
        self._is_flushing = True
        return await self._load(part)

    def _free_slot(self) -> None:
        if self._has_slot:
            self._has_slot = False
            self._slots.release()
