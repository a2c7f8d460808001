"""The ledger's rows in PostgreSQL: what changed, and how a change makes a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pratique.admission import LedgerMoved, Row
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import Connection, count_of
from pratique.storage.metadata.postgres.law_line import CHANNEL
from pratique.storage.metadata.postgres.staged_rows import Batch

AT_ONCE: Final = 1000
_FETCHED_AT_ONCE: Final = 2000
_MARKS_KEPT: Final = 10_000

# One row more than there are changes to tell of at least: one, without a kind.
NEWS: Final = (
    "SELECT v.version, n.mark::text, b.mark::text, l.kind, l.key, l.body, l.version "  # noqa: S608 - constants
    "FROM ledger_version AS v LEFT JOIN law_marks AS n ON n.version = v.version "
    "LEFT JOIN law_marks AS b ON b.version = $1 LEFT JOIN ledger AS l ON l.version > $1 "
    f"LIMIT {AT_ONCE + 1}"
)
# Takes no arguments by its nature; the number is put in as a number.
_ALL_SINCE: Final = (
    "DECLARE law NO SCROLL CURSOR FOR SELECT v.version, l.kind, l.key, l.body, l.version "
    "FROM ledger_version AS v LEFT JOIN ledger AS l ON l.version > {since:d}"
)
_FETCH: Final = f"FETCH {_FETCHED_AT_ONCE} FROM law"
_MARK: Final = "SELECT mark::text FROM law_marks WHERE version = $1"
_ADVANCE: Final = "UPDATE ledger_version SET version = version + 1 WHERE version = $1"
_PUT: Final = (
    "INSERT INTO ledger (kind, key, body, version) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, version = excluded.version"
)
_PUT_MARK: Final = (
    "INSERT INTO law_marks (version, mark) VALUES ($1, gen_random_uuid()) "
    "ON CONFLICT (version) DO UPDATE SET mark = excluded.mark"
)
_DROP_MARKS: Final = "DELETE FROM law_marks WHERE version <= $1"


@dataclass(frozen=True, slots=True)
class Point:
    """A version, and the mark that tells it from the same number in another history."""

    version: int
    mark: str | None


async def all_since(database: PostgresDatabase, since: int) -> tuple[Point, Batch]:
    """The present point and all rows after version `since`, of one moment.

    Raises:
        StorageFailed: the database could not be read.
    """

    async def work(connection: Connection) -> tuple[Point, Batch]:
        batch = Batch(0)
        await connection.execute(_ALL_SINCE.format(since=since))
        while rows := await connection.fetch(_FETCH):
            batch.upto = rows[0][0]
            batch.add([tuple(row[1:]) for row in rows if row[1] is not None])
        mark = await connection.fetchval(_MARK, batch.upto)
        return Point(batch.upto, mark), batch

    return await database.write(work)


async def append(connection: Connection, expected: int, rows: Sequence[Row]) -> int:
    """Let `rows` make the version after `expected`, and tell whoever listens; the new version.

    Raises:
        LedgerMoved: the present version is another.
    """
    # Whoever comes second waits for the first and then finds another version.
    if count_of(await connection.execute(_ADVANCE, expected)) == 0:
        raise LedgerMoved(f"the ledger is not at version {expected} any more")
    version = expected + 1
    await connection.executemany(
        _PUT,
        [
            (row.kind, row.key, None if row.body is None else row.body.decode(), version)
            for row in rows
        ],
    )
    await connection.execute(_PUT_MARK, version)
    await connection.execute(_DROP_MARKS, version - _MARKS_KEPT)
    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, str(version))
    return version
