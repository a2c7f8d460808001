"""Stores in an object store: blobs as objects, which rows tell apart."""

from __future__ import annotations

import os
from collections.abc import Callable

from pratique.assembly.bundles import BlobStores, RowStores
from pratique.assembly.on_disk import refuse_blobs_in_files
from pratique.assembly.sources import new_id, now
from pratique.registry import StorageFailed
from pratique.settings import Places


def blobs_in_objects(places: Places, url: str, rows: RowStores) -> BlobStores:
    """The blobs of a bucket. Open them after a fork, never before.

    Args:
        places: where the registry is kept.
        url: which bucket, and the part of it that is this registry's.
        rows: what knows of objects and uploads.

    Raises:
        StorageFailed: the address cannot be used, or what is needed for it is not installed.
    """
    try:
        from pratique.storage.blobs.objects import (  # noqa: PLC0415 - an extra, loaded when used
            ADDRESS_LIFETIME,
            NoSuchPlace,
            ObjectBin,
            ObjectBlobs,
            ObjectUploads,
            open_bucket,
        )
    except ModuleNotFoundError as error:
        raise StorageFailed(
            f"blobs in an object store need `{error.name}`, which is not installed: "
            "pip install 'pratique[objects]'"
        ) from error
    try:
        bucket = open_bucket(url, os.environ)
    except NoSuchPlace as error:
        raise StorageFailed(str(error)) from error
    uploads = ObjectUploads(bucket, rows.sessions, rows.blob_places, now, new_id)

    async def begin(owner: Callable[[], str]) -> None:
        refuse_blobs_in_files(places.data)
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
