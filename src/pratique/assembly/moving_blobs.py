"""The move of a registry's blobs between a folder and an object store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

from pratique.admission import Snapshots
from pratique.assembly.bundles import RowStores
from pratique.assembly.moving import refuse_moved
from pratique.assembly.on_objects import bucket_at
from pratique.assembly.opening import owner_of
from pratique.assembly.sources import new_id, now
from pratique.assembly.stores import row_stores
from pratique.naming import Digest, RepositoryName
from pratique.registry.blob_moves import BlobKind, BlobMove, BlobsAt, BlobsMoved, Progress
from pratique.settings import Places
from pratique.storage.blobs.filesystem import FilesystemBlobs, FilesystemMoving, uploads_in

_THREADS: Final = 8
_HOLDERS: Final = 3


def move_blobs(
    places: Places, address: str, kind: BlobKind, told: Progress, waiting: Callable[[], None]
) -> BlobsMoved:
    """Move all blobs of a registry that was prepared; nothing is deleted where they were.

    Args:
        places: the folder with the files, and the rows.
        address: of the object store.
        kind: what the blobs shall be.
        told: is told how far it has come.
        waiting: called when a collection runs, before this waits for its end.

    Raises:
        StorageFull, StorageFailed: see `BlobMove.run`.
    """
    refuse_moved(places)
    bucket = bucket_at(address)
    from pratique.storage.blobs.objects import ObjectsMoving, Sender  # noqa: PLC0415 - an extra

    with ExitStack() as opened:
        rows = row_stores(places, None)
        opened.callback(rows.close)
        pool = opened.enter_context(ThreadPoolExecutor(_THREADS, thread_name_prefix="moving"))
        blobs = FilesystemBlobs.open(places.data)
        files = FilesystemMoving(blobs, uploads_in(places.data), pool, new_id)
        sender = Sender(bucket, None)
        opened.callback(sender.close)
        objects = ObjectsMoving(bucket, rows.blob_places, sender, now, new_id)
        snapshots = Snapshots(rows.ledger)
        home = rows.blob_home(BlobsAt(kind, address))
        opened.enter_context(rows.turn.held(waiting))

        async def run() -> BlobsMoved:
            owner = owner_of(snapshots)
            if kind is BlobKind.FILES:
                await bucket.require(owner)
                move = BlobMove(home, objects, files, _holders(rows), told)
            else:
                await bucket.require_room(owner)
                await bucket.claim(owner)
                await bucket.check(new_id())
                move = BlobMove(home, files, objects, _holders(rows), told)
            return await move.run()

        return asyncio.run(run())


def take_back_blobs(places: Places) -> None:
    """Let blobs be taken where they are, after a move that was killed; else change nothing.

    Raises:
        StorageFull, StorageFailed: the rows cannot be written.
    """
    with ExitStack() as opened:
        rows = row_stores(places, None)
        opened.callback(rows.close)
        at = rows.blobs_at()
        if at is None:
            return
        files = at.kind is BlobKind.FILES
        to = BlobsAt(BlobKind.OBJECTS if files else BlobKind.FILES, at.address)
        asyncio.run(rows.blob_home(to).reopen())


def _holders(rows: RowStores) -> Callable[[Digest], Awaitable[tuple[RepositoryName, ...]]]:
    return lambda digest: rows.links.holders(digest, _HOLDERS)
