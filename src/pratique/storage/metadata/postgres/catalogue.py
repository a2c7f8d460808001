"""Listings from PostgreSQL, whose columns of names have the order of the bytes, `"C"`."""

from __future__ import annotations

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import (
    DeletedRepository,
    ManifestFacts,
    RepositoryFacts,
    TagFacts,
)
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.facts import manifest_facts, repository_facts, tag_facts
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import Connection
from pratique.storage.metadata.postgres.locks import repository_may_go
from pratique.storage.metadata.rows import digest as digest_of
from pratique.storage.metadata.rows import repository as repository_of
from pratique.storage.metadata.rows import tag


class PostgresCatalogue:
    """The port `Catalogue`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def tags(self, repository: RepositoryName, limit: int, last: str) -> tuple[Tag, ...]:
        """See the port."""
        rows = await self._database.fetch_all(sql.TAGS, repository, _bound(last), limit)
        return tuple(tag(name) for (name,) in rows)

    async def repositories(self, limit: int, last: str) -> tuple[RepositoryName, ...]:
        """See the port."""
        rows = await self._database.fetch_all(sql.REPOSITORIES, _bound(last), limit)
        return tuple(repository_of(name) for (name,) in rows)

    async def repository(self, repository: RepositoryName) -> RepositoryFacts | None:
        """See the port."""
        row = await self._database.fetch_one(sql.REPOSITORY, repository)
        if row is None:
            return None
        return repository_facts(repository, row)

    async def tag_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[TagFacts, ...]:
        """See the port."""
        rows = await self._database.fetch_all(sql.TAG_FACTS, repository, _bound(last), limit)
        return tuple(map(tag_facts, rows))

    async def manifest_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[ManifestFacts, ...]:
        """See the port."""
        rows = await self._database.fetch_all(sql.MANIFEST_FACTS, repository, _bound(last), limit)
        if not rows:
            return ()
        tags: dict[str, list[Tag]] = {}
        for digest, name in await self._database.fetch_all(
            sql.TAGS_OF_RANGE, repository, rows[0][0], rows[-1][0]
        ):
            tags.setdefault(digest, []).append(tag(name))
        return tuple(manifest_facts(row, tags.get(row[0], ())) for row in rows)

    async def delete_repository(self, repository: RepositoryName) -> DeletedRepository | None:
        """See the port."""

        async def work(connection: Connection) -> DeletedRepository | None:
            if not await repository_may_go(connection, repository):
                return None
            manifests = await connection.fetch(sql.MANIFESTS_OF, repository)
            tags = await connection.fetch(sql.TAGS_OF, repository)
            for statement in sql.DELETE_REPOSITORY:
                await connection.execute(statement, repository)
            digests: tuple[Digest, ...] = tuple(digest_of(text) for (text,) in manifests)
            return DeletedRepository(digests, tuple(tag(name) for (name,) in tags))

        return await self._database.write(work)


def _bound(last: str) -> str:
    """`last` as PostgreSQL takes it, which knows no NUL; no name has one, so no order changes."""
    return last.partition("\0")[0]
