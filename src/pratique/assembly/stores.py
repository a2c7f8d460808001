"""Which stores `Places` means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pratique.assembly.bundles import BlobStores, Foundation, RowStores
from pratique.assembly.on_disk import blobs_on_disk, foundation_on_disk, rows_on_disk
from pratique.observability import Meter
from pratique.registry import StorageFailed
from pratique.settings import Places


@contextmanager
def foundation(places: Places, *, lay: bool) -> Iterator[Foundation | None]:
    """The rows of a registry that may not be there yet; see `foundation_on_disk`.

    Raises:
        StorageFailed: they are wanted where this version cannot keep them.
    """
    if places.database is not None or places.blobs is not None:
        raise StorageFailed(
            "this version keeps everything in the folder alone; leave out --database and --blobs"
        )
    with foundation_on_disk(places.data, lay=lay) as found:
        yield found


def row_stores(places: Places, meter: Meter | None) -> RowStores:
    """The rows of a registry that was prepared; see `rows_on_disk`."""
    return rows_on_disk(places.data, meter)


def blob_stores(places: Places) -> BlobStores:
    """The blobs of a registry; see `blobs_on_disk`."""
    return blobs_on_disk(places.data)
