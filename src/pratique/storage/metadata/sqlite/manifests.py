"""Manifests and tags in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import ManifestRecord, Referrer, StoredManifest
from pratique.registry.locks import closed
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.rows import digest as digest_of
from pratique.storage.metadata.rows import media_type, to_micros
from pratique.storage.metadata.sqlite.database import Database
from pratique.storage.metadata.sqlite.locks import manifest_may_go, may_be_put, tag_may_go
from pratique.storage.metadata.sqlite.remembered import RememberedRows

_BLOB_IS_LINKED: Final = "SELECT 1 FROM repository_blobs WHERE repository = $1 AND digest = $2"
_MANIFEST_IS_THERE: Final = "SELECT 1 FROM manifests WHERE repository = $1 AND digest = $2"


class SqliteManifests:
    """The port `ManifestStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered = RememberedRows[StoredManifest](database.commits)

    async def find(
        self, repository: RepositoryName, reference: Tag | Digest
    ) -> StoredManifest | None:
        """See the port. One prepared SELECT at most."""
        # A tag holds no colon, a digest does.
        if isinstance(reference, Digest):
            statement, text = sql.MANIFEST_BY_DIGEST, reference.text
        else:
            statement, text = sql.MANIFEST_BY_TAG, str(reference)
        known = self._remembered.get((repository, text))
        if known is not None:
            return known
        # Plain text binds a microsecond faster than a subclass of it.
        row = self._database.fetch_one(statement, {"1": str(repository), "2": text})
        if row is None:
            return None
        found = StoredManifest(digest_of(row[0]), media_type(row[1]), row[2], row[3])
        self._remembered.keep((repository, text), found, len(found.content))
        return found

    def moment(self) -> bytes | None:
        """See the port."""
        return self._database.commits.newest()

    async def put(
        self,
        repository: RepositoryName,
        record: ManifestRecord,
        tags: tuple[Tag, ...],
        at: datetime,
    ) -> None:
        """See the port."""
        now = to_micros(at)

        def work(connection: sqlite3.Connection) -> None:
            may_be_put(connection, repository, record.digest, tags)
            blobs = _present(connection, _BLOB_IS_LINKED, repository, record.needed_blobs)
            children = _present(connection, _MANIFEST_IS_THERE, repository, record.needed_manifests)
            record.require(repository, blobs | children)
            connection.execute(sql.PUT_REPOSITORY, {"1": repository, "2": now})
            _put_manifest(connection, repository, record, now)
            for tag in tags:
                connection.execute(
                    sql.PUT_TAG, {"1": repository, "2": tag, "3": record.digest.text, "4": now}
                )

        await self._database.write(work)

    async def delete(self, repository: RepositoryName, digest: Digest, at: datetime) -> bool:
        """See the port."""
        key = {"1": repository, "2": digest.text}
        now = to_micros(at)

        def work(connection: sqlite3.Connection) -> bool:
            manifest_may_go(connection, repository, digest)
            connection.execute(sql.FORGET_TAGS_OF, key)
            connection.execute(sql.FORGET_REFERENCES, key)
            gone = connection.execute(sql.FORGET_MANIFEST, key)
            return _touch_if(gone.rowcount > 0, connection, repository, now)

        return await self._database.write(work)

    async def untag(self, repository: RepositoryName, tag: Tag, at: datetime) -> bool:
        """See the port."""
        now = to_micros(at)

        def work(connection: sqlite3.Connection) -> bool:
            tag_may_go(connection, repository, tag)
            gone = connection.execute(sql.FORGET_TAG, {"1": repository, "2": tag})
            return _touch_if(gone.rowcount > 0, connection, repository, now)

        return await self._database.write(work)

    async def referrers(self, repository: RepositoryName, subject: Digest) -> tuple[Referrer, ...]:
        """See the port."""
        rows = self._database.fetch_all(sql.REFERRERS, {"1": repository, "2": subject.text})
        if rows and rows[0][0]:
            raise closed(repository, None)
        return tuple(
            Referrer(
                digest_of(digest),
                media_type(kind),
                size,
                artifact_type,
                None
                if annotations is None
                else msgspec.json.decode(annotations, type=dict[str, str]),
            )
            for _, digest, kind, size, artifact_type, annotations in rows
            if digest is not None
        )


def _touch_if(
    changed: bool,  # noqa: FBT001 - what it gives back
    connection: sqlite3.Connection,
    repository: RepositoryName,
    now: int,
) -> bool:
    if changed:
        connection.execute(sql.TOUCH_REPOSITORY, {"1": repository, "2": now})
    return changed


def _present(
    connection: sqlite3.Connection,
    statement: str,
    repository: RepositoryName,
    digests: Iterable[Digest],
) -> set[Digest]:
    return {
        digest
        for digest in digests
        if connection.execute(statement, {"1": repository, "2": digest.text}).fetchone()
    }


def _put_manifest(
    connection: sqlite3.Connection, repository: RepositoryName, record: ManifestRecord, now: int
) -> None:
    annotations = record.annotations
    connection.execute(
        sql.PUT_MANIFEST,
        {
            "1": repository,
            "2": record.digest.text,
            "3": record.media_type,
            "4": record.artifact_type,
            "5": record.config_media_type,
            "6": len(record.content),
            "7": record.image_size,
            "8": now,
            "9": None if annotations is None else msgspec.json.encode(annotations).decode(),
            "10": record.content,
        },
    )
    key = {"1": repository, "2": record.digest.text}
    connection.execute(sql.FORGET_REFERENCES, key)
    connection.executemany(
        sql.PUT_REFERENCE, [{**key, "3": r.kind, "4": r.digest.text} for r in record.references]
    )
