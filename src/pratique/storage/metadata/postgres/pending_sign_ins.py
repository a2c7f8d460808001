"""Sign-ins on their way in PostgreSQL, so that a sign-in may go on at another node.

The table is not logged: a crash of the server empties it, and who was signing in begins again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, TypeVar

from pratique.admission.pending_sign_ins import IN_ALL, PER_OWNER, NotKept, Pending
from pratique.registry.errors import StorageFailed, StorageFull
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import Connection, count_of
from pratique.storage.metadata.rows import to_micros

T = TypeVar("T")

# What another is deleting just now is left to it.
_SWEEP: Final = (
    "DELETE FROM pending_sign_ins WHERE (kind, key) IN (SELECT kind, key FROM pending_sign_ins "
    "WHERE until <= $1 ORDER BY until LIMIT 1000 FOR UPDATE SKIP LOCKED)"
)
# Those of one owner come one after the other, or together they would go over the limit.
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
OWNED: Final = "SELECT count(*) FROM pending_sign_ins WHERE kind = $1 AND owner = $2 AND until > $3"
_ALIKE: Final = "SELECT count(*) FROM pending_sign_ins WHERE kind = $1"
_KEEP: Final = (
    "INSERT INTO pending_sign_ins (kind, key, body, owner, until) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, owner = excluded.owner, "
    "until = excluded.until WHERE pending_sign_ins.until <= $6"
)
FIND: Final = "SELECT body FROM pending_sign_ins WHERE kind = $1 AND key = $2 AND until > $3"
_TAKE: Final = (
    "DELETE FROM pending_sign_ins WHERE kind = $1 AND key = $2 AND until > $3 RETURNING body"
)
_REPLACE: Final = "UPDATE pending_sign_ins SET body = $4 WHERE kind = $1 AND key = $2 AND body = $3"
_LOOKED_EVERY_MICROSECONDS: Final = 1_000_000


class PostgresPendingSignIns:
    """Keeps the promises of `pratique.admission.pending_sign_ins.PendingSignIns`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._swept_at = 0
        # How many there are of a kind, and when that was looked at: a look at a hundred thousand
        # for each would let a flood of strangers occupy the database.
        self._alike: dict[str, tuple[int, int]] = {}

    async def keep(self, pending: Pending, at: datetime) -> bool:
        """Keep a thing, unless its key is taken; forget what has ended."""
        now, until = to_micros(at), to_micros(pending.until)
        await self._sweep(now)
        full = await self._is_full(pending.kind, now)

        async def work(connection: Connection) -> bool:
            await connection.execute(_TURN, f"{pending.kind} {pending.owner}")
            owned = await connection.fetchval(OWNED, pending.kind, pending.owner, now)
            if full or owned >= PER_OWNER:
                if await connection.fetchval(FIND, pending.kind, pending.key, now) is not None:
                    return False
                raise NotKept("too many sign-ins are on their way; try again in some minutes")
            values = (pending.kind, pending.key, pending.body, pending.owner, until, now)
            return count_of(await connection.execute(_KEEP, *values)) == 1

        kept = await self._write(work)
        if kept:
            looked_at, count = self._alike[pending.kind]
            self._alike[pending.kind] = (looked_at, count + 1)
        return kept

    async def find(self, kind: str, key: str, at: datetime) -> bytes | None:
        """The body of what is not yet forgotten.

        Raises:
            StorageFailed: the database cannot be read.
        """
        row = await self._database.fetch_one(FIND, kind, key, to_micros(at))
        return None if row is None else bytes(row[0])

    async def take(self, kind: str, key: str, at: datetime) -> bytes | None:
        """The body, which is gone with this."""
        now = to_micros(at)

        async def work(connection: Connection) -> bytes | None:
            body: bytes | None = await connection.fetchval(_TAKE, kind, key, now)
            return body

        return await self._write(work)

    async def replace(self, kind: str, key: str, before: bytes, after: bytes) -> bool:
        """Let the body be `after` if it is still `before`."""

        async def work(connection: Connection) -> bool:
            return count_of(await connection.execute(_REPLACE, kind, key, before, after)) == 1

        return await self._write(work)

    async def _is_full(self, kind: str, now: int) -> bool:
        looked_at, count = self._alike.get(kind, (0, 0))
        if abs(now - looked_at) >= _LOOKED_EVERY_MICROSECONDS:
            row = await self._database.fetch_one(_ALIKE, kind)
            count = 0 if row is None else row[0]
            self._alike[kind] = (now, count)
        return count >= IN_ALL

    async def _sweep(self, now: int) -> None:
        if abs(now - self._swept_at) < _LOOKED_EVERY_MICROSECONDS:
            return
        self._swept_at = now

        async def work(connection: Connection) -> None:
            await connection.execute(_SWEEP, now)

        await self._write(work)

    async def _write(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        try:
            return await self._database.write(work)
        except (StorageFull, StorageFailed) as error:
            raise NotKept("sign-ins cannot be written down now; try again later") from error
