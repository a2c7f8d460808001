"""Manifests and tags in PostgreSQL.

Whoever changes manifests or tags of a repository locks the repository's row first, so such
changes happen one after the other, and each statement after the lock sees what came before it.
Links that a manifest needs are locked against deletion until it is committed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import ManifestRecord, Referrer, StoredManifest
from pratique.registry.locks import closed
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import Connection, count_of
from pratique.storage.metadata.postgres.locks import manifest_may_go, may_be_put, tag_may_go
from pratique.storage.metadata.rows import digest as digest_of
from pratique.storage.metadata.rows import media_type, to_micros

_PUT_REPOSITORY: Final = f"{sql.PUT_REPOSITORY} RETURNING repositories.locks"
# In order, so that two that lock the same links do not wait for each other.
_LINKED: Final = """
    SELECT digest FROM repository_blobs WHERE repository = $1 AND digest = ANY($2::text[])
    ORDER BY digest FOR KEY SHARE
"""
_THERE: Final = "SELECT digest FROM manifests WHERE repository = $1 AND digest = ANY($2::text[])"


class PostgresManifests:
    """The port `ManifestStore`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def find(
        self, repository: RepositoryName, reference: Tag | Digest
    ) -> StoredManifest | None:
        """See the port. One round trip."""
        if isinstance(reference, Digest):
            row = await self._database.fetch_one(sql.MANIFEST_BY_DIGEST, repository, reference.text)
        else:
            row = await self._database.fetch_one(sql.MANIFEST_BY_TAG, repository, reference)
        if row is None:
            return None
        return StoredManifest(digest_of(row[0]), media_type(row[1]), row[2], row[3])

    def moment(self) -> bytes | None:
        """See the port. It would take a round trip."""
        return None

    async def put(
        self,
        repository: RepositoryName,
        record: ManifestRecord,
        tags: tuple[Tag, ...],
        at: datetime,
    ) -> None:
        """See the port."""
        now, digest = to_micros(at), record.digest.text

        async def work(connection: Connection) -> None:
            held = await connection.fetchrow(_PUT_REPOSITORY, repository, now)
            await may_be_put(connection, repository, held[0], record.digest, tags)
            known = await _present(connection, _LINKED, repository, record.needed_blobs)
            known |= await _present(connection, _THERE, repository, record.needed_manifests)
            record.require(repository, known)
            await _put_manifest(connection, repository, record, now)
            await connection.executemany(
                sql.PUT_TAG, [(repository, tag, digest, now) for tag in sorted(tags)]
            )

        await self._database.write(work)

    async def delete(self, repository: RepositoryName, digest: Digest, at: datetime) -> bool:
        """See the port."""
        now = to_micros(at)

        async def work(connection: Connection) -> bool:
            await manifest_may_go(connection, repository, digest)
            await connection.execute(sql.FORGET_TAGS_OF, repository, digest.text)
            await connection.execute(sql.FORGET_REFERENCES, repository, digest.text)
            gone = await connection.execute(sql.FORGET_MANIFEST, repository, digest.text)
            return await _touch_if(count_of(gone) > 0, connection, repository, now)

        return await self._database.write(work)

    async def untag(self, repository: RepositoryName, tag: Tag, at: datetime) -> bool:
        """See the port."""
        now = to_micros(at)

        async def work(connection: Connection) -> bool:
            await tag_may_go(connection, repository, tag)
            gone = await connection.execute(sql.FORGET_TAG, repository, tag)
            return await _touch_if(count_of(gone) > 0, connection, repository, now)

        return await self._database.write(work)

    async def referrers(self, repository: RepositoryName, subject: Digest) -> tuple[Referrer, ...]:
        """See the port."""
        rows = await self._database.fetch_all(sql.REFERRERS, repository, subject.text)
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


async def _touch_if(
    changed: bool,  # noqa: FBT001 - what it gives back
    connection: Connection,
    repository: RepositoryName,
    now: int,
) -> bool:
    if changed:
        await connection.execute(sql.TOUCH_REPOSITORY, repository, now)
    return changed


async def _present(
    connection: Connection,
    statement: str,
    repository: RepositoryName,
    digests: tuple[Digest, ...],
) -> set[Digest]:
    if not digests:
        return set()
    rows = await connection.fetch(statement, repository, [digest.text for digest in digests])
    found = {row[0] for row in rows}
    return {digest for digest in digests if digest.text in found}


async def _put_manifest(
    connection: Connection, repository: RepositoryName, record: ManifestRecord, now: int
) -> None:
    annotations, digest = record.annotations, record.digest.text
    await connection.execute(
        sql.PUT_MANIFEST,
        repository,
        digest,
        record.media_type,
        record.artifact_type,
        record.config_media_type,
        len(record.content),
        record.image_size,
        now,
        None if annotations is None else msgspec.json.encode(annotations).decode(),
        record.content,
    )
    await connection.execute(sql.FORGET_REFERENCES, repository, digest)
    await connection.executemany(
        sql.PUT_REFERENCE,
        [(repository, digest, r.kind, r.digest.text) for r in record.references],
    )
