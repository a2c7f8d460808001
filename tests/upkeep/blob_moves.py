"""A registry whose blobs are moved: opened as servers open it, and looked at from outside."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import cast

from tests.upkeep.stage import Image, can_be_pulled, push_image

from pratique.admission import Snapshots
from pratique.assembly import move_blobs, new_id, now
from pratique.assembly.opening import owner_of
from pratique.assembly.stores import blob_stores, row_stores
from pratique.naming import Digest
from pratique.registry import UploadId
from pratique.registry.blob_moves import BlobKind, BlobsMoved, Extent, Progress
from pratique.settings import Places
from pratique.testing.content_stores import ContentStores, RowsToCollect

# Its layer comes before all others in the order of digests, so whoever goes through these in their
# order and has begun does not meet it.
FIRST = Image(
    "team/first",
    "v1",
    (next(c for c in map(str.encode, map(str, count())) if Digest.of(c).hex.startswith("0000")),),
)


def quiet(_stage: str, _blobs: int, _bytes: int, _extent: Extent) -> None:
    """Tell nobody."""


def nobody_waits() -> None:
    """Fail: no collection runs."""
    raise AssertionError("somebody has the turn to collect")


def to_objects(places: Places, address: str, told: Progress = quiet) -> BlobsMoved:
    """Move blobs from the folder's files to an object store."""
    return move_blobs(places, address, BlobKind.OBJECTS, told, nobody_waits)


def to_files(places: Places, address: str, told: Progress = quiet) -> BlobsMoved:
    """Move blobs back to files."""
    return move_blobs(places, address, BlobKind.FILES, told, nobody_waits)


@contextmanager
def opened(places: Places) -> Iterator[ContentStores]:
    """The stores of a registry, as a server that is started with these places has them.

    Raises:
        StorageFailed: such a server would not start.
    """
    rows = row_stores(places, None)
    try:
        blobs = blob_stores(places, rows)
        snapshots = Snapshots(rows.ledger)
        try:
            asyncio.run(blobs.begin(lambda: owner_of(snapshots)))
            yield ContentStores(
                rows.manifests,
                rows.links,
                blobs.contents,
                blobs.area,
                rows.catalogue,
                rows.items,
                # The same object keeps both promises.
                cast("RowsToCollect", rows.leftovers),
                blobs.bin,
                now,
                clock=now,
                new_id=lambda: UploadId(new_id()),
            )
        finally:
            blobs.close()
    finally:
        rows.close()


def pushes(stores: ContentStores, one: Image) -> None:
    """Push an image by a server that has these stores open, from wherever this is called.

    Raises:
        ContentError: the registry refused.
    """
    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, push_image(stores.registry(), one)).result()


def pulls(stores: ContentStores, one: Image) -> bool:
    """Whether the image can be pulled by such a server, and is what was pushed."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, can_be_pulled(stores.registry(), one)).result()


def files_in(data: Path) -> dict[str, bytes]:
    """All files of blobs in a folder."""
    blobs = data / "blobs"
    return {
        path.relative_to(blobs).as_posix(): path.read_bytes()
        for path in sorted(blobs.rglob("*"))
        if path.is_file()
    }
