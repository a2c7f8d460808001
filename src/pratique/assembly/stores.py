"""Which stores `Places` means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pratique.assembly.bundles import BlobStores, Foundation, RowStores
from pratique.assembly.on_disk import (
    blobs_on_disk,
    foundation_on_disk,
    rows_on_disk,
)
from pratique.assembly.on_objects import blobs_in_objects
from pratique.observability import Meter
from pratique.settings import Places


@contextmanager
def foundation(places: Places, *, lay: bool) -> Iterator[Foundation | None]:
    """The rows of a registry that may not be there yet; see `foundation_on_disk`.

    Raises:
        StorageFailed: they cannot be reached.
    """
    if places.database is not None:
        from pratique.assembly.on_postgres import foundation_on_postgres  # noqa: PLC0415 - an extra

        with foundation_on_postgres(places.database) as rows:
            yield rows
        return
    with foundation_on_disk(places.data, lay=lay) as found:
        yield found


def row_stores(places: Places, meter: Meter | None) -> RowStores:
    """The rows of a registry that was prepared. Open them after a fork, never before.

    Raises:
        StorageFailed: they cannot be reached, are damaged, or of a newer version.
    """
    if places.database is not None:
        from pratique.assembly.on_postgres import rows_on_postgres  # noqa: PLC0415 - an extra

        return rows_on_postgres(places.database, places.node_mark)
    return rows_on_disk(places.data, meter)


def blob_stores(places: Places, rows: RowStores) -> BlobStores:
    """The blobs of a registry. Open them after a fork, never before.

    Args:
        places: where they are.
        rows: the registry's rows.

    Raises:
        StorageFull, StorageFailed: they cannot be used.
    """
    if places.blobs is not None:
        return blobs_in_objects(places, places.blobs, rows)
    return blobs_on_disk(places.data, rows)
