"""Uploads to an object store and the places of blobs in it, in PostgreSQL.

Whoever writes to an upload locks its row first; whoever drops a place locks that and the blob.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from pratique.naming import Digest, RepositoryName
from pratique.registry import StorageFailed, UploadBusy, UploadId, UploadUnknown
from pratique.registry.object_ports import BlobPlace, ObjectName, StoredChunk, Swept
from pratique.storage.metadata import statements as sql
from pratique.storage.metadata.postgres.database import PostgresDatabase, TryAgain
from pratique.storage.metadata.postgres.driver import Connection, Row, count_of
from pratique.storage.metadata.postgres.leftovers import lock_or_hold
from pratique.storage.metadata.rows import digest as digest_of
from pratique.storage.metadata.rows import from_micros, to_micros

_CREATE: Final = """
    INSERT INTO upload_sessions (id, repository, holder, held_until, written_at)
    VALUES ($1, $2, NULL, 0, $3) ON CONFLICT (id) DO NOTHING
"""
_RECEIVED: Final = """
    SELECT s.repository, (SELECT coalesce(sum(size), 0) FROM upload_chunks WHERE upload = $1)
    FROM upload_sessions s WHERE s.id = $1
"""
_SESSION: Final = """
    SELECT repository, holder, held_until FROM upload_sessions WHERE id = $1 FOR UPDATE
"""
_TAKE: Final = "UPDATE upload_sessions SET holder = $2, held_until = $3 WHERE id = $1"
_CHUNKS: Final = "SELECT object, size, digest FROM upload_chunks WHERE upload = $1 ORDER BY number"
_LET_GO: Final = "UPDATE upload_sessions SET holder = NULL WHERE id = $1 AND holder = $2"
_WRITTEN: Final = "UPDATE upload_sessions SET written_at = $2 WHERE id = $1"
_ADD: Final = """
    INSERT INTO upload_chunks (upload, number, object, size, digest)
    SELECT $1::text, coalesce(max(number), 0) + 1, $2::text, $3::bigint, $4::text
    FROM upload_chunks WHERE upload = $1
"""
_END: Final = "DELETE FROM upload_sessions WHERE id = $1 AND holder = $2"
# An upload that somebody takes just now is not idle.
_IDLE: Final = """
    SELECT id FROM upload_sessions
    WHERE written_at < $1 AND (holder IS NULL OR held_until <= $2) LIMIT $3
    FOR UPDATE SKIP LOCKED
"""
_CHUNKS_OF: Final = """
    SELECT object, size, digest FROM upload_chunks WHERE upload = ANY($1::text[])
"""
_FORGET: Final = "DELETE FROM upload_sessions WHERE id = ANY($1::text[])"
_PLACE: Final = "SELECT digest, object, size, placed_at FROM blob_objects WHERE digest = $1"
_LOCK_PLACE: Final = f"{_PLACE} FOR UPDATE"
_AFTER: Final = """
    SELECT digest, object, size, placed_at FROM blob_objects
    WHERE digest > $1 ORDER BY digest LIMIT $2
"""
_PUT_IF_NONE: Final = """
    INSERT INTO blob_objects (digest, object, size, placed_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (digest) DO NOTHING
"""
_PUT: Final = """
    UPDATE blob_objects SET object = $2, size = $3, placed_at = $4 WHERE digest = $1
"""
_FORGET_PLACE: Final = "DELETE FROM blob_objects WHERE digest = $1 AND object = $2"
_DROP: Final = """
    DELETE FROM blob_objects WHERE digest = $1 AND placed_at < $2
    AND NOT EXISTS (SELECT 1 FROM repository_blobs WHERE digest = $1)
"""
# One statement, so one state: an upload ends and its blob is placed in the same step.
_STRAYS: Final = """
    SELECT name FROM unnest($1::text[], $2::text[]) AS asked (upload, name)
    WHERE (SELECT 1 FROM upload_sessions s WHERE s.id = asked.upload) IS NULL
    AND (SELECT 1 FROM blob_objects b WHERE b.object = asked.name) IS NULL
"""


class PostgresUploadSessions:
    """The port `UploadSessions`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def create(self, repository: RepositoryName, upload_id: UploadId, at: datetime) -> None:
        """See the port."""

        async def work(connection: Connection) -> int:
            return count_of(await connection.execute(_CREATE, upload_id, repository, to_micros(at)))

        if not await self._database.write(work):
            raise StorageFailed(f"the upload id {upload_id} was used before")

    async def received(self, repository: RepositoryName, upload_id: UploadId) -> int:
        """See the port."""
        row = await self._database.fetch_one(_RECEIVED, upload_id)
        if row is None or row[0] != repository:
            raise UploadUnknown(repository)
        return int(row[1])

    async def take(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        holder: str,
        at: datetime,
        until: datetime,
    ) -> tuple[StoredChunk, ...]:
        """See the port."""

        async def work(connection: Connection) -> tuple[StoredChunk, ...]:
            session = await connection.fetchrow(_SESSION, upload_id)
            if session is None or session[0] != repository:
                raise UploadUnknown(repository)
            if session[1] not in (None, holder) and session[2] > to_micros(at):
                raise UploadBusy(repository)
            await connection.execute(_TAKE, upload_id, holder, to_micros(until))
            return tuple(_chunk(row) for row in await connection.fetch(_CHUNKS, upload_id))

        return await self._database.write(work)

    async def let_go(
        self, upload_id: UploadId, holder: str, chunk: StoredChunk | None, at: datetime
    ) -> bool:
        """See the port."""

        async def work(connection: Connection) -> bool:
            if not count_of(await connection.execute(_LET_GO, upload_id, holder)):
                return False
            if chunk is not None:
                await connection.execute(_WRITTEN, upload_id, to_micros(at))
                row = (chunk.name.text, chunk.size, chunk.digest.text)
                await connection.execute(_ADD, upload_id, *row)
            return True

        return await self._database.write(work)

    async def become(
        self, upload_id: UploadId, holder: str, place: BlobPlace, distrusted: ObjectName | None
    ) -> BlobPlace | None:
        """See the port."""

        async def work(connection: Connection) -> BlobPlace | None:
            if not count_of(await connection.execute(_END, upload_id, holder)):
                return None
            if count_of(await connection.execute(_PUT_IF_NONE, *_row(place))):
                return place
            row = await connection.fetchrow(_LOCK_PLACE, place.digest.text)
            if row is None:
                # It was dropped just now.
                raise TryAgain
            trusted = _place(row).name != distrusted
            kept = replace(_place(row), placed_at=place.placed_at) if trusted else place
            await connection.execute(_PUT, *_row(kept))
            return kept

        return await self._database.write(work)

    async def discard(self, upload_id: UploadId, holder: str) -> bool:
        """See the port."""

        async def work(connection: Connection) -> bool:
            return count_of(await connection.execute(_END, upload_id, holder)) > 0

        return await self._database.write(work)

    async def sweep(self, idle_since: datetime, at: datetime, limit: int) -> Swept:
        """See the port."""

        async def work(connection: Connection) -> Swept:
            rows = await connection.fetch(_IDLE, to_micros(idle_since), to_micros(at), limit)
            idle = [row[0] for row in rows]
            chunks = await connection.fetch(_CHUNKS_OF, idle)
            await connection.execute(_FORGET, idle)
            return Swept(len(idle), tuple(_chunk(row).name for row in chunks))

        return await self._database.write(work)


class PostgresBlobPlaces:
    """The port `BlobPlaces`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def find(self, digest: Digest) -> BlobPlace | None:
        """See the port. One round trip."""
        row = await self._database.fetch_one(_PLACE, digest.text)
        return None if row is None else _place(row)

    async def after(self, last: str, limit: int) -> tuple[BlobPlace, ...]:
        """See the port."""
        return tuple(_place(row) for row in await self._database.fetch_all(_AFTER, last, limit))

    async def note(self, place: BlobPlace) -> bool:
        """See the port."""

        async def work(connection: Connection) -> bool:
            return count_of(await connection.execute(_PUT_IF_NONE, *_row(place))) > 0

        return await self._database.write(work)

    async def forget(self, place: BlobPlace) -> None:
        """See the port."""
        key = (place.digest.text, place.name.text)
        await self._database.write(lambda c: c.execute(_FORGET_PLACE, *key))

    async def drop_unlinked(self, digest: Digest, before: datetime) -> BlobPlace | None:
        """See the port. A push that places the blob, or links it, waits for the locks."""

        async def work(connection: Connection) -> BlobPlace | None:
            row = await connection.fetchrow(_LOCK_PLACE, digest.text)
            if row is None:
                return None
            held = await lock_or_hold(connection, digest.text)
            gone = await connection.execute(_DROP, digest.text, to_micros(before))
            if held:
                await connection.execute(sql.FORGET_BLOB, digest.text)
            return _place(row) if count_of(gone) else None

        return await self._database.write(work)

    async def strays(self, names: Sequence[ObjectName]) -> tuple[ObjectName, ...]:
        """See the port. One round trip."""
        uploads, texts = [name.upload for name in names], [name.text for name in names]
        rows = await self._database.fetch_all(_STRAYS, uploads, texts)
        found = {row[0] for row in rows}
        return tuple(name for name in names if name.text in found)


def _name(text: str) -> ObjectName:
    upload, _, part = text.partition("/")
    return ObjectName(upload, part)


def _chunk(row: Row) -> StoredChunk:
    return StoredChunk(_name(row[0]), int(row[1]), digest_of(row[2]))


def _place(row: Row) -> BlobPlace:
    return BlobPlace(digest_of(row[0]), _name(row[1]), int(row[2]), from_micros(int(row[3])))


def _row(place: BlobPlace) -> tuple[str, str, int, int]:
    return place.digest.text, place.name.text, place.size, to_micros(place.placed_at)
