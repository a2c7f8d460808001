"""Single items and their locks in PostgreSQL."""

from __future__ import annotations

from typing import Final

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import ManifestFacts, TagFacts
from pratique.registry.locks import LockChange, Locks
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.facts import locks_of, manifest_facts, tag_facts
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import Connection, count_of
from pratique.storage.metadata.postgres.locks import LOCK_REPOSITORY
from pratique.storage.metadata.rows import tag

_EVERY: Final = ~0


class PostgresItems:
    """The port `Items`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def tag(self, repository: RepositoryName, tag: Tag) -> TagFacts | None:
        """See the port. One round trip."""
        row = await self._database.fetch_one(sql.TAG, repository, tag)
        return None if row is None else tag_facts(row)

    async def manifest(self, repository: RepositoryName, digest: Digest) -> ManifestFacts | None:
        """See the port."""
        row = await self._database.fetch_one(sql.MANIFEST, repository, digest.text)
        if row is None:
            return None
        tags = await self._database.fetch_all(
            sql.TAGS_OF_RANGE, repository, digest.text, digest.text
        )
        return manifest_facts(row, (tag(name) for _, name in tags))

    async def locks(self, repository: RepositoryName) -> Locks:
        """See the port. One round trip."""
        row = await self._database.fetch_one(sql.REPOSITORY_LOCKS, repository)
        return locks_of(0 if row is None else row[0])

    async def change_locks(
        self, repository: RepositoryName, item: Tag | Digest | None, change: LockChange
    ) -> bool:
        """See the port. Whoever is about to write under the locks as they were is waited for."""
        bits = (_EVERY & ~int(change.unlock), int(change.lock))

        async def work(connection: Connection) -> bool:
            await connection.execute(LOCK_REPOSITORY, repository)
            if item is None:
                changed = await connection.execute(sql.CHANGE_REPOSITORY, repository, *bits)
            elif isinstance(item, Digest):
                changed = await connection.execute(
                    sql.CHANGE_MANIFEST, repository, item.text, *bits
                )
            else:
                changed = await connection.execute(sql.CHANGE_TAG, repository, item, *bits)
            return count_of(changed) > 0

        return await self._database.write(work)
