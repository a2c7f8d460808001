"""Objects as what blobs are moved from or to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime

from pratique.naming import Digest
from pratique.naming.digests import new_hasher
from pratique.registry import SizeMismatch, StorageFailed
from pratique.registry.backup.ports import BlobSize
from pratique.registry.blob_moves import BlobNotWhole
from pratique.registry.object_ports import BlobPlace, BlobPlaces, ObjectName
from pratique.storage.blobs.objects.bucket import Bucket
from pratique.storage.blobs.objects.finishing import to_the_end
from pratique.storage.blobs.objects.sending import Sender


class ObjectsMoving:
    """The ports `BlobSource` and `BlobTarget`.

    Each copy has a name that is used once, as uploads have. What a process that is killed leaves
    is known to no row, so collection finds it when it is old.

    Args:
        bucket: where the objects are.
        places: which object holds what.
        sender: writes to that bucket.
        clock: the time now, with a time zone.
        new_id: a fresh id, never given before.
    """

    def __init__(
        self,
        bucket: Bucket,
        places: BlobPlaces,
        sender: Sender,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._bucket = bucket
        self._places = places
        self._sender = sender
        self._clock = clock
        self._new_id = new_id

    async def read(self, blob: BlobSize) -> AsyncGenerator[bytes, None]:
        """See the port."""
        place = await self._places.find(blob.digest)
        if place is None:
            raise BlobNotWhole("is missing: no row says which object holds it")
        found = await self._bucket.size(place.name)
        if found is None:
            raise BlobNotWhole(f"is missing: there is no object {place.name.text}")
        if found != blob.size:
            raise BlobNotWhole(f"has {found} bytes instead of {blob.size}")
        if blob.size:
            async for piece in await self._bucket.read(place.name, 0, blob.size):
                yield piece

    async def has(self, blob: BlobSize, *, closely: bool) -> bool:
        """See the port. Closely is to ask the store for its size: an object never changes."""
        place = await self._places.find(blob.digest)
        if place is None:
            return False
        if not closely:
            return True
        if place.size == blob.size == await self._bucket.size(place.name):
            return True
        await self._places.forget(place)
        return False

    async def take(self, blob: BlobSize, content: AsyncIterator[bytes]) -> None:
        """See the port."""
        name = ObjectName(self._new_id(), self._new_id())
        # INVARIANT: no row is written within; one that may have been is of an object that stays.
        try:
            await self._send(name, blob, content)
        except BaseException:
            await to_the_end(self._delete(name))
            raise
        noted = await self._places.note(BlobPlace(blob.digest, name, blob.size, self._clock()))
        if not noted:
            await self._delete(name)

    async def _send(self, name: ObjectName, blob: BlobSize, content: AsyncIterator[bytes]) -> None:
        hasher = new_hasher(blob.digest.algorithm)
        try:
            size = await self._sender.send(name, content, blob.size, hasher)
        except SizeMismatch as error:
            raise BlobNotWhole(f"has {error.received} bytes instead of {blob.size}") from error
        if Digest.from_hasher(blob.digest.algorithm, hasher) != blob.digest:
            raise BlobNotWhole("has other bytes than its digest says")
        if not size:
            await self._bucket.put(name, b"")
        found = await self._bucket.size(name)
        if found != blob.size:
            raise StorageFailed(
                f"{self._bucket.place}: {name.text} has {found} bytes instead of {blob.size}"
            )

    async def _delete(self, name: ObjectName) -> None:
        # What stays is found by collection: no row knows it.
        with suppress(StorageFailed):
            await self._bucket.delete([name])
