"""Whose turn it is to collect, among all nodes.

The turn is a lock of a transaction that does nothing else, on a connection of its own; so it ends
with the process, its connection, or within a minute of its machine. A transaction, and not a
session: a pooler gives each transaction another session, and would leave a session's lock to
whoever comes next. It holds no snapshot, so vacuum goes on beside it.

A holder that is cut off goes on without the turn, and that does no harm. Each deletion is decided
and done in one transaction that looks at what it needs itself (ADR 9); bytes go only while their
blob's row is locked, and where the lock was lost meanwhile, files that an upload has found again
are young, and objects have names that no upload finds again. The turn only saves work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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
# One message to the server. No limit of the server's ends a turn, and a machine that is gone has it
# for a minute; elsewhere that is two hours. Not every version knows each setting.
_BEGIN: Final = (
    "BEGIN; SELECT set_config(name, CASE name WHEN 'tcp_keepalives_idle' THEN '30' "
    "WHEN 'tcp_keepalives_interval' THEN '10' WHEN 'tcp_keepalives_count' THEN '3' "
    "ELSE '0' END, true) FROM pg_settings WHERE name IN ('tcp_keepalives_idle', "
    "'tcp_keepalives_interval', 'tcp_keepalives_count', 'idle_in_transaction_session_timeout', "
    "'transaction_timeout')"
)
_TRY: Final = "SELECT pg_try_advisory_xact_lock($1)"
_REST: Final = "SELECT"
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
            # An end that lies far ahead is of a clock that went wrong.
            if ended is not None and abs(now - from_micros(ended)) < every:
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
        with self._told:
            try:
                session = await driver().connect(
                    **self._address.arguments(),
                    timeout=_CONNECT_SECONDS,
                    command_timeout=_ANSWER_SECONDS,
                )
            except TimeoutError as error:
                raise not_reached(_CONNECT_SECONDS, self._address.shown) from error
            try:
                await session.execute(_BEGIN)
            except BaseException:
                session.terminate()
                raise
        return session

    async def _asked(self, session: Any, statement: str, *arguments: object) -> Any:
        with self._told:
            found = await session.fetchval(statement, *arguments)
            # What was asked with arguments keeps its snapshot until something else is asked; this
            # keeps none, and what is held for hours must not keep vacuum back.
            await session.execute(_REST)
            return found

    async def _awaited(self, session: Any) -> None:
        # Only the server knows when: it is asked for the lock, which nobody here sets free.
        while not await self._asked(session, _TRY, LOCK):  # noqa: ASYNC110
            await asyncio.sleep(_AGAIN_SECONDS)


async def _ended(session: Any) -> None:
    # Awaited, so that the next who asks finds the turn free; a session that is gone has it no more.
    with suppress(Exception):
        await session.execute("ROLLBACK", timeout=_CONNECT_SECONDS)
    session.terminate()
    # The socket closes in the loop's next round.
    await asyncio.sleep(0)
