"""What every pair of `UploadSessions` and `BlobPlaces` promises.

See `content_suite_manifests` for how to use a suite; the fixture here is `rows`.
"""
# ruff: noqa: S101 - a suite asserts

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pratique.naming import Digest, RepositoryName
from pratique.registry import BlobLinks, StorageFailed, UploadBusy, UploadId, UploadUnknown
from pratique.registry.object_ports import (
    BlobPlace,
    BlobPlaces,
    ObjectName,
    StoredChunk,
    UploadSessions,
)
from pratique.testing.content_builders import later
from pratique.testing.loops import in_loop

APP = RepositoryName("team/app")
OTHER = RepositoryName("team/other")
FIRST, SECOND = UploadId("0" * 16), UploadId("1" * 16)
BLOB = Digest.of(b"blob")


@dataclass(frozen=True)
class ObjectRows:
    """The rows under test, of one registry."""

    sessions: UploadSessions
    places: BlobPlaces
    links: BlobLinks

    async def begun(self, upload_id: UploadId = FIRST) -> UploadId:
        """An upload that nobody holds."""
        await self.sessions.create(APP, upload_id, later(0))
        return upload_id

    async def take(
        self, holder: str, at: int, upload_id: UploadId = FIRST
    ) -> tuple[StoredChunk, ...]:
        """Take the upload for ten seconds."""
        return await self.sessions.take(APP, upload_id, holder, later(at), later(at + 10))

    async def place(
        self, part: str, at: int, distrusted: ObjectName | None = None
    ) -> BlobPlace | None:
        """Make a blob of an upload of its own."""
        upload_id = await self.begun(UploadId(f"{at:016x}"))
        await self.take("me", at, upload_id)
        place = BlobPlace(BLOB, ObjectName(upload_id, part), 4, later(at))
        return await self.sessions.become(upload_id, "me", place, distrusted)


def chunk(part: str, content: bytes = b"blob") -> StoredChunk:
    """A chunk of the first upload."""
    return StoredChunk(ObjectName(FIRST, part), len(content), Digest.of(content))


class ObjectRowsSuite:
    """Uploads, leases and places."""

    @in_loop
    async def test_chunks_in_their_order(self, rows: ObjectRows) -> None:
        """Each lease adds one chunk at the end, and the next holder sees all."""
        await rows.begun()
        assert await rows.sessions.received(APP, FIRST) == 0
        for number in range(12):
            assert len(await rows.take(f"holder {number}", number)) == number
            counted = await rows.sessions.let_go(
                FIRST, f"holder {number}", chunk(str(number), b"x" * (number + 1)), later(number)
            )
            assert counted
        chunks = await rows.take("last", 20)
        assert [each.name.part for each in chunks] == [str(number) for number in range(12)]
        assert chunks[3] == chunk("3", b"xxxx")
        assert await rows.sessions.received(APP, FIRST) == sum(range(13))

    @in_loop
    async def test_an_id_is_used_once(self, rows: ObjectRows) -> None:
        """A second upload under a living id is refused."""
        await rows.begun()
        with pytest.raises(StorageFailed):
            await rows.sessions.create(OTHER, FIRST, later(1))
        assert await rows.sessions.received(APP, FIRST) == 0

    @in_loop
    async def test_unknown_elsewhere(self, rows: ObjectRows) -> None:
        """An upload is of its repository alone."""
        await rows.begun()
        for repository, upload_id in ((OTHER, FIRST), (APP, SECOND)):
            with pytest.raises(UploadUnknown):
                await rows.sessions.received(repository, upload_id)
            with pytest.raises(UploadUnknown):
                await rows.sessions.take(repository, upload_id, "me", later(0), later(10))

    @in_loop
    async def test_one_holder_until_the_lease_runs_out(self, rows: ObjectRows) -> None:
        """Others are told to wait; the holder renews; one that is too late has lost it."""
        await rows.begun()
        await rows.take("first", 0)
        with pytest.raises(UploadBusy):
            await rows.take("second", 5)
        await rows.take("first", 5)
        with pytest.raises(UploadBusy):
            await rows.take("second", 14)
        await rows.take("second", 15)
        with pytest.raises(UploadBusy):
            await rows.take("first", 16)
        assert not await rows.sessions.let_go(FIRST, "first", chunk("lost"), later(16))
        assert not await rows.sessions.discard(FIRST, "first")
        place = BlobPlace(BLOB, ObjectName(FIRST, "lost"), 4, later(16))
        assert await rows.sessions.become(FIRST, "first", place, None) is None
        assert await rows.places.find(BLOB) is None
        assert await rows.sessions.let_go(FIRST, "second", chunk("kept"), later(16))
        assert await rows.take("third", 17) == (chunk("kept"),)

    @in_loop
    async def test_what_is_let_go_is_free(self, rows: ObjectRows) -> None:
        """Without a chunk nothing is added."""
        await rows.begun()
        await rows.take("first", 0)
        assert await rows.sessions.let_go(FIRST, "first", None, later(1))
        assert not await rows.sessions.let_go(FIRST, "first", chunk("late"), later(1))
        assert await rows.take("second", 1) == ()

    @in_loop
    async def test_discarded_is_gone(self, rows: ObjectRows) -> None:
        """Nobody knows the upload or its objects any more."""
        await rows.begun()
        await rows.take("me", 0)
        await rows.sessions.let_go(FIRST, "me", chunk("a"), later(0))
        await rows.take("me", 1)
        assert await rows.sessions.discard(FIRST, "me")
        with pytest.raises(UploadUnknown):
            await rows.sessions.received(APP, FIRST)
        names = [chunk("a").name, ObjectName(SECOND, "b")]
        assert await rows.places.strays(names) == tuple(names)

    @in_loop
    async def test_becomes_a_blob_once(self, rows: ObjectRows) -> None:
        """The first object of a blob holds it on; it counts as placed when it was pushed last."""
        first = await rows.place("a", 1)
        assert first == await rows.places.find(BLOB)
        second = await rows.place("b", 5)
        assert first is not None
        assert second == BlobPlace(BLOB, first.name, 4, later(5))
        assert await rows.places.find(BLOB) == second
        with pytest.raises(UploadUnknown):
            await rows.sessions.received(APP, UploadId(f"{5:016x}"))

    @in_loop
    async def test_an_object_that_is_distrusted_is_replaced(self, rows: ObjectRows) -> None:
        """And only that one."""
        first = await rows.place("a", 1)
        assert first is not None
        second = await rows.place("b", 5, first.name)
        assert second is not None
        assert (second.name.part, second) == ("b", await rows.places.find(BLOB))
        third = await rows.place("c", 9, first.name)
        assert third is not None
        assert third.name == second.name

    @in_loop
    async def test_knows_which_objects_are_strays(self, rows: ObjectRows) -> None:
        """Those of uploads that go on are none, also before they count; nor are those of blobs."""
        place = await rows.place("a", 1)
        assert place is not None
        await rows.begun()
        names = [
            place.name,
            ObjectName(place.name.upload, "left over"),
            ObjectName(FIRST, "on its way"),
            ObjectName(SECOND, "of nobody"),
        ]
        assert await rows.places.strays(names) == (names[1], names[3])
        assert await rows.places.strays([]) == ()

    @in_loop
    async def test_drops_what_is_old_and_not_linked(self, rows: ObjectRows) -> None:
        """Both are looked at in the step that drops."""
        place = await rows.place("a", 1)
        assert place is not None
        assert await rows.places.drop_unlinked(BLOB, later(1)) is None
        await rows.links.link(APP, BLOB, 4, later(1))
        assert await rows.places.drop_unlinked(BLOB, later(100)) is None
        await rows.links.unlink(APP, BLOB)
        assert await rows.places.drop_unlinked(BLOB, later(100)) == place
        assert await rows.places.find(BLOB) is None
        assert await rows.places.drop_unlinked(BLOB, later(100)) is None

    @in_loop
    async def test_copies_are_noted_once(self, rows: ObjectRows) -> None:
        """The first object of a blob holds it on, until it is said that this one does no more."""
        first, second = (BlobPlace(BLOB, ObjectName("copy", part), 4, later(1)) for part in "ab")
        assert await rows.places.note(first)
        assert not await rows.places.note(second)
        assert await rows.places.find(BLOB) == first
        await rows.places.forget(second)
        assert await rows.places.find(BLOB) == first
        await rows.places.forget(first)
        assert await rows.places.find(BLOB) is None
        assert await rows.places.note(second)

    @in_loop
    async def test_lists_places_by_digest(self, rows: ObjectRows) -> None:
        """Page by page, each once."""
        digests = sorted((Digest.of(b"%d" % n) for n in range(7)), key=str)
        for number, digest in enumerate(digests):
            upload_id = await rows.begun(UploadId(f"{number:016x}"))
            await rows.take("me", 0, upload_id)
            place = BlobPlace(digest, ObjectName(upload_id, "a"), 1, later(0))
            await rows.sessions.become(upload_id, "me", place, None)
        last = ""
        found: list[BlobPlace] = []
        while page := await rows.places.after(last, 3):
            found += page
            last = page[-1].digest.text
        assert [place.digest for place in found] == digests

    @in_loop
    async def test_sweeps_what_is_idle(self, rows: ObjectRows) -> None:
        """Not what somebody holds, nor what got a chunk since, and not more than was asked for."""
        await rows.begun(FIRST)
        await rows.take("me", 1)
        await rows.sessions.let_go(FIRST, "me", chunk("a"), later(5))
        await rows.begun(SECOND)
        await rows.take("me", 1, SECOND)
        for idle_since, at in ((5, 5), (1, 100)):
            assert (await rows.sessions.sweep(later(idle_since), later(at), 10)).uploads == (
                1 if at == 100 else 0
            )
        with pytest.raises(UploadUnknown):
            await rows.sessions.received(APP, SECOND)
        swept = await rows.sessions.sweep(later(6), later(100), 10)
        assert (swept.uploads, swept.names) == (1, (chunk("a").name,))
        for number in range(5):
            await rows.begun(UploadId(f"{number:016x}"))
        counts = [(await rows.sessions.sweep(later(1), later(100), 3)).uploads for _ in range(3)]
        assert counts == [3, 2, 0]
