"""Links between repositories and blobs in PostgreSQL.

A link locks its blob's row against deletion, as foreign keys do, until it is committed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pratique.naming import Digest, RepositoryName
from pratique.registry.locks import closed
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.postgres.database import PostgresDatabase, TryAgain
from pratique.storage.metadata.postgres.driver import Connection, count_of
from pratique.storage.metadata.postgres.faults import is_without_parent
from pratique.storage.metadata.postgres.locks import SHARE_REPOSITORY, link_may_go, may_be_pushed
from pratique.storage.metadata.rows import repository as repository_of
from pratique.storage.metadata.rows import to_micros

# One round trip. The foreign key is checked at the end of the whole statement.
# The repository's row, where there is one, is shared, as in `may_be_pushed`.
_PUT_BLOB_AND_LINK: Final = f"""
    WITH held AS ({SHARE_REPOSITORY}), blob AS (
        INSERT INTO blobs (digest, size, created_at) VALUES ($2, $4, $3)
        ON CONFLICT (digest) DO NOTHING)
    INSERT INTO repository_blobs (repository, digest, linked_at)
    SELECT $1::text, $2::text, $3::bigint
    WHERE NOT EXISTS (SELECT 1 FROM held WHERE (locks & 2) <> 0)
    ON CONFLICT (repository, digest) DO UPDATE SET linked_at = excluded.linked_at
"""  # noqa: S608 - constants
_LOCK_LINK: Final = """
    SELECT (SELECT locks & 8 FROM repositories WHERE name = $1) FROM repository_blobs
    WHERE repository = $1 AND digest = $2 FOR KEY SHARE
"""


class PostgresBlobLinks:
    """The port `BlobLinks`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def size(self, repository: RepositoryName, digest: Digest) -> int | None:
        """See the port. One round trip."""
        row = await self._database.fetch_one(sql.BLOB_SIZE, repository, digest.text)
        return None if row is None else int(row[0])

    async def size_to_read(self, repository: RepositoryName, digest: Digest) -> int | None:
        """See the port. One round trip."""
        row = await self._database.fetch_one(sql.BLOB_SIZE_TO_READ, repository, digest.text)
        if row is not None and row[1]:
            raise closed(repository, None)
        return None if row is None else int(row[0])

    async def link(
        self, repository: RepositoryName, digest: Digest, size: int, at: datetime
    ) -> None:
        """See the port."""
        now = to_micros(at)

        async def work(connection: Connection) -> None:
            try:
                linked = await connection.execute(
                    _PUT_BLOB_AND_LINK, repository, digest.text, now, size
                )
            except Exception as error:
                if is_without_parent(error):
                    # The blob's row was there, and collection forgot it before the link was made.
                    raise TryAgain from error
                raise
            if not count_of(linked):
                await may_be_pushed(connection, repository)
                # It was unlocked just now.
                raise TryAgain

        await self._database.write(work)

    async def unlink(self, repository: RepositoryName, digest: Digest) -> bool:
        """See the port."""

        async def work(connection: Connection) -> bool:
            gone = await connection.execute(sql.FORGET_LINK, repository, digest.text)
            if not count_of(gone):
                return False
            await link_may_go(connection, repository, digest)
            return True

        return await self._database.write(work)

    async def renew(
        self, repository: RepositoryName, digest: Digest, at: datetime, older_than: datetime
    ) -> bool:
        """See the port."""
        row = await self._database.fetch_one(sql.LINKED_AT, repository, digest.text)
        if row is None or row[0] >= to_micros(older_than):
            return row is not None
        now = to_micros(at)

        async def work(connection: Connection) -> bool:
            # Whether it is there still: collection may have come first.
            renewed = await connection.execute(sql.RENEW_LINK, repository, digest.text, now)
            return count_of(renewed) > 0

        return await self._database.write(work)

    async def mount(
        self, target: RepositoryName, source: RepositoryName, digest: Digest, at: datetime
    ) -> bool:
        """See the port."""
        now = to_micros(at)

        async def work(connection: Connection) -> bool:
            await may_be_pushed(connection, target)
            row = await connection.fetchrow(_LOCK_LINK, source, digest.text)
            if row is None or row[0]:
                return False
            await connection.execute(sql.PUT_LINK, target, digest.text, now)
            return True

        return await self._database.write(work)

    async def holders(
        self, digest: Digest, limit: int, after: str = ""
    ) -> tuple[RepositoryName, ...]:
        """See the port."""
        rows = await self._database.fetch_all(sql.HOLDERS, digest.text, limit, after)
        return tuple(repository_of(name) for (name,) in rows)
