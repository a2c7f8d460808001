"""Blobs on their way out, and objects that nothing knows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from pratique.naming import Digest
from pratique.registry.object_ports import BlobPlace, BlobPlaces
from pratique.storage.blobs.objects.bucket import Bucket

# Nothing that is right needs this time; it is for an operator who restored the wrong database.
STRAY_AGE: Final = timedelta(days=7)
_LOOKED_AT: Final = 4096


class ObjectBin:
    """The port `BlobBin`.

    To throw away is only noted. `empty` decides again, in one step with the look at links and at
    the time of the last push, and only then deletes the object. A push that comes meanwhile has
    made the place young or put its own object there, under another name.

    Args:
        bucket: where the objects are.
        places: which object holds what.
        clock: the time now, with a time zone.
    """

    def __init__(self, bucket: Bucket, places: BlobPlaces, clock: Callable[[], datetime]) -> None:
        self._bucket = bucket
        self._places = places
        self._clock = clock
        self._looked_at: OrderedDict[Digest, BlobPlace] = OrderedDict()
        self._thrown: dict[Digest, datetime] = {}

    async def after(self, last: str, limit: int) -> tuple[tuple[Digest, ...], str | None]:
        """See the port. The order is that of the digests."""
        places = await self._places.after(last, limit)
        for place in places:
            self._looked_at[place.digest] = place
            self._looked_at.move_to_end(place.digest)
        while len(self._looked_at) > max(_LOOKED_AT, limit):
            self._looked_at.popitem(last=False)
        digests = tuple(place.digest for place in places)
        return digests, digests[-1].text if len(digests) == limit else None

    async def size_if_older(self, digest: Digest, before: datetime) -> int | None:
        """See the port."""
        place = await self._places.find(digest)
        return place.size if place is not None and place.placed_at < before else None

    def throw_away(self, digest: Digest, before: datetime) -> int | None:
        """See the port. Knows what `after` gave lately, and asks nobody."""
        place = self._looked_at.get(digest)
        if place is None or place.placed_at >= before:
            return None
        self._thrown[digest] = before
        return place.size

    async def empty(self) -> None:
        """See the port. Deletes objects that no row knows, too."""
        while self._thrown:
            digest, before = self._thrown.popitem()
            self._looked_at.pop(digest, None)
            place = await self._places.drop_unlinked(digest, before)
            if place is not None:
                await self._bucket.delete([place.name])
        await self._delete_strays()

    async def _delete_strays(self) -> None:
        before = self._clock() - STRAY_AGE
        async for page in self._bucket.listed():
            old = [each.name for each in page if each.modified_at < before]
            # INVARIANT: what no row knows, no row will know: an upload ends in the same step in
            # which its blob is placed, and its id is never given again.
            await self._bucket.delete(await self._places.strays(old))
