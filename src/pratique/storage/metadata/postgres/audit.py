"""The audit log in PostgreSQL: one chain for all nodes.

Called from threads: each call waits for the database on the loop that serves threads. Who adds to
the chain holds the row of its head for as long, so nodes take turns and the chain never forks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from pratique.admission.audit import GENESIS, Entry, Extent, Head, Link, linked
from pratique.admission.audit.entries import decoded, microseconds
from pratique.admission.audit.log import PRUNED_AT_ONCE
from pratique.admission.audit.pruning import pruned_until, pruning, worth_adding
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import Connection, Row

_COLUMNS: Final = "seq, at, category, change_id, body, hash"
_ADD: Final = f"INSERT INTO audit ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)"  # noqa: S608 - constants
_HEAD: Final = "SELECT seq, hash FROM audit_head"
_HELD_HEAD: Final = f"{_HEAD} FOR UPDATE"
_ADVANCE: Final = "UPDATE audit_head SET seq = $1, hash = $2"
_KNOWN: Final = "SELECT change_id FROM audit WHERE change_id = ANY($1::text[])"
_LAST_PRUNING: Final = "SELECT body FROM audit WHERE category = 'pruned' ORDER BY seq DESC LIMIT 1"
_LINKS: Final = f"SELECT {_COLUMNS} FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2"  # noqa: S608
_NEWEST: Final = (
    f"SELECT {_COLUMNS} FROM audit WHERE ($2::bigint IS NULL OR seq < $2) "  # noqa: S608 - constants
    "AND ($3::text IS NULL OR category = $3) ORDER BY seq DESC LIMIT $1"
)
_OLDEST: Final = "SELECT seq, at, hash FROM audit ORDER BY seq LIMIT $1"
_REMOVE: Final = "DELETE FROM audit WHERE seq <= $1"


class PostgresAuditLog:
    """Keeps the promises of `pratique.admission.audit.AuditLog`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    def append(self, entries: Sequence[Entry]) -> Head:
        """Add them at the end, in one transaction."""

        async def work(connection: Connection) -> Head:
            head = await _held_head(connection)
            changes = [entry.entry_id for entry in entries if entry.category == "change"]
            known: set[str | None] = set()
            until = None
            if changes:
                known = {row[0] for row in await connection.fetch(_KNOWN, changes)}
                until = pruned_until(await _last_pruning(connection))
            return await _add(connection, head, worth_adding(entries, known, until))

        return self._database.run(lambda: self._database.write(work))

    def extent(self) -> Extent:
        """From where to where it goes."""

        async def work(connection: Connection) -> Extent:
            head = await connection.fetchrow(_HEAD)
            return Extent(_base(await _last_pruning(connection)), _head(head))

        return self._database.run(lambda: self._database.write(work))

    def links(self, *, after: int, limit: int) -> tuple[Link, ...]:
        """The entries beyond a sequence number."""
        return self._found(_LINKS, after, max(0, limit))

    def newest(self, *, limit: int, below: int | None, category: str | None) -> tuple[Link, ...]:
        """The newest entries first."""
        return self._found(_NEWEST, max(0, limit), below, category)

    def prune(self, *, before: datetime, entry_id: str, at: datetime) -> int:
        """Remove the oldest entries."""
        limit = microseconds(before)

        async def work(connection: Connection) -> int:
            head = await _held_head(connection)
            oldest = (await connection.fetch(_OLDEST, PRUNED_AT_ONCE + 1))[:-1]
            count = next((n for n, row in enumerate(oldest) if row[1] >= limit), len(oldest))
            if count == 0:
                return 0
            through, _, last_hash = oldest[count - 1]
            told = pruning(Head(through, last_hash), count, before=before, entry_id=entry_id, at=at)
            await _add(connection, head, [told])
            await connection.execute(_REMOVE, through)
            return count

        return self._database.run(lambda: self._database.write(work))

    def _found(self, statement: str, *arguments: object) -> tuple[Link, ...]:
        rows = self._database.run(lambda: self._database.fetch_all(statement, *arguments))
        return tuple(Link(*row) for row in rows)


async def _held_head(connection: Connection) -> Head:
    """The head, which nobody else moves before this transaction ends.

    One that somebody deleted is made anew: what is missing, `verify` says.
    """
    row = await connection.fetchrow(_HELD_HEAD)
    if row is None:
        await connection.execute(
            "INSERT INTO audit_head (one, seq, hash) SELECT 1, seq, hash FROM "
            "(SELECT seq, hash FROM audit UNION ALL SELECT $1, $2) AS links "
            "ORDER BY seq DESC LIMIT 1 ON CONFLICT DO NOTHING",
            GENESIS.seq,
            GENESIS.hash,
        )
        row = await connection.fetchrow(_HELD_HEAD)
    return _head(row)


async def _add(connection: Connection, head: Head, entries: Sequence[Entry]) -> Head:
    links = linked(head, entries)
    if not links:
        return head
    await connection.executemany(_ADD, links)
    await connection.execute(_ADVANCE, links[-1].seq, links[-1].hash)
    return links[-1].head


async def _last_pruning(connection: Connection) -> Entry | None:
    """The entry that tells of the last pruning; one that cannot be read counts as none.

    It was not written so, which `verify` will say, and keeps nothing from being written now.
    """
    body = await connection.fetchval(_LAST_PRUNING)
    try:
        return None if body is None else decoded(body)
    except msgspec.DecodeError:
        return None


def _base(last: Entry | None) -> Head:
    try:
        return GENESIS if last is None else Head(last.through, bytes.fromhex(last.through_hash))
    except ValueError:
        return GENESIS


def _head(row: Row | None) -> Head:
    return GENESIS if row is None else Head(row[0], row[1])
