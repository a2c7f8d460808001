"""One PostgreSQL database, shared by all workers of all machines.

Guarantees: a write is committed, with `synchronous_commit` at least `on`, before its caller goes
on; a write that fails has changed nothing, save that the outcome of a commit whose connection is
lost is not known, which is a failure; nothing waits longer than its bounds; when the server comes
back, so does this.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Self, TypeVar

from pratique.registry.errors import StorageFailed
from pratique.storage.metadata.postgres.address import Address
from pratique.storage.metadata.postgres.bounds import Bounds
from pratique.storage.metadata.postgres.driver import Connection, Row, driver
from pratique.storage.metadata.postgres.faults import (
    Told,
    fault_of,
    is_lost,
    is_read_only,
    is_transient,
)
from pratique.storage.metadata.postgres.loops import Loops
from pratique.storage.metadata.postgres.migrations import migrate

T = TypeVar("T")

DEFAULT_BOUNDS: Final = Bounds()
_PAUSE_SECONDS: Final = 0.02


class TryAgain(Exception):
    """Raised by a unit of work that met another's and would do better from its beginning."""


class PostgresDatabase:
    """An open database. Open it after a fork, never before.

    Each event loop has its own connections, made when they are first needed.
    """

    def __init__(self, address: Address, bounds: Bounds) -> None:
        self._address = address
        self._bounds = bounds
        self._told = Told(address.shown)
        self._loops = Loops(address, bounds)
        # One message to the server. Levels above `on` are kept, those below are raised; set for
        # the transaction alone, as a pooler may give the next one another session.
        self._begin = (
            "BEGIN ISOLATION LEVEL READ COMMITTED; "
            f"SELECT set_config('statement_timeout', '{_ms(bounds.statement_seconds)}', true), "
            "set_config('idle_in_transaction_session_timeout', "
            f"'{_ms(bounds.idle_seconds)}', true), set_config('synchronous_commit', "
            "CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' "
            "ELSE 'on' END, true)"
        )

    @classmethod
    def open(cls, url: str, *, bounds: Bounds = DEFAULT_BOUNDS) -> Self:
        """Connect, check the server, and bring the schema up to date where needed.

        Args:
            url: `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE`, as libpq knows it;
                `statement_cache_size=0` suits a pooler in transaction mode.
            bounds: of this worker.

        Raises:
            StorageFull: the server's disk is full.
            StorageFailed: it cannot be reached or used, or was written by a newer version; the
                detail names what to do, and never the password.
        """
        driver()
        opened = cls(Address.parse(url), bounds)
        try:
            opened.run(lambda: opened._migrated())  # noqa: PLW0108 - a factory is due
        except BaseException:
            opened.close()
            raise
        return opened

    async def fetch_one(self, statement: str, *arguments: object) -> Row | None:
        """The row that a SELECT of at most one row finds. One round trip.

        Raises:
            StorageFailed: the database could not be read.
        """
        row: Row | None = await self._read(lambda c: c.fetchrow(statement, *arguments))
        return row

    async def fetch_all(self, statement: str, *arguments: object) -> list[Row]:
        """All rows that a SELECT finds.

        Raises:
            StorageFailed: the database could not be read.
        """
        return await self._read(lambda c: c.fetch(statement, *arguments))

    async def write(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run `work` in a transaction, READ COMMITTED, and wait until it is committed.

        Args:
            work: its exception undoes what it did and is raised here. It is run again when the
                server undid it for another's sake (deadlock, serialization), when its connection
                was lost before the commit, or when it raises `TryAgain`; so it must act on the
                connection alone, and must neither commit nor change the session.

        Raises:
            StorageFull: no room; nothing of it was stored.
            StorageFailed: the database failed; nothing of it was acknowledged.
        """
        for attempt in range(1, self._bounds.attempts + 1):
            try:
                return await self._transact(work)
            except _Undone as undone:
                if attempt == self._bounds.attempts:
                    raise self._given_up(undone) from undone.cause
                if undone.lost:
                    (await self._loops.pool()).forget_idle()
            # Not for secrecy: so that two that met do not meet again.
            await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS * 2**attempt))  # noqa: S311
        raise AssertionError("unreachable")

    def run(self, coroutine_of: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine that uses this database, from a thread without an event loop.

        It runs on the loop of one thread for all callers, with connections of its own:
        `database.run(lambda: database.fetch_one("SELECT 1"))`. The caller's thread waits.
        """
        return self._loops.run(coroutine_of)

    def close(self) -> None:
        """Close all connections; what runs on them fails. Calling it again does nothing."""
        self._loops.close()

    async def _migrated(self) -> None:
        async with (await self._loops.pool()).connection() as connection:
            with self._told:
                await migrate(connection)

    async def _read(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        """Ask, and once more when the connection had been lost before, as by a restart."""
        pool = await self._loops.pool()
        with self._told:
            try:
                async with pool.connection() as connection:
                    return await self._asked(connection, ask)
            except Exception as error:
                if not is_lost(error):
                    raise
            pool.forget_idle()
            async with pool.connection() as connection:
                return await self._asked(connection, ask)

    async def _asked(self, connection: Any, ask: Callable[[Any], Awaitable[T]]) -> T:
        if self._address.statement_cache_size:
            return await ask(connection)
        # A statement is prepared in one message and run in the next; a pooler gives both the same
        # session only within a transaction.
        async with connection.transaction(readonly=True):
            return await ask(connection)

    async def _transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        pool = await self._loops.pool()
        async with pool.connection() as connection:
            with self._told:
                try:
                    await connection.execute(self._begin)
                    outcome = await work(connection)
                except BaseException as error:
                    await _roll_back(connection, error)
                    if isinstance(error, TryAgain) or is_transient(error) or is_lost(error):
                        raise _Undone(error) from error
                    if is_read_only(error):
                        # Another server may have become the primary.
                        pool.forget_idle()
                        connection.terminate()
                    raise
                await self._commit(connection)
            return outcome

    async def _commit(self, connection: Any) -> None:
        try:
            tag = await connection.execute("COMMIT")
        except Exception as error:
            if is_transient(error):
                raise _Undone(error) from error
            if is_lost(error) or isinstance(error, TimeoutError):
                raise StorageFailed(
                    f"the connection to the database {self._address.shown} was lost during a "
                    "commit, so whether it took effect is not known; it was not acknowledged"
                ) from error
            raise
        if tag != "COMMIT":
            # The work went on after one of its statements had failed.
            raise StorageFailed(f"the database {self._address.shown} undid a write: {tag}")

    def _given_up(self, undone: _Undone) -> BaseException:
        if undone.lost:
            return fault_of(undone.cause, self._address.shown) or undone.cause
        return StorageFailed(
            f"the database {self._address.shown} undid a write {self._bounds.attempts} times "
            "because of others at the same time; look for locks and for load in pg_stat_activity"
        )


class _Undone(Exception):
    """A transaction of which nothing remains, and which may be begun again."""

    def __init__(self, cause: BaseException) -> None:
        self.cause = cause
        self.lost = not isinstance(cause, TryAgain) and is_lost(cause)
        super().__init__(str(cause))


async def _roll_back(connection: Any, error: BaseException) -> None:
    """Undo; a connection that cannot, or whose statement was abandoned, is left to be closed.

    Whereupon the server undoes.
    """
    if connection.is_closed() or isinstance(error, TimeoutError | asyncio.CancelledError):
        return
    try:
        await connection.execute("ROLLBACK")
    except Exception:  # noqa: BLE001 - the first failure is the one to tell
        connection.terminate()


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
