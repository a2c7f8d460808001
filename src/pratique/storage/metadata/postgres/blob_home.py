"""Where a registry's blobs are, in PostgreSQL, and their move.

Making a trigger waits for all transactions that write to its table, so that what they have written
shows to whatever is asked afterwards.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from pratique.registry.backup.ports import BlobSize
from pratique.registry.blob_moves import BlobKind, BlobsAt, Extent
from pratique.storage.metadata import blob_home as sql
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import Connection
from pratique.storage.metadata.postgres.faults import FROZEN as CODE

# The place is locked, so that collection cannot drop it before the link is committed. Places are
# locked before blobs everywhere.
_LINKS_FUNCTION: Final = f"""
    CREATE OR REPLACE FUNCTION {sql.LINKS_FENCE}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM blob_objects WHERE digest = NEW.digest FOR KEY SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION '{sql.LINKS_WORDS}' USING ERRCODE = '{CODE}';
        END IF;
        RETURN NEW;
    END $$
"""
_PLACES_FUNCTION: Final = f"""
    CREATE OR REPLACE FUNCTION {sql.PLACES_FENCE}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{sql.PLACES_WORDS}' USING ERRCODE = '{CODE}'; END $$
"""
_LINKS_TRIGGER: Final = (
    f"CREATE OR REPLACE TRIGGER {sql.LINKS_FENCE} BEFORE INSERT ON repository_blobs "
    f"FOR EACH ROW EXECUTE FUNCTION {sql.LINKS_FENCE}()"
)
_PLACES_TRIGGER: Final = (
    f"CREATE OR REPLACE TRIGGER {sql.PLACES_FENCE} "
    "BEFORE INSERT OR UPDATE OR DELETE ON blob_objects "
    f"FOR EACH STATEMENT EXECUTE FUNCTION {sql.PLACES_FENCE}()"
)
_FENCES: Final = {
    BlobKind.OBJECTS: (_LINKS_FUNCTION, _LINKS_TRIGGER),
    BlobKind.FILES: (_PLACES_FUNCTION, _PLACES_TRIGGER),
}
_FENCE: Final = {
    BlobKind.OBJECTS: (sql.LINKS_FENCE, "repository_blobs"),
    BlobKind.FILES: (sql.PLACES_FENCE, "blob_objects"),
}
_IS_FENCED: Final = "SELECT 1 FROM pg_trigger WHERE tgname = $1 AND tgrelid = $2::text::regclass"
# A move and its end come one after the other, also where a commit was lost sight of.
_HOME_ALONE: Final = f"{sql.HOME} FOR UPDATE"


async def blobs_at(database: PostgresDatabase) -> BlobsAt | None:
    """Where the blobs are; None where nothing says it.

    Raises:
        StorageFailed: the database could not be read.
    """
    return sql.blobs_at(
        await database.fetch_one(sql.HOME),
        any_object=await database.fetch_one(sql.ANY_OBJECT) is not None,
    )


class PostgresBlobHome:
    """The port `BlobHome`.

    Args:
        database: with the rows.
        to: where the blobs go, or where those that are to be files are.
    """

    def __init__(self, database: PostgresDatabase, to: BlobsAt) -> None:
        self._database = database
        self._to = to

    async def begin(self) -> Extent:
        """See the port."""
        before = sql.before(self._to)

        async def work(connection: Connection) -> None:
            at = await _read(connection)
            unplaced = await connection.fetchrow(sql.UNPLACED, "", 1)
            sql.refuse_moved(at, self._to, any_unplaced=unplaced is not None)
            # An earlier move that broke off may have left it.
            await _unfence(connection, self._to.kind)
            if self._to.kind is BlobKind.OBJECTS:
                # What an earlier move to files has left.
                await _unfence(connection, BlobKind.FILES)
                if at != before:
                    # It tells of other objects.
                    await connection.execute(sql.FORGET_OBJECTS)
            await connection.execute(sql.KEEP_HOME, before.kind, before.address)

        await self._database.write(work)
        return sql.extent_of(await self._database.fetch_one(sql.EXTENT))

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

        async def work(connection: Connection) -> None:
            for statement in _FENCES[self._to.kind]:
                await connection.execute(statement)

        await self._database.write(work)

    async def reopen(self) -> None:
        """See the port."""

        async def work(connection: Connection) -> None:
            at = await _read(connection)
            if at is not None and at.kind is not self._to.kind:
                await _unfence(connection, self._to.kind)

        await self._database.write(work)

    async def finish(self) -> None:
        """See the port."""

        async def work(connection: Connection) -> None:
            await _read(connection)
            left = await connection.fetchrow(sql.UNPLACED, "", 1)
            if left is not None:
                raise sql.incomplete(left[0])
            await connection.execute(sql.KEEP_HOME, self._to.kind, self._to.address)
            if self._to.kind is BlobKind.FILES:
                # Files may be linked again that are no objects.
                await _unfence(connection, BlobKind.OBJECTS)

        await self._database.write(work)

    async def _listed(self, statement: str) -> AsyncIterator[BlobSize]:
        last = ""
        while rows := await self._database.fetch_all(statement, last, sql.STEP):
            for blob in sql.sizes_of(rows):
                yield blob
            last = rows[-1][0]


async def _read(connection: Connection) -> BlobsAt | None:
    return sql.blobs_at(
        await connection.fetchrow(_HOME_ALONE),
        any_object=await connection.fetchrow(sql.ANY_OBJECT) is not None,
    )


async def _unfence(connection: Connection, kind: BlobKind) -> None:
    """Drop a trigger that is there; to drop one that is not would keep all readers waiting too."""
    name, table = _FENCE[kind]
    if await connection.fetchrow(_IS_FENCED, name, table) is not None:
        await connection.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
