"""The stores of content, opened for tests; all of them keep the same promises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Protocol

from pratique.registry import (
    BlobBin,
    BlobContents,
    BlobLinks,
    Catalogue,
    Collection,
    Items,
    Leftovers,
    ManifestStore,
    Registry,
    Remains,
    StandingRegistries,
    UploadArea,
    UploadId,
)
from pratique.storage.blobs.filesystem import FilesystemBin, FilesystemBlobs, FilesystemUploads
from pratique.storage.blobs.memory import MemoryBlobs, MemoryUploads
from pratique.storage.metadata.memory import (
    ContentRows,
    MemoryBlobLinks,
    MemoryCatalogue,
    MemoryItems,
    MemoryLeftovers,
    MemoryManifests,
)
from pratique.storage.metadata.sqlite import (
    Database,
    SqliteBlobLinks,
    SqliteCatalogue,
    SqliteItems,
    SqliteLeftovers,
    SqliteManifests,
)
from pratique.testing.content_builders import later


class SteppingClock:
    """A clock that goes on by one second each time it is read."""

    def __init__(self) -> None:
        self._seconds = count()

    def __call__(self) -> datetime:
        """The next second."""
        return later(next(self._seconds))


class CountedIds:
    """Ids for uploads, one after the other.

    Args:
        prefix: hexadecimal; sets the ids of two processes apart.
    """

    def __init__(self, prefix: str = "0") -> None:
        self._prefix = prefix
        self._numbers = count()

    def __call__(self) -> UploadId:
        """The next id."""
        return UploadId(f"{self._prefix}{next(self._numbers):015x}")


class RowsToCollect(Leftovers, Remains, Protocol):
    """What every store that is collected from keeps both promises of."""


@dataclass(frozen=True)
class ContentStores:
    """One set of stores that belong together, with a clock and ids of its own.

    Attributes:
        area_time: the time now by which the uploads in `area` and the bytes in `bin` grow old.
    """

    manifests: ManifestStore
    links: BlobLinks
    contents: BlobContents
    area: UploadArea
    catalogue: Catalogue
    items: Items
    leftovers: RowsToCollect
    bin: BlobBin
    area_time: Callable[[], datetime]
    clock: Callable[[], datetime] = field(default_factory=SteppingClock)
    new_id: Callable[[], UploadId] = field(default_factory=CountedIds)

    def registry(self, *, accept_sparse: bool = True) -> Registry:
        """The operations on these stores."""
        return Registry.build(
            manifests=self.manifests,
            links=self.links,
            contents=self.contents,
            area=self.area,
            catalogue=self.catalogue,
            items=self.items,
            clock=self.clock,
            new_id=self.new_id,
            accept_sparse=accept_sparse,
        )

    def collection(
        self,
        clock: Callable[[], datetime],
        step: int = 3,
        registries: Callable[[], Awaitable[frozenset[str]]] | None = None,
    ) -> Collection:
        """Collection in these stores, in small steps; `registries` gives the ids of those there."""
        standing = None if registries is None else StandingRegistries(self.leftovers, registries)
        return Collection(self.leftovers, self.bin, self.area, clock, step, standing)


def memory_stores(area_time: Callable[[], datetime] = lambda: later(0)) -> ContentStores:
    """Stores in memory, empty.

    Args:
        area_time: the time now of uploads and bytes.
    """
    rows = ContentRows()
    blobs = MemoryBlobs()
    return ContentStores(
        MemoryManifests(rows),
        MemoryBlobLinks(rows),
        blobs,
        MemoryUploads(blobs, area_time),
        MemoryCatalogue(rows),
        MemoryItems(rows),
        MemoryLeftovers(rows),
        blobs,
        area_time,
    )


@contextmanager
def filesystem_stores(data: Path, id_prefix: str = "0") -> Iterator[ContentStores]:
    """Stores in a folder, as one process has them open; several may be open at once."""
    data.mkdir(exist_ok=True)
    database = Database.open(data / "pratique.db")
    try:
        blobs = FilesystemBlobs.open(data)
        area = FilesystemUploads.open(data, blobs)
        try:
            yield ContentStores(
                SqliteManifests(database),
                SqliteBlobLinks(database),
                blobs,
                area,
                SqliteCatalogue(database),
                SqliteItems(database),
                SqliteLeftovers(database),
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
