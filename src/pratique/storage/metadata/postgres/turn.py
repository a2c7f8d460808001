"""Whose turn it is to collect, among all nodes.

The turn is a lock of a session of its own, so it ends with the process, its connection, or its
machine, as far as the server learns of that. A holder that is cut off and goes on does no harm:
each deletion is decided and done in one transaction that looks at what it needs itself (ADR 9).
The turn only saves work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from pratique.storage.metadata.postgres.address import Address
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import driver
from pratique.storage.metadata.postgres.faults import Told, not_reached
from pratique.storage.metadata.rows import from_micros, to_micros

# The number means nothing outside this project.
LOCK: Final = 0x70726174_69717566
_CONNECT_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 15.0
_AGAIN_SECONDS: Final = 1.0
_TRY: Final = "SELECT pg_try_advisory_lock($1)"
_ENDED: Final = "SELECT ended_at FROM collection_turn"
_END: Final = "UPDATE collection_turn SET ended_at = $1"


class PostgresTurn:
    """The port `Turn`. Blocks for a few round trips.

    Args:
        database: for what is asked, on the loop that serves threads.
        url: of the same database, for a session of its own.
    """

    def __init__(self, database: PostgresDatabase, url: str) -> None:
        self._database = database
        self._address = Address.parse(url)
        self._told = Told(self._address.shown)

    @contextmanager
    def taken(self, now: datetime, every: timedelta) -> Iterator[bool]:
        """Take the turn if nobody has it and the last one is that long ago; whether it was taken.

        The time is noted when the body ends well.

        Raises:
            StorageFull, StorageFailed: the database cannot be used.
        """
        session = self._database.run(self._session)
        try:
            if not self._database.run(lambda: self._asked(session, _TRY, LOCK)):
                yield False
                return
            ended = self._database.run(lambda: self._asked(session, _ENDED))
            if ended is not None and now - from_micros(ended) < every:
                yield False
                return
            yield True
            self._database.run(
                lambda: self._database.write(lambda c: c.execute(_END, to_micros(now)))
            )
        finally:
            self._database.run(lambda: _ended(session))

    @contextmanager
    def held(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Keep everybody from taking the turn. This is no collection, and its end is not noted.

        Args:
            waiting: called when somebody has the turn, before this waits until they end.

        Raises:
            StorageFull, StorageFailed: the database cannot be used.
        """
        session = self._database.run(self._session)
        try:
            if not self._database.run(lambda: self._asked(session, _TRY, LOCK)):
                waiting()
                self._database.run(lambda: self._awaited(session))
            yield
        finally:
            self._database.run(lambda: _ended(session))

    async def _session(self) -> Any:
        # A pooler that gives sessions to transactions cannot be asked for a lock of a session;
        # the guide says so, and nothing is lost by it but work.
        with self._told:
            try:
                return await driver().connect(
                    **self._address.arguments(),
                    timeout=_CONNECT_SECONDS,
                    command_timeout=_ANSWER_SECONDS,
                )
            except TimeoutError as error:
                raise not_reached(_CONNECT_SECONDS, self._address.shown) from error

    async def _asked(self, session: Any, statement: str, *arguments: object) -> Any:
        with self._told:
            return await session.fetchval(statement, *arguments)

    async def _awaited(self, session: Any) -> None:
        # Only the server knows when: it is asked for the lock, which nobody here sets free.
        while not await self._asked(session, _TRY, LOCK):  # noqa: ASYNC110
            await asyncio.sleep(_AGAIN_SECONDS)


async def _ended(session: Any) -> None:
    session.terminate()
    # The socket closes in the loop's next round.
    await asyncio.sleep(0)
