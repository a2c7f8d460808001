"""Links between repositories and blobs in SQLite."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from pratique.naming import Digest, RepositoryName
from pratique.registry.locks import closed
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.rows import repository as repository_of
from pratique.storage.metadata.rows import to_micros
from pratique.storage.metadata.sqlite.database import Database
from pratique.storage.metadata.sqlite.locks import link_may_go, may_be_pushed
from pratique.storage.metadata.sqlite.remembered import RememberedRows

_ROOM_FOR_SIZES: Final = 2 * 1024 * 1024
_PUT_BLOB: Final = """
    INSERT INTO blobs (digest, size, created_at) VALUES ($1, $2, $3)
    ON CONFLICT (digest) DO NOTHING
"""


class SqliteBlobLinks:
    """The port `BlobLinks`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sizes = RememberedRows[int](database.commits, _ROOM_FOR_SIZES)

    async def size(self, repository: RepositoryName, digest: Digest) -> int | None:
        """See the port."""
        row = self._database.fetch_one(sql.BLOB_SIZE, {"1": repository, "2": digest.text})
        return None if row is None else int(row[0])

    async def size_to_read(self, repository: RepositoryName, digest: Digest) -> int | None:
        """See the port. One prepared SELECT at most."""
        key = (repository, digest.text)
        known = self._sizes.get(key)
        if known is not None:
            return known
        # Plain text binds a microsecond faster than a subclass of it.
        names = {"1": str(repository), "2": digest.text}
        row = self._database.fetch_one(sql.BLOB_SIZE_TO_READ, names)
        if row is None:
            return None
        if row[1]:
            raise closed(repository, None)
        size = int(row[0])
        self._sizes.keep(key, size)
        return size

    async def link(
        self, repository: RepositoryName, digest: Digest, size: int, at: datetime
    ) -> None:
        """See the port."""
        now = to_micros(at)

        def work(connection: sqlite3.Connection) -> None:
            may_be_pushed(connection, repository)
            connection.execute(_PUT_BLOB, {"1": digest.text, "2": size, "3": now})
            connection.execute(sql.PUT_LINK, {"1": repository, "2": digest.text, "3": now})

        await self._database.write(work)

    async def unlink(self, repository: RepositoryName, digest: Digest) -> bool:
        """See the port."""

        def work(connection: sqlite3.Connection) -> bool:
            gone = connection.execute(sql.FORGET_LINK, {"1": repository, "2": digest.text})
            if not gone.rowcount:
                return False
            link_may_go(connection, repository, digest)
            return True

        return await self._database.write(work)

    async def renew(
        self, repository: RepositoryName, digest: Digest, at: datetime, older_than: datetime
    ) -> bool:
        """See the port."""
        key = {"1": repository, "2": digest.text}
        row = self._database.fetch_one(sql.LINKED_AT, key)
        if row is None or row[0] >= to_micros(older_than):
            return row is not None
        now = to_micros(at)

        def work(connection: sqlite3.Connection) -> bool:
            # Whether it is there still: collection may have come first.
            return connection.execute(sql.RENEW_LINK, {**key, "3": now}).rowcount > 0

        return await self._database.write(work)

    async def mount(
        self, target: RepositoryName, source: RepositoryName, digest: Digest, at: datetime
    ) -> bool:
        """See the port."""
        now = to_micros(at)

        def work(connection: sqlite3.Connection) -> bool:
            may_be_pushed(connection, target)
            found = connection.execute(sql.BLOB_SIZE_TO_READ, {"1": source, "2": digest.text})
            row = found.fetchone()
            if row is None or row[1]:
                return False
            connection.execute(sql.PUT_LINK, {"1": target, "2": digest.text, "3": now})
            return True

        return await self._database.write(work)

    async def holders(
        self, digest: Digest, limit: int, after: str = ""
    ) -> tuple[RepositoryName, ...]:
        """See the port."""
        rows = self._database.fetch_all(sql.HOLDERS, {"1": digest.text, "2": limit, "3": after})
        return tuple(repository_of(name) for (name,) in rows)
