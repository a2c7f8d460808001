"""Where a registry's blobs are, in SQLite, and their move."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable
from typing import Final

from pratique.registry.backup.ports import BlobSize
from pratique.registry.blob_moves import BlobKind, BlobsAt, Extent
from pratique.storage.metadata import blob_home as sql
from pratique.storage.metadata.sqlite.database import Database

_LINKS_FENCE: Final = f"""
    CREATE TRIGGER IF NOT EXISTS {sql.LINKS_FENCE} BEFORE INSERT ON repository_blobs
    WHEN NOT EXISTS (SELECT 1 FROM blob_objects WHERE digest = NEW.digest)
    BEGIN SELECT RAISE(ABORT, '{sql.LINKS_WORDS}'); END
"""  # noqa: S608 - constants
_EVENTS: Final = ("INSERT", "UPDATE", "DELETE")
_PLACES_FENCES: Final = tuple(
    f"CREATE TRIGGER IF NOT EXISTS {sql.PLACES_FENCE}_{event} BEFORE {event} ON blob_objects "
    f"BEGIN SELECT RAISE(ABORT, '{sql.PLACES_WORDS}'); END"
    for event in _EVENTS
)
_FENCES: Final = {BlobKind.OBJECTS: (_LINKS_FENCE,), BlobKind.FILES: _PLACES_FENCES}
_UNFENCES: Final = {
    BlobKind.OBJECTS: (f"DROP TRIGGER IF EXISTS {sql.LINKS_FENCE}",),
    BlobKind.FILES: tuple(
        f"DROP TRIGGER IF EXISTS {sql.PLACES_FENCE}_{event}" for event in _EVENTS
    ),
}


def blobs_at(database: Database) -> BlobsAt | None:
    """Where the blobs are; None where nothing says it.

    Raises:
        StorageFailed: the database could not be read.
    """
    return sql.blobs_at(
        database.fetch_one(sql.HOME, {}),
        any_object=database.fetch_one(sql.ANY_OBJECT, {}) is not None,
    )


class SqliteBlobHome:
    """The port `BlobHome`.

    Args:
        database: with the rows.
        to: where the blobs go, or where those that are to be files are.
    """

    def __init__(self, database: Database, to: BlobsAt) -> None:
        self._database = database
        self._to = to

    async def begin(self) -> Extent:
        """See the port."""
        before = sql.before(self._to)

        def work(connection: sqlite3.Connection) -> None:
            at = _read(connection)
            unplaced = connection.execute(sql.UNPLACED, {"1": "", "2": 1}).fetchone()
            sql.refuse_moved(at, self._to, any_unplaced=unplaced is not None)
            # An earlier move that broke off may have left it.
            _run(connection, _UNFENCES[self._to.kind])
            if self._to.kind is BlobKind.OBJECTS:
                # What an earlier move to files has left.
                _run(connection, _UNFENCES[BlobKind.FILES])
                if at != before:
                    # It tells of other objects.
                    connection.execute(sql.FORGET_OBJECTS)
            _keep(connection, before)

        await self._database.write(work)
        return sql.extent_of(self._database.fetch_one(sql.EXTENT, {}))

    async def every(self) -> AsyncIterator[BlobSize]:
        """See the port."""
        for statement in (sql.PLACED, sql.UNPLACED):
            async for blob in self._listed(statement):
                yield blob

    async def rest(self) -> AsyncIterator[BlobSize]:
        """See the port. What has an object was moved, where that is what blobs become."""
        every = self.every() if self._to.kind is BlobKind.FILES else self._listed(sql.UNPLACED)
        async for blob in every:
            yield blob

    async def close(self) -> None:
        """See the port."""
        await self._database.write(lambda connection: _run(connection, _FENCES[self._to.kind]))

    async def reopen(self) -> None:
        """See the port."""

        def work(connection: sqlite3.Connection) -> None:
            at = _read(connection)
            if at is not None and at.kind is not self._to.kind:
                _run(connection, _UNFENCES[self._to.kind])

        await self._database.write(work)

    async def finish(self) -> None:
        """See the port."""

        def work(connection: sqlite3.Connection) -> None:
            left = connection.execute(sql.UNPLACED, {"1": "", "2": 1}).fetchone()
            if left is not None:
                raise sql.incomplete(left[0])
            _keep(connection, self._to)
            if self._to.kind is BlobKind.FILES:
                # Files may be linked again that are no objects.
                _run(connection, _UNFENCES[BlobKind.OBJECTS])

        await self._database.write(work)

    async def _listed(self, statement: str) -> AsyncIterator[BlobSize]:
        last = ""
        while rows := self._database.fetch_all(statement, {"1": last, "2": sql.STEP}):
            for blob in sql.sizes_of(rows):
                yield blob
            last = rows[-1][0]


def _read(connection: sqlite3.Connection) -> BlobsAt | None:
    return sql.blobs_at(
        connection.execute(sql.HOME).fetchone(),
        any_object=connection.execute(sql.ANY_OBJECT).fetchone() is not None,
    )


def _keep(connection: sqlite3.Connection, at: BlobsAt) -> None:
    connection.execute(sql.KEEP_HOME, {"1": at.kind, "2": at.address})


def _run(connection: sqlite3.Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(statement)
