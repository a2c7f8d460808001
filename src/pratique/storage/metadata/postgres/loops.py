"""A pool for each event loop that asks, and a loop for threads that have none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

from pratique.registry.errors import StorageFailed
from pratique.storage.metadata.postgres.address import Address
from pratique.storage.metadata.postgres.bounds import Bounds
from pratique.storage.metadata.postgres.pool import Pool

T = TypeVar("T")

_CLOSE_SECONDS: Final = 5.0


class Loops:
    """The pools of a database, by event loop."""

    def __init__(self, address: Address, bounds: Bounds) -> None:
        self._address = address
        self._bounds = bounds
        self._pools: dict[asyncio.AbstractEventLoop, Pool] = {}
        self._guard = threading.Lock()
        self._thread: _LoopThread | None = None
        self._closed = False

    async def pool(self) -> Pool:
        """The running loop's pool, made when it first asks, and closed with the loop.

        Raises:
            StorageFailed: the database was closed.
        """
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            pool = self._new_pool(loop)
            pool.ending = _ending(pool)
            await anext(pool.ending)
        return pool

    def run(self, coroutine_of: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the loop of a thread of its own, and wait for it.

        Raises:
            StorageFailed: the database was closed.
        """
        with self._guard:
            self._refuse_closed()
            if self._thread is None:
                self._thread = _LoopThread()
            thread = self._thread
        return thread.run(coroutine_of)

    def close(self) -> None:
        """Close all connections. Calling it again does nothing."""
        with self._guard:
            self._closed = True
            thread, self._thread = self._thread, None
            pools, self._pools = self._pools, {}
        for loop, pool in pools.items():
            _close(loop, pool)
        if thread is not None:
            thread.end()

    def _new_pool(self, loop: asyncio.AbstractEventLoop) -> Pool:
        with self._guard:
            self._refuse_closed()
            for ended in [other for other in self._pools if other.is_closed()]:
                del self._pools[ended]
            on_thread = self._thread is not None and self._thread.loop is loop
            limit = self._bounds.threads if on_thread else self._bounds.connections
            pool = self._pools[loop] = Pool(self._address, self._bounds, limit)
        return pool

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StorageFailed("the database was closed before this")


class _LoopThread:
    """An event loop that runs until it is ended."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="postgres", daemon=True)
        self._thread.start()

    def run(self, coroutine_of: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if threading.current_thread() is self._thread:
            raise RuntimeError("this thread's loop would wait for itself")
        return asyncio.run_coroutine_threadsafe(coroutine_of(), self.loop).result()

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        self.loop.run_forever()
        self.loop.run_until_complete(_cancelled())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


async def _cancelled() -> None:
    """Let what is under way end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _ending(pool: Pool) -> AsyncIterator[None]:
    """Closes the pool when the loop ends its generators, as `asyncio.run` does before it closes."""
    try:
        yield
    finally:
        pool.close()
        # The sockets close in the loop's next round.
        await asyncio.sleep(0)


def _close(loop: asyncio.AbstractEventLoop, pool: Pool) -> None:
    """Close the pool of another loop, whether that runs, rests or has ended."""

    async def closing() -> None:
        pool.close()
        # The sockets close in the loop's next round.
        await asyncio.sleep(0)

    if loop.is_closed():
        return
    if not loop.is_running():
        loop.run_until_complete(closing())
        return
    with suppress(RuntimeError):
        if asyncio.get_running_loop() is loop:
            pool.close()
            return
    with suppress(TimeoutError):
        asyncio.run_coroutine_threadsafe(closing(), loop).result(_CLOSE_SECONDS)
