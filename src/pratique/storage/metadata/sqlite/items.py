"""Single items and their locks in SQLite."""

from __future__ import annotations

import sqlite3
from typing import Final

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import ManifestFacts, TagFacts
from pratique.registry.locks import LockChange, Locks
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.facts import locks_of, manifest_facts, tag_facts
from pratique.storage.metadata.rows import tag
from pratique.storage.metadata.sqlite.database import Database

_EVERY: Final = ~0


class SqliteItems:
    """The port `Items`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tag(self, repository: RepositoryName, tag: Tag) -> TagFacts | None:
        """See the port."""
        row = self._database.fetch_one(sql.TAG, {"1": repository, "2": tag})
        return None if row is None else tag_facts(row)

    async def manifest(self, repository: RepositoryName, digest: Digest) -> ManifestFacts | None:
        """See the port."""
        row = self._database.fetch_one(sql.MANIFEST, {"1": repository, "2": digest.text})
        if row is None:
            return None
        tags = self._database.fetch_all(
            sql.TAGS_OF_RANGE, {"1": repository, "2": digest.text, "3": digest.text}
        )
        return manifest_facts(row, (tag(name) for _, name in tags))

    async def locks(self, repository: RepositoryName) -> Locks:
        """See the port."""
        row = self._database.fetch_one(sql.REPOSITORY_LOCKS, {"1": repository})
        return locks_of(0 if row is None else row[0])

    async def change_locks(
        self, repository: RepositoryName, item: Tag | Digest | None, change: LockChange
    ) -> bool:
        """See the port."""
        keep, add = _EVERY & ~int(change.unlock), int(change.lock)
        if item is None:
            statement = sql.CHANGE_REPOSITORY
            values: dict[str, object] = {"1": repository, "2": keep, "3": add}
        else:
            by_digest = isinstance(item, Digest)
            statement = sql.CHANGE_MANIFEST if by_digest else sql.CHANGE_TAG
            values = {"1": repository, "2": str(item), "3": keep, "4": add}

        def work(connection: sqlite3.Connection) -> bool:
            return connection.execute(statement, values).rowcount > 0

        return await self._database.write(work)
