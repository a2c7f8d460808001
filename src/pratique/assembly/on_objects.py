"""Stores in an object store: blobs as objects, which rows tell apart."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pratique.assembly.bundles import BlobStores, RowStores
from pratique.assembly.on_disk import refuse_blobs_in_files
from pratique.assembly.sources import new_id, now
from pratique.registry import StorageFailed
from pratique.registry.blob_moves import BlobKind, BlobsAt
from pratique.settings import Places

if TYPE_CHECKING:
    from pratique.storage.blobs.objects import Bucket

# One object may have been lost at the store.
_LOOKED_FOR: Final = 5


def bucket_at(url: str) -> Bucket:
    """A bucket, which is asked nothing yet.

    Args:
        url: which bucket, and the part of it that is a registry's.

    Raises:
        StorageFailed: the address cannot be used, or what is needed for it is not installed.
    """
    try:
        from pratique.storage.blobs.objects import (  # noqa: PLC0415 - an extra, loaded when used
            NoSuchPlace,
            open_bucket,
        )
    except ModuleNotFoundError as error:
        raise StorageFailed(
            f"blobs in an object store need `{error.name}`, which is not installed: "
            "pip install 'pratique[objects]'"
        ) from error
    try:
        return open_bucket(url, os.environ)
    except NoSuchPlace as error:
        raise StorageFailed(str(error)) from error


def blobs_in_objects(places: Places, url: str, rows: RowStores) -> BlobStores:
    """The blobs of a bucket. Open them after a fork, never before.

    Args:
        places: where the registry is kept.
        url: which bucket, and the part of it that is this registry's.
        rows: what knows of objects and uploads.

    Raises:
        StorageFailed: the address cannot be used, or what is needed for it is not installed.
    """
    bucket = bucket_at(url)
    from pratique.storage.blobs.objects import (  # noqa: PLC0415 - an extra, loaded when used
        ADDRESS_LIFETIME,
        ObjectBin,
        ObjectBlobs,
        ObjectUploads,
    )

    uploads = ObjectUploads(bucket, rows.sessions, rows.blob_places, now, new_id)

    async def begin(owner: Callable[[], str]) -> None:
        at = rows.blobs_at()
        if at is not None and at.kind is BlobKind.FILES:
            raise StorageFailed(
                "the blobs of this registry are files; leave out --blobs on the machine that has "
                f"them, or move them first: pratique migrate-blobs --to-blobs '{url}'"
            )
        if at is None or at.address is None:
            refuse_blobs_in_files(places.data)
        await _refuse_another(bucket, at, rows)
        await bucket.claim(owner())
        await bucket.check(new_id())

    return BlobStores(
        contents=ObjectBlobs(
            bucket, rows.blob_places, ADDRESS_LIFETIME if places.redirects else None
        ),
        area=uploads,
        bin=ObjectBin(bucket, rows.blob_places, now),
        begin=begin,
        works={},
        close=uploads.close,
    )


async def _refuse_another(bucket: Bucket, at: BlobsAt | None, rows: RowStores) -> None:
    """Refuse a bucket that is nobody's yet and holds none of the blobs that the rows know.

    Raises:
        StorageFailed: it is another one than that with the blobs.
    """
    known = await rows.blob_places.after("", _LOOKED_FOR)
    if not known or await bucket.noted() is not None:
        return
    if any([await bucket.size(place.name) is not None for place in known]):
        return
    address = "" if at is None or at.address is None else f": {at.address}"
    raise StorageFailed(
        f"{bucket.place} holds none of the blobs of this registry; name the object store that "
        f"does{address}"
    )
