"""Wrong sign-ins in PostgreSQL, counted for all nodes together.

The table is not logged: a crash of the server empties it. Keys are hashes, since people type
passwords where a name is expected, and any text can be typed. An attempt that cannot be written
down is not counted: the alternative would lock out everybody who belongs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from pratique.admission.attempts import FADE, Count, Standing
from pratique.registry.errors import StorageFailed, StorageFull
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import Connection
from pratique.storage.metadata.rows import from_micros, to_micros

READ: Final = (
    "SELECT kind, failures, last_at FROM attempts WHERE (kind = 'pair' AND key = $1) "
    "OR (kind = 'source' AND key = $2) OR (kind = 'account' AND key = $3) "
    "OR (kind = 'known' AND key = $1)"
)
# Always in this order, so that two of them wait for each other in one direction only.
_COUNT: Final = (
    "INSERT INTO attempts (kind, key, failures, last_at) VALUES "
    "('account', $3, 1, $4), ('pair', $1, 1, $4), ('source', $2, 1, $4) "
    "ON CONFLICT (kind, key) DO UPDATE SET last_at = excluded.last_at, "
    "failures = CASE WHEN attempts.last_at < $5 THEN 1 ELSE attempts.failures + 1 END"
)
_KNOW: Final = (
    "INSERT INTO attempts (kind, key, failures, last_at) VALUES ('known', $1, 0, $2) "
    "ON CONFLICT (kind, key) DO UPDATE SET last_at = excluded.last_at"
)
_FORGIVE: Final = "DELETE FROM attempts WHERE kind = 'pair' AND key = $1"
_SWEEP: Final = "DELETE FROM attempts WHERE kind <> 'known' AND last_at < $1"
_DROP_OLD_KNOWN: Final = (
    "DELETE FROM attempts WHERE kind = 'known' AND key IN (SELECT key FROM attempts "
    "WHERE kind = 'known' ORDER BY last_at DESC OFFSET $1)"
)
_SWEEP_EVERY: Final = 1000
_KNOWN_KEPT: Final = 100_000


class PostgresSignInAttempts:
    """Keeps the promises of `pratique.admission.SignInAttempts`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._since_sweep = 0

    async def standing(self, source: str, account: str, at: datetime) -> Standing:
        """The counts that have not faded.

        Raises:
            StorageFailed: the database cannot be read.
        """
        faded = to_micros(at - FADE)
        counts: dict[str, Count] = {}
        known = False
        for kind, failures, last_at in await self._database.fetch_all(
            READ, *_keys(source, account)
        ):
            if kind == "known":
                known = True
            elif last_at >= faded:
                counts[kind] = Count(failures, from_micros(last_at))
        return Standing(
            counts.get("pair", Count()),
            counts.get("source", Count()),
            counts.get("account", Count()),
            known,
        )

    async def failed(self, source: str, account: str, at: datetime) -> None:
        """Count one wrong attempt."""
        now, faded = to_micros(at), to_micros(at - FADE)
        keys = _keys(source, account)
        self._since_sweep += 1
        sweep = self._since_sweep >= _SWEEP_EVERY

        async def work(connection: Connection) -> None:
            await connection.execute(_COUNT, *keys, now, faded)

        async def sweeping(connection: Connection) -> None:
            await connection.execute(_SWEEP, faded)
            await connection.execute(_DROP_OLD_KNOWN, _KNOWN_KEPT)

        await self._write(work)
        if sweep:
            self._since_sweep = 0
            await self._write(sweeping)

    async def succeeded(self, source: str, account: str, at: datetime) -> None:
        """Remember the pair, and forgive it."""
        pair, now = _keys(source, account)[0], to_micros(at)

        async def work(connection: Connection) -> None:
            await connection.execute(_KNOW, pair, now)
            await connection.execute(_FORGIVE, pair)

        await self._write(work)

    async def _write(self, work: Callable[[Connection], Awaitable[None]]) -> None:
        with suppress(StorageFull, StorageFailed):
            await self._database.write(work)


def _keys(source: str, account: str) -> tuple[bytes, bytes, bytes]:
    """Of the pair, of the source and of the account."""
    # A space cannot stand in a source, so the two parts cannot be shifted into each other.
    return _key(f"{source} {account}"), _key(source), _key(account)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
