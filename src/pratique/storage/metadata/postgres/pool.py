"""The connections of one event loop: few, made when needed, the one used last first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pratique.registry.errors import StorageFailed
from pratique.storage.metadata.postgres.address import Address
from pratique.storage.metadata.postgres.bounds import Bounds
from pratique.storage.metadata.postgres.driver import driver
from pratique.storage.metadata.postgres.faults import Told, busy, not_reached


class Pool:
    """Connections for the loop that it is made in; nothing of it may be used from another.

    The driver's own pool asks the server to reset a connection each time that it is given back,
    which doubles the round trips of a look-up. Here nobody may change a session, so there is
    nothing to reset; one that is given back in the middle of something is closed.

    Args:
        address: of the server.
        bounds: its time limits.
        limit: of connections at once.

    Attributes:
        ending: for whoever made it: closes it with the loop.
    """

    def __init__(self, address: Address, bounds: Bounds, limit: int) -> None:
        self._address = address
        self._bounds = bounds
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._slots = asyncio.Semaphore(limit)
        # With the loop's time when each was given back, the newest at the end.
        self._idle: deque[tuple[float, Any]] = deque()
        self._in_use: set[Any] = set()
        self._closed = False
        self.ending: AsyncIterator[None] | None = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection, given back on leaving.

        Raises:
            StorageFailed: the server cannot be reached, or all connections are busy for too long.
        """
        await self._take_slot()
        try:
            taken = self._newest_idle() or await self._connect()
            self._in_use.add(taken)
            try:
                yield taken
            except (TimeoutError, asyncio.CancelledError):
                # Its statement was abandoned, and who came next would wait for the end of it.
                _end(taken)
                raise
            finally:
                self._in_use.discard(taken)
                self._give_back(taken)
        finally:
            self._slots.release()

    def forget_idle(self) -> None:
        """Close what waits for work, since it leads to a server that is no use any more."""
        while self._idle:
            _end(self._idle.pop()[1])

    def close(self) -> None:
        """Close all connections at once; what runs on them fails."""
        self._closed = True
        self.forget_idle()
        for connection in list(self._in_use):
            _end(connection)

    async def _take_slot(self) -> None:
        if self._closed:
            raise StorageFailed("the database was closed before this")
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(self._bounds.wait_seconds):
                await self._slots.acquire()
        except TimeoutError as error:
            raise busy(self._limit, self._bounds.wait_seconds, self._address.shown) from error

    def _newest_idle(self) -> Any:
        oldest = self._loop.time() - self._bounds.keep_seconds
        while self._idle:
            since, connection = self._idle.pop()
            if since >= oldest and not connection.is_closed():
                return connection
            _end(connection)
        return None

    async def _connect(self) -> Any:
        bounds, shown = self._bounds, self._address.shown
        with Told(shown):
            try:
                return await driver().connect(
                    **self._address.arguments(),
                    timeout=bounds.connect_seconds,
                    command_timeout=bounds.statement_seconds,
                )
            except TimeoutError as error:
                raise not_reached(bounds.connect_seconds, shown) from error

    def _give_back(self, connection: Any) -> None:
        if self._closed or connection.is_closed() or connection.is_in_transaction():
            _end(connection)
            return
        now = self._loop.time()
        self._idle.append((now, connection))
        while self._idle[0][0] < now - self._bounds.keep_seconds:
            _end(self._idle.popleft()[1])


def _end(connection: Any) -> None:
    if not connection.is_closed():
        connection.terminate()
