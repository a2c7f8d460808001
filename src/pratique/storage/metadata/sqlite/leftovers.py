"""Rows in SQLite that nothing leads to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from pratique.naming import Digest, RepositoryName
from pratique.registry.content import Found, LinkPlace, ManifestPlace
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.rows import digest as digest_of
from pratique.storage.metadata.rows import repository as repository_of
from pratique.storage.metadata.rows import to_micros
from pratique.storage.metadata.sqlite.database import Database

_LINKS: Final = """
    SELECT repository, digest, linked_at FROM repository_blobs
    WHERE (repository, digest) > ($1, $2) ORDER BY repository, digest LIMIT $3
"""
_LINK_IS_NEEDED: Final = """
    SELECT 1 FROM manifest_references
    WHERE repository = $1 AND target = $2 AND kind IN ('config', 'layer') LIMIT 1
"""
_DROP_LINK: Final = """
    DELETE FROM repository_blobs
    WHERE repository = $1 AND digest = $2 AND linked_at < $3 AND NOT EXISTS (
        SELECT 1 FROM manifest_references r
        WHERE r.repository = $1 AND r.target = $2 AND r.kind IN ('config', 'layer'))
"""
_MANIFESTS: Final = """
    SELECT repository, digest, updated_at FROM manifests
    WHERE (repository, digest) > ($1, $2) ORDER BY repository, digest LIMIT $3
"""
# A manifest is led to by a tag, by an index that is there, or by its subject that is there; and
# what is locked stays.
_MANIFEST_IS_NEEDED: Final = """
    SELECT 1 WHERE
        EXISTS (SELECT 1 FROM tags WHERE repository = $1 AND digest = $2)
        OR EXISTS (SELECT 1 FROM manifest_references r
            WHERE r.repository = $1 AND r.target = $2 AND r.kind = 'child')
        OR EXISTS (SELECT 1 FROM manifest_references r
            JOIN manifests m ON m.repository = r.repository AND m.digest = r.target
            WHERE r.repository = $1 AND r.digest = $2 AND r.kind = 'subject')
        OR EXISTS (SELECT 1 FROM manifests
            WHERE repository = $1 AND digest = $2 AND (locks & 3) <> 0)
        OR EXISTS (SELECT 1 FROM repositories WHERE name = $1 AND (locks & 3) <> 0)
"""
_TOUCH: Final = "UPDATE ledger_version SET version = version"
_IS_OLD_MANIFEST: Final = """
    SELECT 1 FROM manifests WHERE repository = $1 AND digest = $2 AND updated_at < $3
"""


class SqliteLeftovers:
    """The ports `Leftovers` and `Remains`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unneeded_links(
        self, before: datetime, after: LinkPlace | None, limit: int
    ) -> Found[LinkPlace]:
        """See the port."""
        rows = self._database.fetch_all(_LINKS, _beyond(after, limit))
        limit_time = to_micros(before)
        places = tuple(
            LinkPlace(repository_of(repository), digest_of(digest))
            for repository, digest, linked_at in rows
            if linked_at < limit_time and not self._any(_LINK_IS_NEEDED, repository, digest)
        )
        return Found(places, LinkPlace(*_place(rows[-1])) if len(rows) == limit else None)

    async def drop_links(self, places: Sequence[LinkPlace], before: datetime) -> int:
        """See the port."""
        limit_time = to_micros(before)

        def work(connection: sqlite3.Connection) -> int:
            gone = 0
            for repository, digest in places:
                key = {"1": repository, "2": digest.text, "3": limit_time}
                gone += connection.execute(_DROP_LINK, key).rowcount
            return gone

        return await self._database.write(work)

    async def unneeded_manifests(
        self, before: datetime, after: ManifestPlace | None, limit: int
    ) -> Found[ManifestPlace]:
        """See the port."""
        rows = self._database.fetch_all(_MANIFESTS, _beyond(after, limit))
        limit_time = to_micros(before)
        places = tuple(
            ManifestPlace(repository_of(repository), digest_of(digest))
            for repository, digest, updated_at in rows
            if updated_at < limit_time and not self._any(_MANIFEST_IS_NEEDED, repository, digest)
        )
        return Found(places, ManifestPlace(*_place(rows[-1])) if len(rows) == limit else None)

    async def drop_manifests(
        self, places: Sequence[ManifestPlace], before: datetime, at: datetime
    ) -> int:
        """See the port."""
        limit_time, now = to_micros(before), to_micros(at)

        def work(connection: sqlite3.Connection) -> int:
            gone = 0
            for repository, digest in places:
                key = {"1": repository, "2": digest.text}
                old = connection.execute(_IS_OLD_MANIFEST, {**key, "3": limit_time}).fetchone()
                if not old or connection.execute(_MANIFEST_IS_NEEDED, key).fetchone():
                    continue
                connection.execute(sql.FORGET_REFERENCES, key)
                gone += connection.execute(sql.FORGET_MANIFEST, key).rowcount
                connection.execute(sql.TOUCH_REPOSITORY, {"1": repository, "2": now})
            return gone

        return await self._database.write(work)

    async def repositories(self, limit: int, last: str) -> tuple[RepositoryName, ...]:
        """See the port."""
        rows = self._database.fetch_all(sql.EVERY_REPOSITORY, {"1": last, "2": limit})
        return tuple(repository_of(name) for (name,) in rows)

    async def drop_part(self, repository: RepositoryName, limit: int) -> int:
        """See the port."""
        some = {"1": str(repository), "2": limit}

        def work(connection: sqlite3.Connection) -> int:
            digests = [row[0] for row in connection.execute(sql.SOME_MANIFESTS_OF, some)]
            for digest in digests:
                key = {"1": str(repository), "2": digest}
                connection.execute(sql.FORGET_TAGS_OF, key)
                connection.execute(sql.FORGET_REFERENCES, key)
                connection.execute(sql.FORGET_MANIFEST, key)
            if digests:
                return len(digests)
            links = connection.execute(sql.FORGET_SOME_LINKS, some).rowcount
            if links:
                return links
            return connection.execute(sql.FORGET_REPOSITORY, {"1": str(repository)}).rowcount

        return await self._database.write(work)

    async def unlinked(self, digests: Sequence[Digest]) -> tuple[Digest, ...]:
        """See the port."""
        return tuple(
            digest
            for digest in digests
            if self._database.fetch_one(sql.BLOB_IS_LINKED, {"1": digest.text}) is None
        )

    async def forget_unlinked(
        self, digest: Digest, throw_away: Callable[[], int | None]
    ) -> int | None:
        """See the port. The transaction keeps all other writers out, in every process."""
        key = {"1": digest.text}
        # A group of writes that is lost is done again, one by one.
        thrown: list[int] = []

        def work(connection: sqlite3.Connection) -> int | None:
            if connection.execute(sql.BLOB_IS_LINKED, key).fetchone():
                return None
            # Where the registry was moved, others use the same bytes now, and this is refused.
            connection.execute(_TOUCH)
            size = thrown[0] if thrown else throw_away()
            if size is not None:
                thrown[:] = [size]
                connection.execute(sql.FORGET_BLOB, key)
            return size

        return await self._database.write(work)

    def _any(self, statement: str, repository: str, digest: str) -> bool:
        return self._database.fetch_one(statement, {"1": repository, "2": digest}) is not None


def _beyond(after: LinkPlace | ManifestPlace | None, limit: int) -> dict[str, object]:
    repository, digest = ("", "") if after is None else (str(after[0]), after[1].text)
    return {"1": repository, "2": digest, "3": limit}


def _place(row: Sequence[object]) -> tuple[RepositoryName, Digest]:
    return repository_of(str(row[0])), digest_of(str(row[1]))
