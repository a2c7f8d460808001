"""The audit log in PostgreSQL: one chain for all nodes.

Called from threads: each call waits for the database on the loop that serves threads. Who adds to
the chain holds the row of its head for as long, so nodes take turns and the chain never forks.

Where the connection breaks during a commit, the outcome is not known and the call fails; whoever
tries again may write an entry twice. Of a change there is one entry all the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from pratique.admission.audit import GENESIS, Entry, Extent, Head, Link, linked
from pratique.admission.audit.entries import decoded, microseconds
from pratique.admission.audit.log import PRUNED_AT_ONCE
from pratique.admission.audit.pruning import pruned_until, pruning, worth_adding
from pratique.registry.errors import StorageFailed
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import Connection, Row, driver

T = TypeVar("T")

_COLUMNS: Final = "seq, at, category, change_id, body, hash"
_ADD: Final = f"INSERT INTO audit ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)"  # noqa: S608 - constants
_HELD_HEAD: Final = "SELECT seq, hash FROM audit_head FOR UPDATE"
# Where somebody deleted the head, the last entry is the end.
_REMADE_HEAD: Final = (
    "INSERT INTO audit_head (one, seq, hash) SELECT 1, seq, hash FROM "
    "(SELECT seq, hash FROM audit UNION ALL SELECT $1, $2) AS links "
    "ORDER BY seq DESC LIMIT 1 ON CONFLICT DO NOTHING"
)
_ADVANCE: Final = "UPDATE audit_head SET seq = $1, hash = $2"
_KNOWN: Final = "SELECT change_id FROM audit WHERE change_id = ANY($1::text[])"
LAST_PRUNING: Final = "SELECT body FROM audit WHERE category = 'pruned' ORDER BY seq DESC LIMIT 1"
# One statement, as two would see two moments.
_EXTENT: Final = (
    f"SELECT ends.seq, ends.hash, ({LAST_PRUNING}) FROM "  # noqa: S608 - constants
    "((SELECT seq, hash, 2 AS rank FROM audit_head) UNION ALL "
    "(SELECT seq, hash, 1 FROM audit ORDER BY seq DESC LIMIT 1) UNION ALL "
    "(SELECT 0, NULL, 0)) AS ends ORDER BY ends.rank DESC LIMIT 1"
)
LINKS: Final = f"SELECT {_COLUMNS} FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2"  # noqa: S608
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

        return self._written(work)

    def extent(self) -> Extent:
        """From where to where it goes."""
        [(seq, hash_, pruning)] = self._rows(_EXTENT)
        head = GENESIS if hash_ is None else Head(seq, hash_)
        return Extent(_base(_read(pruning)), head)

    def links(self, *, after: int, limit: int) -> tuple[Link, ...]:
        """The entries beyond a sequence number."""
        return tuple(Link(*row) for row in self._rows(LINKS, after, max(0, limit)))

    def newest(self, *, limit: int, below: int | None, category: str | None) -> tuple[Link, ...]:
        """The newest entries first."""
        # Only conditions that hold, so that an index finds what is far down.
        wanted: list[object] = [max(0, limit)]
        conditions = ["true"]
        for condition, value in (("seq <", below), ("category =", category)):
            if value is not None:
                wanted.append(value)
                conditions.append(f"{condition} ${len(wanted)}")
        statement = (
            f"SELECT {_COLUMNS} FROM audit WHERE {' AND '.join(conditions)} "  # noqa: S608 - constants
            "ORDER BY seq DESC LIMIT $1"
        )
        return tuple(Link(*row) for row in self._rows(statement, *wanted))

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

        return self._written(work)

    def _rows(self, statement: str, *arguments: object) -> list[Row]:
        return self._database.run(lambda: self._database.fetch_all(statement, *arguments))

    def _written(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        try:
            return self._database.run(lambda: self._database.write(work))
        except driver().UniqueViolationError as error:
            raise StorageFailed(
                "the audit log's head is not at its end: somebody changed it past pratique; "
                "`pratique audit verify` says where"
            ) from error


async def _held_head(connection: Connection) -> Head:
    """The head, which nobody else moves before this transaction ends.

    One that somebody deleted is made anew: what is missing, `verify` says.
    """
    row = await connection.fetchrow(_HELD_HEAD)
    if row is None:
        await connection.execute(_REMADE_HEAD, GENESIS.seq, GENESIS.hash)
        row = await connection.fetchrow(_HELD_HEAD)
    return Head(row[0], row[1])


async def _add(connection: Connection, head: Head, entries: Sequence[Entry]) -> Head:
    links = linked(head, entries)
    if not links:
        return head
    await connection.executemany(_ADD, links)
    await connection.execute(_ADVANCE, links[-1].seq, links[-1].hash)
    return links[-1].head


async def _last_pruning(connection: Connection) -> Entry | None:
    return _read(await connection.fetchval(LAST_PRUNING))


def _read(pruning: bytes | None) -> Entry | None:
    """The entry that tells of the last pruning; one that cannot be read counts as none.

    It was not written so, which `verify` will say, and keeps nothing from being written now.
    """
    try:
        return None if pruning is None else decoded(pruning)
    except msgspec.DecodeError:
        return None


def _base(last: Entry | None) -> Head:
    try:
        return GENESIS if last is None else Head(last.through, bytes.fromhex(last.through_hash))
    except ValueError:
        return GENESIS
