"""Listings from SQLite. Its text order is that of the bytes, which the port demands."""

from __future__ import annotations

import sqlite3
from typing import Final

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import (
    DeletedRepository,
    ManifestFacts,
    RepositoryFacts,
    TagFacts,
)
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.facts import manifest_facts, repository_facts, tag_facts
from pratique.storage.metadata.rows import digest as digest_of
from pratique.storage.metadata.rows import repositories, tag, tags
from pratique.storage.metadata.sqlite.database import Database, Row
from pratique.storage.metadata.sqlite.locks import repository_may_go

# A page of names as one row: between two rows the interpreter's lock is given away, and a worker
# that serves many may have to wait for it each time. No name holds the comma between them.
_TAGS: Final = f"SELECT group_concat(name) FROM ({sql.TAGS})"  # noqa: S608 - of constants
_REPOSITORIES: Final = f"SELECT group_concat(name) FROM ({sql.REPOSITORIES})"  # noqa: S608 - likewise


class SqliteCatalogue:
    """The port `Catalogue`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tags(self, repository: RepositoryName, limit: int, last: str) -> tuple[Tag, ...]:
        """See the port."""
        key = {"1": repository, "2": last, "3": limit}
        row = self._database.fetch_one(_TAGS, key)
        return tags(_names(row))

    async def repositories(self, limit: int, last: str) -> tuple[RepositoryName, ...]:
        """See the port."""
        row = self._database.fetch_one(_REPOSITORIES, {"1": last, "2": limit})
        return repositories(_names(row))

    async def repository(self, repository: RepositoryName) -> RepositoryFacts | None:
        """See the port."""
        row = self._database.fetch_one(sql.REPOSITORY, {"1": repository})
        if row is None:
            return None
        return repository_facts(repository, row)

    async def tag_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[TagFacts, ...]:
        """See the port."""
        rows = self._database.fetch_all(sql.TAG_FACTS, {"1": repository, "2": last, "3": limit})
        return tuple(map(tag_facts, rows))

    async def manifest_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[ManifestFacts, ...]:
        """See the port."""
        rows = self._database.fetch_all(
            sql.MANIFEST_FACTS, {"1": repository, "2": last, "3": limit}
        )
        if not rows:
            return ()
        tags: dict[str, list[Tag]] = {}
        for digest, name in self._database.fetch_all(
            sql.TAGS_OF_RANGE, {"1": repository, "2": rows[0][0], "3": rows[-1][0]}
        ):
            tags.setdefault(digest, []).append(tag(name))
        return tuple(manifest_facts(row, tags.get(row[0], ())) for row in rows)

    async def delete_repository(self, repository: RepositoryName) -> DeletedRepository | None:
        """See the port."""
        return await self._database.write(lambda connection: _delete(connection, repository))


def _names(row: Row | None) -> list[str]:
    """The names in a row of all of them, in the order of their bytes."""
    if row is None or row[0] is None:
        return []
    # SQLite promises no order within an aggregate, though it keeps that of the rows; to sort what
    # is in order costs next to nothing.
    return sorted(row[0].split(","))


def _delete(connection: sqlite3.Connection, repository: RepositoryName) -> DeletedRepository | None:
    key = {"1": repository}
    if not connection.execute("SELECT 1 FROM repositories WHERE name = $1", key).fetchone():
        return None
    repository_may_go(connection, repository)
    manifests = _column(connection, sql.MANIFESTS_OF, repository)
    tags = _column(connection, sql.TAGS_OF, repository)
    for statement in sql.DELETE_REPOSITORY:
        connection.execute(statement, key)
    digests: tuple[Digest, ...] = tuple(digest_of(text) for text in manifests)
    return DeletedRepository(digests, tuple(tag(name) for name in tags))


def _column(connection: sqlite3.Connection, statement: str, repository: str) -> list[str]:
    return [value for (value,) in connection.execute(statement, {"1": repository})]
