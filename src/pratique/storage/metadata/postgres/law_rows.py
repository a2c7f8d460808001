"""The ledger's rows in PostgreSQL: what changed, and how a change makes a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pratique.admission import LedgerMoved, Row
from pratique.registry.errors import StorageFailed
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import Connection, count_of
from pratique.storage.metadata.postgres.driver import Row as DatabaseRow
from pratique.storage.metadata.postgres.law_line import CHANNEL
from pratique.storage.metadata.postgres.staged_rows import Batch

AT_ONCE: Final = 1000
_FETCHED_AT_ONCE: Final = 2000
_MARKS_KEPT: Final = 10_000

# One row more than there are changes to tell of at least: one, without a kind.
NEWS: Final = (
    "SELECT pg_is_in_recovery(), v.version, n.mark::text, b.mark::text, "  # noqa: S608 - constants
    "l.kind, l.key, l.body, l.version "
    "FROM ledger_version AS v LEFT JOIN law_marks AS n ON n.version = v.version "
    "LEFT JOIN law_marks AS b ON b.version = $1 LEFT JOIN ledger AS l ON l.version > $1 "
    f"LIMIT {AT_ONCE + 1}"
)
# Takes no arguments by its nature; the numbers are put in as numbers. One row tells of the version:
# another statement would see another moment, and after a restore another history.
_ALL_SINCE: Final = (
    "DECLARE law NO SCROLL CURSOR FOR SELECT pg_is_in_recovery(), v.version, n.mark::text, "
    "b.mark::text, NULL, NULL, NULL, NULL::bigint FROM ledger_version AS v "
    "LEFT JOIN law_marks AS n ON n.version = v.version "
    "LEFT JOIN law_marks AS b ON b.version = {known:d} UNION ALL "
    "SELECT NULL, NULL, NULL, NULL, kind, key, body, version FROM ledger WHERE version > {since:d}"
)
_FETCH: Final = f"FETCH {_FETCHED_AT_ONCE} FROM law"
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


@dataclass(frozen=True, slots=True)
class News:
    """What the database says of the time after a version, all of one moment.

    Attributes:
        newest: the present point.
        mark_then: of the version that the reader has; None where there is none.
        batch: what changed.
        whole: whether that is everything.
    """

    newest: Point
    mark_then: str | None
    batch: Batch
    whole: bool = True

    def goes_on_from(self, known: Point) -> bool:
        """Whether that point is in this history: no older state was put in its place."""
        return self.newest.version >= known.version and self.mark_then == known.mark


def news(found: Sequence[DatabaseRow]) -> News:
    """What the rows that `NEWS` finds say.

    Raises:
        StorageFailed: they are a standby's, or there is no version.
    """
    newest, mark_then = _told(found[0] if found else None)
    batch = Batch(newest.version)
    batch.add([tuple(row[4:]) for row in found if row[4] is not None])
    return News(newest, mark_then, batch, whole=len(found) <= AT_ONCE)


async def all_since(database: PostgresDatabase, since: int, known: int | None = None) -> News:
    """All rows after version `since`.

    Args:
        database: where they are.
        since: 0 for everything.
        known: the version that the reader has, if that is another.

    Raises:
        StorageFailed: the database could not be read, or is a standby.
    """

    async def work(connection: Connection) -> News:
        statement = _ALL_SINCE.format(since=since, known=since if known is None else known)
        await connection.execute(statement)
        batch, told = Batch(0), None
        while rows := await connection.fetch(_FETCH):
            told = next((row for row in rows if row[0] is not None), told)
            batch.add([tuple(row[4:]) for row in rows if row[4] is not None])
        newest, mark_then = _told(told)
        batch.upto = newest.version
        return News(newest, mark_then, batch)

    return await database.write(work)


def _told(row: DatabaseRow | None) -> tuple[Point, str | None]:
    """The present point and the mark of then, as the first columns tell them.

    A standby lags, and would confirm an old law for as long as it does.
    """
    if row is None:
        raise StorageFailed("the table `ledger_version` is empty; restore the database")
    in_recovery, version, mark, mark_then = row[:4]
    if in_recovery:
        raise StorageFailed(
            "the database is a standby, whose law may be old; name the primary, or add "
            "`target_session_attrs=read-write` to the URL that lists all servers"
        )
    return Point(version, mark), mark_then


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
