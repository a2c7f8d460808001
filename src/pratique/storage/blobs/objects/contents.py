"""Finished blobs in a bucket, found by their rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from pratique.naming import Digest
from pratique.registry import StorageFailed, StoredBlob
from pratique.registry.object_ports import BlobPlace, BlobPlaces
from pratique.storage.blobs.objects.bucket import Bucket

# Long enough for a client that waits its turn to begin; a download that has begun goes on.
ADDRESS_LIFETIME: Final = timedelta(minutes=2)


class ObjectBlobs:
    """The port `BlobContents`.

    A row says where a blob is, and was written when its object was whole. So no request is made
    to find a blob; whether the object is there still shows when it is read or asked about.

    Args:
        bucket: where the objects are.
        places: which object holds what.
        lifetime: for how long an address given to a client is good; None to give none, and have
            all bytes go through here.
    """

    def __init__(
        self, bucket: Bucket, places: BlobPlaces, lifetime: timedelta | None = ADDRESS_LIFETIME
    ) -> None:
        self._bucket = bucket
        self._places = places
        self._lifetime = lifetime

    async def locate(self, digest: Digest, size: int) -> StoredBlob:
        """See the port."""
        place = await self._places.find(digest)
        if place is None:
            raise StorageFailed(f"no row says which object holds the blob {digest}")
        if place.size != size:
            raise StorageFailed(
                f"the object of blob {digest} has {place.size} bytes instead of {size}"
            )
        away = ObjectBlob(self._bucket, place, self._lifetime)
        return StoredBlob(digest, size, None, None, away)


class ObjectBlob:
    """The port `BlobElsewhere`, for one blob in a bucket."""

    def __init__(self, bucket: Bucket, place: BlobPlace, lifetime: timedelta | None) -> None:
        self._bucket = bucket
        self._place = place
        self._lifetime = lifetime

    async def address(self) -> str | None:
        """See the port."""
        if self._lifetime is None:
            return None
        return await self._bucket.address(self._place.name, self._lifetime)

    async def open(self, start: int, end: int) -> AsyncIterator[bytes]:
        """See the port."""
        if start == end:
            return _Nothing()
        return await self._bucket.read(self._place.name, start, end)

    async def confirm(self) -> None:
        """See the port."""
        found = await self._bucket.size(self._place.name)
        if found != self._place.size:
            raise StorageFailed(
                f"{self._bucket.place}: the object {self._place.name.text} of the blob "
                f"{self._place.digest} has {found} bytes instead of {self._place.size}"
            )


class _Nothing:
    def __aiter__(self) -> _Nothing:
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration
