"""A connection of the law's own: a full pool must not keep a node from hearing of a change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

from pratique.registry.errors import StorageFailed
from pratique.storage.metadata.postgres.address import Address
from pratique.storage.metadata.postgres.driver import Row, driver
from pratique.storage.metadata.postgres.faults import Told, not_reached

CHANNEL: Final = "pratique_law"


class LawLine:
    """Asks, and hears of changes; for one event loop at a time.

    Args:
        url: as `PostgresDatabase.open` takes it.
        answer_seconds: after which a connection that does not answer is given up.
        connect_seconds: for connecting and signing in.
    """

    def __init__(self, url: str, *, answer_seconds: float, connect_seconds: float = 5.0) -> None:
        self._address = Address.parse(url)
        self._told = Told(self._address.shown)
        self._answer_seconds = answer_seconds
        self._connect_seconds = connect_seconds
        self._connection: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._ending: AsyncIterator[None] | None = None

    async def ready(self) -> None:
        """Be connected.

        Raises:
            StorageFailed: the server cannot be reached.
        """
        loop = asyncio.get_running_loop()
        if self._loop is loop and self._connection is not None:
            if not self._connection.is_closed():
                return
            self.close()
        with self._told:
            try:
                connection = await driver().connect(
                    **self._address.arguments(), timeout=self._connect_seconds
                )
            except TimeoutError as error:
                raise not_reached(self._connect_seconds, self._address.shown) from error
        self._connection, self._loop, self._news = connection, loop, asyncio.Event()
        if self._ending is None:
            self._ending = self._closed_with_loop()
            await anext(self._ending)
        # A pooler, for which no statements are prepared, gives a session to a transaction only.
        if self._address.statement_cache_size:
            news = self._news
            await self._answered(connection.add_listener(CHANNEL, lambda *_: news.set()))

    async def ask(self, statement: str, *arguments: object) -> list[Row]:
        """All rows that a SELECT finds; `ready` must have been awaited.

        Raises:
            StorageFailed: there is no answer in time, or a bad one.
        """
        rows: list[Row] = await self._answered(self._connection.fetch(statement, *arguments))
        return rows

    async def heard(self, seconds: float) -> None:
        """Wait until somebody tells of a change, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    def close(self) -> None:
        """Close the connection; what it is asked fails."""
        connection, self._connection = self._connection, None
        if connection is not None and self._loop is not None and not self._loop.is_closed():
            connection.terminate()

    async def _answered(self, asking: Any) -> Any:
        connection = self._connection
        # Cut rather than cancelled: to cancel, the driver would have to reach the server.
        timer = asyncio.get_running_loop().call_later(self._answer_seconds, connection.terminate)
        try:
            with self._told:
                return await asking
        except (StorageFailed, asyncio.CancelledError):
            connection.terminate()
            raise
        finally:
            timer.cancel()

    async def _closed_with_loop(self) -> AsyncIterator[None]:
        """Closes the line when the loop ends its generators, as `asyncio.run` does."""
        try:
            yield
        finally:
            self.close()
            self._ending = None
            # The socket closes in the loop's next round.
            await asyncio.sleep(0)
