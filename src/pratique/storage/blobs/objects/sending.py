"""A body on its way into one object, hashed as it comes, in bounded memory.

What a client sends waits in files until a part of it is whole; only parts that are being sent are
in memory, a fixed number of them in a process. So a slow client costs a file and holds up nobody,
and many clients at once cost no more memory than a few.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from pratique.naming.digests import Hasher
from pratique.registry.object_ports import ObjectName
from pratique.storage.blobs.objects.bucket import PART_SIZE, Bucket
from pratique.storage.blobs.objects.finishing import ended, to_the_end
from pratique.storage.blobs.objects.parts import Feed, Part, blocks_of

T = TypeVar("T")
P = ParamSpec("P")

PARTS_IN_FLIGHT: Final = 4
THREADS: Final = 8
# For how long a request that broke off waits for the store to forget what it has of the object.
_ABORT_SECONDS: Final = 10


class Sender:
    """Writes bodies to objects, for one process. Make it after a fork, never before.

    Args:
        bucket: where to.
        folder: for files without a name; None for the system's.
    """

    def __init__(self, bucket: Bucket, folder: Path | None) -> None:
        self._bucket = bucket
        self._folder = folder
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="objects")
        self._slots = asyncio.Semaphore(PARTS_IN_FLIGHT)

    def close(self) -> None:
        """End the threads, after what they are at."""
        self._pool.shutdown()

    async def aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in a thread, to its end."""
        loop = asyncio.get_running_loop()
        return await to_the_end(loop.run_in_executor(self._pool, lambda: work(*args, **kwargs)))

    async def send(
        self, name: ObjectName, body: AsyncIterator[bytes], length: int | None, hasher: Hasher
    ) -> int:
        """Write what `body` gives to an object, and give its size; no bytes make no object.

        A failure may leave an object of that name, whole or not at all.

        Args:
            name: of the object, which nothing else ever writes to.
            body: what it raises is passed on.
            length: bytes that it should have, or None.
            hasher: takes in the bytes.

        Raises:
            SizeMismatch: `body` is shorter or longer than `length`.
            StorageFull, StorageFailed: as they say.
        """
        size, part = 0, Part(self._folder)
        stream: _Stream | None = None
        try:
            async with aclosing(blocks_of(body, length)) as blocks:
                async for block in blocks:
                    if part.size == PART_SIZE:
                        stream = stream or self._begin(name)
                        await stream.give(part)
                        part = Part(self._folder)
                    await self.aside(part.add, block, hasher)
                    size += len(block)
            if stream is not None:
                await stream.give(part)
                await stream.finish()
            elif size:
                async with self._slots:
                    await self._bucket.put(name, await self.aside(part.take_out))
        except BaseException:
            if stream is not None:
                await stream.abort()
            raise
        finally:
            part.close()
        return size

    def _begin(self, name: ObjectName) -> _Stream:
        feed = Feed(self._slots, lambda part: self.aside(part.take_out))
        return _Stream(feed, asyncio.ensure_future(self._bucket.put_parts(name, feed)))


class _Stream:
    """An object in several parts, which is being written while they come."""

    def __init__(self, feed: Feed, sending: asyncio.Future[None]) -> None:
        self._feed = feed
        self._sending = sending
        sending.add_done_callback(lambda _: feed.close())

    async def give(self, part: Part) -> None:
        """Hand over a part; raises what the store has failed with meanwhile."""
        await self._feed.give(part)
        if self._sending.done():
            await self._sending

    async def finish(self) -> None:
        """Wait until the object is whole."""
        self._feed.end()
        await asyncio.shield(self._sending)

    async def abort(self) -> None:
        """Let there be no object, and the store forget what it has of it."""
        self._feed.end(broken=True)
        with suppress(asyncio.CancelledError, TimeoutError):
            async with asyncio.timeout(_ABORT_SECONDS):
                await asyncio.wait([self._sending])
        self._sending.cancel()
        await ended(self._sending)
