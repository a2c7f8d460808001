"""Content whose rows are in PostgreSQL, and its bytes in a folder or in objects, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from obstore.store import MemoryStore

from pratique.assembly import new_id
from pratique.assembly.sources import now
from pratique.storage.blobs.filesystem import FilesystemBin, FilesystemBlobs, FilesystemUploads
from pratique.storage.blobs.objects import Bucket, ObjectBin, ObjectBlobs, ObjectUploads
from pratique.storage.metadata.postgres import (
    PostgresBlobLinks,
    PostgresBlobPlaces,
    PostgresCatalogue,
    PostgresDatabase,
    PostgresItems,
    PostgresLeftovers,
    PostgresManifests,
    PostgresUploadSessions,
)
from pratique.testing.content_stores import ContentStores, CountedIds


@contextmanager
def postgres_stores(url: str, data: Path, id_prefix: str = "0") -> Iterator[ContentStores]:
    """Stores as one process has them open; several may be open at once."""
    data.mkdir(exist_ok=True)
    database = PostgresDatabase.open(url)
    try:
        blobs = FilesystemBlobs.open(data)
        area = FilesystemUploads.open(data, blobs)
        try:
            yield ContentStores(
                PostgresManifests(database),
                PostgresBlobLinks(database),
                blobs,
                area,
                PostgresCatalogue(database),
                PostgresItems(database),
                PostgresLeftovers(database),
                FilesystemBin(blobs, area.pool),
                lambda: _time_of_files(data),
                new_id=CountedIds(id_prefix),
            )
        finally:
            area.close()
    finally:
        database.close()


def _time_of_files(folder: Path) -> datetime:
    """The time now, by the clock that stamps files."""
    probe = folder / "probe"
    probe.touch()
    return datetime.fromtimestamp(probe.stat().st_mtime, UTC)


@contextmanager
def postgres_object_stores(url: str) -> Iterator[ContentStores]:
    """Stores whose bytes are objects in this process, and which nothing else holds."""
    database = PostgresDatabase.open(url)
    try:
        memory = MemoryStore()
        bucket = Bucket(memory, memory, None, "the memory")
        places = PostgresBlobPlaces(database)
        area = ObjectUploads(bucket, PostgresUploadSessions(database), places, now, new_id)
        try:
            yield ContentStores(
                PostgresManifests(database),
                PostgresBlobLinks(database),
                ObjectBlobs(bucket, places, lifetime=None),
                area,
                PostgresCatalogue(database),
                PostgresItems(database),
                PostgresLeftovers(database),
                ObjectBin(bucket, places, now),
                now,
                clock=now,
            )
        finally:
            area.close()
    finally:
        database.close()
