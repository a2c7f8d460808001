"""Every order of the steps of a push and of a collection of the same blob, walked through.

The steps are what happens at once: a row written in one transaction, or one request to the
store. Whatever comes between them, a blob that was linked can be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from pratique.naming import Digest, RepositoryName
from pratique.registry import BlobLinks, Leftovers, UploadId
from pratique.registry.object_ports import BlobPlace, BlobPlaces, ObjectName, UploadSessions
from pratique.storage.blobs.objects import Bucket, ObjectBin, ObjectBlobs
from pratique.storage.metadata.memory import ContentRows, MemoryBlobLinks, MemoryLeftovers
from pratique.storage.metadata.memory.upload_sessions import MemoryUploadSessions
from pratique.storage.metadata.sqlite import Database, SqliteBlobLinks, SqliteLeftovers
from pratique.storage.metadata.sqlite.upload_sessions import (
    SqliteBlobPlaces,
    SqliteUploadSessions,
)
from pratique.testing.content_builders import later
from pratique.testing.content_suite_uploads import content_of

APP = RepositoryName("team/app")
BLOB = Digest.of(b"blob")
# The first push was long ago; the second one is now, and younger than what may go.
LONG_AGO, MAY_GO, NOW = 0, 1000, 5000
PUSH_STEPS, COLLECTION_STEPS = 5, 7
ORDERS = list(combinations(range(PUSH_STEPS + COLLECTION_STEPS), PUSH_STEPS))


@dataclass
class World:
    """One registry with a blob that nothing links any more."""

    bucket: Bucket
    sessions: UploadSessions
    places: BlobPlaces
    links: BlobLinks
    leftovers: Leftovers

    async def push(self, number: int, at: int) -> AsyncIterator[str]:
        """A push, as `ObjectUploads` and `Uploads` do it."""
        upload_id = UploadId(f"{number:016x}")
        await self.sessions.create(APP, upload_id, later(at))
        await self.sessions.take(APP, upload_id, "me", later(at), later(at + 60))
        name = ObjectName(upload_id, "a")
        await self.bucket.put(name, b"blob")
        yield "object written"
        there = await self.places.find(BLOB)
        distrusted = None
        if there is not None and await self.bucket.size(there.name) != there.size:
            distrusted = there.name
        yield "looked for another object"
        place = BlobPlace(BLOB, name, 4, later(at))
        chosen = await self.sessions.become(upload_id, "me", place, distrusted)
        assert chosen is not None
        yield "placed"
        await self.bucket.delete({name, *([distrusted] if distrusted else [])} - {chosen.name})
        yield "the other object deleted"
        await self.links.link(APP, BLOB, 4, later(at))
        yield "linked"

    async def collect(self) -> AsyncIterator[str]:
        """A collection, as `Collection` and `ObjectBin` do it."""
        bin_ = ObjectBin(self.bucket, self.places, lambda: later(NOW))
        await bin_.after("", 10)
        yield "listed"
        unlinked = await self.leftovers.unlinked([BLOB])
        yield "looked at links"
        if unlinked:
            await self.leftovers.forget_unlinked(BLOB, lambda: bin_.throw_away(BLOB, later(MAY_GO)))
        yield "thrown away"
        dropped = await self.places.drop_unlinked(BLOB, later(MAY_GO)) if unlinked else None
        yield "dropped"
        if dropped is not None:
            await self.bucket.delete([dropped.name])
        yield "object deleted"
        async for page in self.bucket.listed():
            names = [each.name for each in page]
            yield "listed objects"
            strays = await self.places.strays(names)
            yield "found the strays"
            await self.bucket.delete(strays)


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Rows and a bucket, empty."""
    store = MemoryStore()
    bucket = Bucket(store, store, None, "the memory")
    if request.param == "memory":
        rows = ContentRows()
        both = MemoryUploadSessions(rows)
        yield World(bucket, both, both, MemoryBlobLinks(rows), MemoryLeftovers(rows))
    else:
        with closing(Database.open(tmp_path / "pratique.db")) as database:
            yield World(
                bucket,
                SqliteUploadSessions(database),
                SqliteBlobPlaces(database),
                SqliteBlobLinks(database),
                SqliteLeftovers(database),
            )


@pytest.mark.parametrize("loses_its_object", [False, True])
def test_in_every_order(world: World, *, loses_its_object: bool) -> None:
    """A pushed blob is whole at the end, with the object of the first push or its own."""

    async def walk() -> None:
        for number, order in enumerate(ORDERS):
            async for _ in world.push(2 * number, LONG_AGO):
                pass
            await world.links.unlink(APP, BLOB)
            if loses_its_object:
                there = await world.places.find(BLOB)
                assert there is not None
                await world.bucket.delete([there.name])
            push, collection = world.push(2 * number + 1, NOW), world.collect()
            for step in range(PUSH_STEPS + COLLECTION_STEPS):
                # Where there is no object to be listed, a collection has fewer steps.
                await anext(push if step in order else collection, None)
            assert [step async for step in push] == []
            assert [step async for step in collection] == []
            blob = await ObjectBlobs(world.bucket, world.places, None).locate(BLOB, 4)
            assert content_of(blob) == b"blob", order
            assert await world.links.size(APP, BLOB) == 4
            await _forget_all(world)

    asyncio.run(walk())


async def _forget_all(world: World) -> None:
    await world.links.unlink(APP, BLOB)
    await world.places.drop_unlinked(BLOB, later(NOW + 1))
    async for page in world.bucket.listed():
        await world.bucket.delete([each.name for each in page])
