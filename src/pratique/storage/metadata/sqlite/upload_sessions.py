"""Uploads to an object store and the places of blobs in it, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from pratique.naming import Digest, RepositoryName
from pratique.registry import StorageFailed, UploadBusy, UploadId, UploadUnknown
from pratique.registry.object_ports import BlobPlace, ObjectName, StoredChunk, Swept
from pratique.storage.metadata.rows import digest as digest_of
from pratique.storage.metadata.rows import from_micros, to_micros
from pratique.storage.metadata.sqlite.database import Database, Row

_CREATE: Final = """
    INSERT INTO upload_sessions (id, repository, holder, held_until, written_at)
    VALUES ($1, $2, NULL, 0, $3) ON CONFLICT (id) DO NOTHING
"""
_RECEIVED: Final = """
    SELECT s.repository, (SELECT coalesce(sum(size), 0) FROM upload_chunks WHERE upload = $1)
    FROM upload_sessions s WHERE s.id = $1
"""
_SESSION: Final = "SELECT repository, holder, held_until FROM upload_sessions WHERE id = $1"
_TAKE: Final = "UPDATE upload_sessions SET holder = $2, held_until = $3 WHERE id = $1"
_CHUNKS: Final = "SELECT object, size, digest FROM upload_chunks WHERE upload = $1 ORDER BY number"
_LET_GO: Final = "UPDATE upload_sessions SET holder = NULL WHERE id = $1 AND holder = $2"
_WRITTEN: Final = "UPDATE upload_sessions SET written_at = $2 WHERE id = $1"
_ADD: Final = """
    INSERT INTO upload_chunks (upload, number, object, size, digest)
    SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4 FROM upload_chunks WHERE upload = $1
"""
_END: Final = "DELETE FROM upload_sessions WHERE id = $1 AND holder = $2"
_IDLE: Final = """
    SELECT id FROM upload_sessions
    WHERE written_at < $1 AND (holder IS NULL OR held_until <= $2) LIMIT $3
"""
_FORGET: Final = "DELETE FROM upload_sessions WHERE id = $1"
_PLACE: Final = "SELECT digest, object, size, placed_at FROM blob_objects WHERE digest = $1"
_AFTER: Final = """
    SELECT digest, object, size, placed_at FROM blob_objects
    WHERE digest > $1 ORDER BY digest LIMIT $2
"""
_PUT: Final = """
    INSERT INTO blob_objects (digest, object, size, placed_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (digest) DO UPDATE SET
        object = excluded.object, size = excluded.size, placed_at = excluded.placed_at
"""
_NOTE: Final = """
    INSERT INTO blob_objects (digest, object, size, placed_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (digest) DO NOTHING
"""
_FORGET_PLACE: Final = "DELETE FROM blob_objects WHERE digest = $1 AND object = $2"
_DROP: Final = """
    DELETE FROM blob_objects WHERE digest = $1 AND placed_at < $2
    AND NOT EXISTS (SELECT 1 FROM repository_blobs WHERE digest = $1)
"""
# One statement, so one state: an upload ends and its blob is placed in the same step.
_IS_KNOWN: Final = """
    SELECT 1 WHERE EXISTS (SELECT 1 FROM upload_sessions WHERE id = $1)
    OR EXISTS (SELECT 1 FROM blob_objects WHERE object = $2)
"""


class SqliteUploadSessions:
    """The port `UploadSessions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, repository: RepositoryName, upload_id: UploadId, at: datetime) -> None:
        """See the port."""
        row = {"1": upload_id, "2": repository, "3": to_micros(at)}
        if not await self._database.write(lambda c: c.execute(_CREATE, row).rowcount):
            raise StorageFailed(f"the upload id {upload_id} was used before")

    async def received(self, repository: RepositoryName, upload_id: UploadId) -> int:
        """See the port."""
        row = self._database.fetch_one(_RECEIVED, {"1": str(upload_id)})
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
        key, now = {"1": upload_id}, to_micros(at)
        lease = {**key, "2": holder, "3": to_micros(until)}

        def work(connection: sqlite3.Connection) -> tuple[StoredChunk, ...]:
            session = connection.execute(_SESSION, key).fetchone()
            if session is None or session[0] != repository:
                raise UploadUnknown(repository)
            if session[1] not in (None, holder) and session[2] > now:
                raise UploadBusy(repository)
            connection.execute(_TAKE, lease)
            return tuple(_chunk(row) for row in connection.execute(_CHUNKS, key).fetchall())

        return await self._database.write(work)

    async def let_go(
        self, upload_id: UploadId, holder: str, chunk: StoredChunk | None, at: datetime
    ) -> bool:
        """See the port."""

        def work(connection: sqlite3.Connection) -> bool:
            if not connection.execute(_LET_GO, {"1": upload_id, "2": holder}).rowcount:
                return False
            if chunk is not None:
                connection.execute(_WRITTEN, {"1": upload_id, "2": to_micros(at)})
                row = {"2": chunk.name.text, "3": chunk.size, "4": chunk.digest.text}
                connection.execute(_ADD, {"1": upload_id, **row})
            return True

        return await self._database.write(work)

    async def become(
        self, upload_id: UploadId, holder: str, place: BlobPlace, distrusted: ObjectName | None
    ) -> BlobPlace | None:
        """See the port."""

        def work(connection: sqlite3.Connection) -> BlobPlace | None:
            if not connection.execute(_END, {"1": upload_id, "2": holder}).rowcount:
                return None
            row = connection.execute(_PLACE, {"1": place.digest.text}).fetchone()
            kept = place
            if row is not None and _place(row).name != distrusted:
                kept = replace(_place(row), placed_at=place.placed_at)
            connection.execute(_PUT, _row(kept))
            return kept

        return await self._database.write(work)

    async def discard(self, upload_id: UploadId, holder: str) -> bool:
        """See the port."""
        key = {"1": upload_id, "2": holder}
        return await self._database.write(lambda c: c.execute(_END, key).rowcount > 0)

    async def sweep(self, idle_since: datetime, at: datetime, limit: int) -> Swept:
        """See the port."""
        key = {"1": to_micros(idle_since), "2": to_micros(at), "3": limit}

        def work(connection: sqlite3.Connection) -> Swept:
            idle = connection.execute(_IDLE, key).fetchall()
            names = [
                _chunk(row).name
                for (upload_id,) in idle
                for row in connection.execute(_CHUNKS, {"1": upload_id}).fetchall()
            ]
            for (upload_id,) in idle:
                connection.execute(_FORGET, {"1": upload_id})
            return Swept(len(idle), tuple(names))

        return await self._database.write(work)


class SqliteBlobPlaces:
    """The port `BlobPlaces`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, digest: Digest) -> BlobPlace | None:
        """See the port. One prepared SELECT."""
        row = self._database.fetch_one(_PLACE, {"1": digest.text})
        return None if row is None else _place(row)

    async def after(self, last: str, limit: int) -> tuple[BlobPlace, ...]:
        """See the port."""
        rows = self._database.fetch_all(_AFTER, {"1": last, "2": limit})
        return tuple(_place(row) for row in rows)

    async def note(self, place: BlobPlace) -> bool:
        """See the port."""
        return await self._database.write(lambda c: c.execute(_NOTE, _row(place)).rowcount > 0)

    async def forget(self, place: BlobPlace) -> None:
        """See the port."""
        key = {"1": place.digest.text, "2": place.name.text}
        await self._database.write(lambda c: c.execute(_FORGET_PLACE, key))

    async def drop_unlinked(self, digest: Digest, before: datetime) -> BlobPlace | None:
        """See the port. The transaction keeps all other writers out, in every process."""
        key = {"1": digest.text}

        def work(connection: sqlite3.Connection) -> BlobPlace | None:
            row = connection.execute(_PLACE, key).fetchone()
            gone = connection.execute(_DROP, {**key, "2": to_micros(before)})
            return _place(row) if gone.rowcount else None

        return await self._database.write(work)

    async def strays(self, names: Sequence[ObjectName]) -> tuple[ObjectName, ...]:
        """See the port."""
        return tuple(
            name
            for name in names
            if self._database.fetch_one(_IS_KNOWN, {"1": name.upload, "2": name.text}) is None
        )


def _name(text: str) -> ObjectName:
    upload, _, part = text.partition("/")
    return ObjectName(upload, part)


def _chunk(row: Row) -> StoredChunk:
    return StoredChunk(_name(row[0]), int(row[1]), digest_of(row[2]))


def _place(row: Row) -> BlobPlace:
    return BlobPlace(digest_of(row[0]), _name(row[1]), int(row[2]), from_micros(int(row[3])))


def _row(place: BlobPlace) -> dict[str, object]:
    at = to_micros(place.placed_at)
    return {"1": place.digest.text, "2": place.name.text, "3": place.size, "4": at}
