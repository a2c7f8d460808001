"""Listings from SQLite. Its text order is that of the bytes, which the port demands."""

from __future__ import annotations

import sqlite3
from typing import Final

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import DeletedRepository, ManifestFacts, RepositoryFacts, TagFacts
from pratique.storage.metadata.sqlite.database import Database
from pratique.storage.metadata.sqlite.rows import digest as digest_of
from pratique.storage.metadata.sqlite.rows import from_micros, media_type

_TAGS: Final = """
    SELECT name FROM tags WHERE repository = $1 AND name > $2 ORDER BY name LIMIT $3
"""
_REPOSITORIES: Final = "SELECT name FROM repositories WHERE name > $1 ORDER BY name LIMIT $2"
_REPOSITORY: Final = """
    SELECT created_at, updated_at,
        (SELECT COUNT(*) FROM manifests WHERE repository = $1),
        (SELECT COUNT(*) FROM tags WHERE repository = $1)
    FROM repositories WHERE name = $1
"""
_TAG_FACTS: Final = """
    SELECT name, digest, created_at, updated_at FROM tags
    WHERE repository = $1 AND name > $2 ORDER BY name LIMIT $3
"""
_MANIFEST_FACTS: Final = """
    SELECT digest, media_type, artifact_type, config_media_type, image_size, created_at, updated_at
    FROM manifests WHERE repository = $1 AND digest > $2 ORDER BY digest LIMIT $3
"""
_TAGS_OF_RANGE: Final = """
    SELECT digest, name FROM tags
    WHERE repository = $1 AND digest >= $2 AND digest <= $3 ORDER BY digest, name
"""
# Children before parents, as the foreign keys demand.
_TABLES: Final = (
    ("tags", "repository"),
    ("manifest_references", "repository"),
    ("manifests", "repository"),
    ("repository_blobs", "repository"),
    ("repositories", "name"),
)


class SqliteCatalogue:
    """The port `Catalogue`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tags(self, repository: RepositoryName, limit: int, last: str) -> tuple[Tag, ...]:
        """See the port."""
        rows = self._database.fetch_all(_TAGS, {"1": repository, "2": last, "3": limit})
        return tuple(Tag(name) for (name,) in rows)

    async def repositories(self, limit: int, last: str) -> tuple[RepositoryName, ...]:
        """See the port."""
        rows = self._database.fetch_all(_REPOSITORIES, {"1": last, "2": limit})
        return tuple(RepositoryName(name) for (name,) in rows)

    async def repository(self, repository: RepositoryName) -> RepositoryFacts | None:
        """See the port."""
        row = self._database.fetch_one(_REPOSITORY, {"1": repository})
        if row is None:
            return None
        created, updated, manifests, tags = row
        return RepositoryFacts(
            repository, from_micros(created), from_micros(updated), manifests, tags
        )

    async def tag_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[TagFacts, ...]:
        """See the port."""
        rows = self._database.fetch_all(_TAG_FACTS, {"1": repository, "2": last, "3": limit})
        return tuple(
            TagFacts(Tag(name), digest_of(digest), from_micros(created), from_micros(updated))
            for name, digest, created, updated in rows
        )

    async def manifest_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[ManifestFacts, ...]:
        """See the port."""
        rows = self._database.fetch_all(_MANIFEST_FACTS, {"1": repository, "2": last, "3": limit})
        if not rows:
            return ()
        tags: dict[str, list[Tag]] = {}
        for digest, name in self._database.fetch_all(
            _TAGS_OF_RANGE, {"1": repository, "2": rows[0][0], "3": rows[-1][0]}
        ):
            tags.setdefault(digest, []).append(Tag(name))
        return tuple(
            ManifestFacts(
                digest_of(digest),
                media_type(kind),
                artifact_type,
                config_media_type,
                size,
                from_micros(created),
                from_micros(updated),
                tuple(tags.get(digest, ())),
            )
            for digest, kind, artifact_type, config_media_type, size, created, updated in rows
        )

    async def delete_repository(self, repository: RepositoryName) -> DeletedRepository | None:
        """See the port."""
        return await self._database.write(lambda connection: _delete(connection, repository))


def _delete(connection: sqlite3.Connection, repository: RepositoryName) -> DeletedRepository | None:
    key = {"1": repository}
    if not connection.execute("SELECT 1 FROM repositories WHERE name = $1", key).fetchone():
        return None
    manifests = _column(
        connection, "SELECT digest FROM manifests WHERE repository = $1 ORDER BY digest", repository
    )
    tags = _column(
        connection, "SELECT name FROM tags WHERE repository = $1 ORDER BY name", repository
    )
    for table, column in _TABLES:
        connection.execute(f"DELETE FROM {table} WHERE {column} = $1", key)  # noqa: S608 - constants
    digests: tuple[Digest, ...] = tuple(digest_of(text) for text in manifests)
    return DeletedRepository(digests, tuple(Tag(name) for name in tags))


def _column(connection: sqlite3.Connection, statement: str, repository: str) -> list[str]:
    return [value for (value,) in connection.execute(statement, {"1": repository})]
