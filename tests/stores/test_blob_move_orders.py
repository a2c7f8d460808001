"""Every order of the steps of a push, a deletion and the move of the same blob, walked through.

The steps are what happens at once: a transaction, or bytes that are put in place. Push and deletion
are those of a server that keeps blobs at the old place. Whatever comes between them, a blob that is
linked in the end is at the new one.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from pratique.naming import Digest, RepositoryName
from pratique.registry import StorageFrozen, UploadId
from pratique.registry.blob_moves import BlobKind, BlobsAt
from pratique.registry.object_ports import BlobPlace, ObjectName
from pratique.storage.metadata.sqlite import Database, SqliteBlobLinks, SqliteLeftovers
from pratique.storage.metadata.sqlite.blob_home import SqliteBlobHome
from pratique.storage.metadata.sqlite.upload_sessions import (
    SqliteBlobPlaces,
    SqliteUploadSessions,
)
from pratique.testing.content_builders import later

APP, OTHER = RepositoryName("team/app"), RepositoryName("team/other")
BLOB = Digest.of(b"blob")
# The blob was pushed elsewhere long ago; it is pushed once more now, which keeps it.
LONG_AGO, MAY_GO, NOW = 0, 1000, 5000
MOVE_STEPS = 5
_NUMBERS = count()


@dataclass
class World:
    """One registry with a blob that another repository links.

    Attributes:
        files: times at which they were put in place, by digest.
        objects: that were written and not deleted.
        outcomes: of all pushes that came beside a move.
    """

    database: Database
    files: dict[Digest, int] = field(default_factory=dict)
    objects: set[ObjectName] = field(default_factory=set)
    outcomes: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.links, self.places = SqliteBlobLinks(self.database), SqliteBlobPlaces(self.database)
        self.leftovers = SqliteLeftovers(self.database)
        self.sessions = SqliteUploadSessions(self.database)

    async def push_to_files(self, repository: RepositoryName, at: int) -> AsyncIterator[str]:
        """A push, as `FilesystemUploads` and `Uploads` do it."""
        self.files[BLOB] = at
        yield "put in place"
        try:
            await self.links.link(repository, BLOB, 4, later(at))
        except StorageFrozen:
            self.outcomes.add("refused")
        else:
            self.outcomes.add("acknowledged")
        yield "linked"

    async def push_to_objects(self, repository: RepositoryName, at: int) -> AsyncIterator[str]:
        """A push, as `ObjectUploads` and `Uploads` do it."""
        upload = UploadId(f"{next(_NUMBERS):016x}")
        await self.sessions.create(repository, upload, later(at))
        await self.sessions.take(repository, upload, "me", later(at), later(at + 60))
        name = ObjectName(upload, "a")
        self.objects.add(name)
        yield "object written"
        try:
            await self.sessions.become(upload, "me", BlobPlace(BLOB, name, 4, later(at)), None)
        except StorageFrozen:
            self.outcomes.add("refused")
            return
        yield "placed"
        await self.links.link(repository, BLOB, 4, later(at))
        self.outcomes.add("acknowledged")
        yield "linked"

    async def delete_from_files(self) -> AsyncIterator[str]:
        """The other repository's link goes, and a collection finds what is loose."""
        await self.links.unlink(OTHER, BLOB)

        def throw_away() -> int | None:
            if self.files.get(BLOB, MAY_GO) >= MAY_GO:
                return None
            del self.files[BLOB]
            return 4

        await self.leftovers.forget_unlinked(BLOB, throw_away)
        yield "collected"

    async def delete_from_objects(self) -> AsyncIterator[str]:
        """Likewise, as `ObjectBin` does it; what is refused ends a collection."""
        await self.links.unlink(OTHER, BLOB)
        try:
            dropped = await self.places.drop_unlinked(BLOB, later(MAY_GO))
        except StorageFrozen:
            dropped = None
        self.objects.discard(ObjectName("", "") if dropped is None else dropped.name)
        yield "collected"

    async def move(self, kind: BlobKind) -> AsyncIterator[str]:
        """As `BlobMove` does it."""
        home = SqliteBlobHome(self.database, BlobsAt(kind, "s3://a"))
        await home.begin()
        listed = [blob.digest async for blob in home.every()]
        yield "listed"
        await self._bring(listed, kind)
        yield "copied"
        await home.close()
        yield "closed"
        await self._bring([blob.digest async for blob in home.rest()], kind)
        yield "completed"
        await home.finish()
        yield "finished"

    async def is_at(self, kind: BlobKind) -> bool:
        """Whether the blob is there."""
        if kind is BlobKind.FILES:
            return BLOB in self.files
        place = await self.places.find(BLOB)
        return place is not None and place.name in self.objects

    async def _bring(self, digests: list[Digest], kind: BlobKind) -> None:
        source = BlobKind.FILES if kind is BlobKind.OBJECTS else BlobKind.OBJECTS
        for digest in digests:
            if await self.is_at(kind):
                continue
            if not await self.is_at(source):
                assert not await self.links.holders(digest, 1)
            elif kind is BlobKind.FILES:
                self.files[digest] = NOW
            else:
                name = ObjectName("copy", str(next(_NUMBERS)))
                self.objects.add(name)
                assert await self.places.note(BlobPlace(digest, name, 4, later(NOW)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Rows, empty."""
    with closing(Database.open(tmp_path / "pratique.db")) as database:
        yield World(database)


def _orders(*lengths: int) -> Iterator[tuple[int, ...]]:
    """All orders of so many steps of each, by the number of who makes one."""
    if not any(lengths):
        yield ()
    for who, left in enumerate(lengths):
        if left:
            fewer = (*lengths[:who], left - 1, *lengths[who + 1 :])
            yield from ((who, *rest) for rest in _orders(*fewer))


@pytest.mark.parametrize("kind", list(BlobKind))
def test_in_every_order(world: World, kind: BlobKind) -> None:
    """What is linked at the end is there, and pushes are both acknowledged and refused."""
    to_objects = kind is BlobKind.OBJECTS
    push = world.push_to_files if to_objects else world.push_to_objects
    delete = world.delete_from_files if to_objects else world.delete_from_objects
    lengths = (2 if to_objects else 3, 1, MOVE_STEPS)

    async def walk() -> None:
        for order in _orders(*lengths):
            before = set(world.outcomes)
            async for _ in push(OTHER, LONG_AGO):
                pass
            world.outcomes = before
            actors = (push(APP, NOW), delete(), world.move(kind))
            for who in order:
                # One that is refused has fewer steps.
                await anext(actors[who], None)
            if await world.links.size(APP, BLOB) is not None:
                assert await world.is_at(kind), order
            await _forget_all(world)

    asyncio.run(walk())
    assert world.outcomes == {"acknowledged", "refused"}


async def _forget_all(world: World) -> None:
    """Begin anew, with blobs at the old place."""
    world.files.clear()
    world.objects.clear()

    def work(connection: sqlite3.Connection) -> None:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for table in ("blob_home", "blob_objects", "upload_sessions", "repository_blobs", "blobs"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants

    await world.database.write(work)
