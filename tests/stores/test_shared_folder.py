"""One folder, opened by two sets of stores as two worker processes have it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import DigestMismatch, RangeOutOfOrder, UploadBusy, UploadUnknown
from pratique.testing.content_builders import image, index, later, push_blob, record
from pratique.testing.content_stores import ContentStores, filesystem_stores
from pratique.testing.content_suite_uploads import LONG, begin, content_of
from pratique.testing.loops import body_of, in_loop, stalled_body
from pratique.testing.verdicts import allowed_on

APP = RepositoryName("team/app")
V1 = Tag("v1")

Pair = tuple[ContentStores, ContentStores]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Two sets of stores on one folder, opened one after the other."""
    with (
        filesystem_stores(tmp_path / "data", "a") as first,
        filesystem_stores(tmp_path / "data", "b") as second,
    ):
        yield first, second


@in_loop
async def test_each_sees_the_others_commits(pair: Pair) -> None:
    """What one has acknowledged, the other finds at once; so too for what is gone."""
    first, second = pair
    for number in range(10):
        kept = record(index(annotations={"n": str(number)}))
        await first.manifests.put(APP, kept, (V1,), later(number))
        found = await second.manifests.find(APP, V1)
        assert found is not None
        assert found.digest == kept.digest
        await second.manifests.untag(APP, V1, later(number))
        assert await first.manifests.find(APP, V1) is None


@in_loop
async def test_an_image_is_pushed_through_both(pair: Pair) -> None:
    """Blobs pushed through one let in a manifest pushed through the other."""
    allowed = allowed_on(APP)
    first, second = (stores.registry() for stores in pair)
    await push_blob(first, allowed, b"{}")
    await push_blob(second, allowed, b"layer")
    await first.manifests.put(allowed, V1, None, image([b"layer"]))
    assert (await second.manifests.locate(allowed, V1)).content == image([b"layer"])


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("pattern", ["aab", "aba", "abb", "abab", "ababa"])
@in_loop
async def test_chunks_land_anywhere(pair: Pair, pattern: str, algorithm: str) -> None:
    """The chunks of one upload may reach either; the digest is right all the same."""
    turns = [pair[letter == "b"] for letter in pattern]
    upload_id = await begin(turns[0])
    step = len(LONG) // len(turns) + 1
    chunks = [LONG[start : start + step] for start in range(0, len(LONG), step)]
    offset = 0
    for turn, chunk in zip(turns[:-1], chunks[:-1], strict=True):
        offset = await turn.area.append(APP, upload_id, body_of([chunk]), offset, len(chunk))
    digest = Digest.of(LONG, algorithm)
    last = turns[-1]
    size = await last.area.finish(
        APP, upload_id, digest, body_of([chunks[-1]]), offset, len(chunks[-1])
    )
    for stores in pair:
        assert content_of(await stores.contents.locate(digest, size)) == LONG


@in_loop
async def test_damage_is_found_by_either(pair: Pair) -> None:
    """A digest remembered by one for its own chunks is not taken for the whole."""
    first, second = pair
    upload_id = await begin(first, b"blob")
    await second.area.append(APP, upload_id, body_of([b"!"]), 4, 1)
    with pytest.raises(DigestMismatch) as refused:
        await first.area.finish(APP, upload_id, Digest.of(b"blob"), None, None, None)
    assert refused.value.actual == Digest.of(b"blob!")


@in_loop
async def test_one_writer_among_both(pair: Pair) -> None:
    """While one writes the other is told to wait, and sees the offset that counts."""
    first, second = pair
    upload_id = await begin(first, b"blo")
    arrived = asyncio.Event()
    request = asyncio.create_task(
        first.area.append(APP, upload_id, stalled_body(LONG, arrived), 3, None)
    )
    await arrived.wait()
    with pytest.raises(UploadBusy):
        await second.area.append(APP, upload_id, body_of([b"b"]), 3, 1)
    with pytest.raises(UploadBusy):
        await second.area.finish(APP, upload_id, Digest.of(b"blo"), None, None, None)
    assert await second.area.offset(APP, upload_id) == 3
    assert await second.area.sweep(second.area_time() + timedelta(hours=1)) == 0
    request.cancel()
    with suppress(asyncio.CancelledError):
        await request
    with pytest.raises(RangeOutOfOrder):
        await second.area.append(APP, upload_id, body_of([b"b"]), 4, 1)
    assert await second.area.append(APP, upload_id, body_of([b"b"]), 3, 1) == 4


@in_loop
async def test_both_finish_one_upload(pair: Pair) -> None:
    """Exactly one of the two does; the blob is whole."""
    for number in range(10):
        content = LONG + b"%d" % number
        upload_id = await begin(pair[0], content)
        digest = Digest.of(content)
        outcomes = await asyncio.gather(
            *(s.area.finish(APP, upload_id, digest, None, None, None) for s in pair),
            return_exceptions=True,
        )
        assert [o for o in outcomes if isinstance(o, int)] == [len(content)]
        (refused,) = (o for o in outcomes if not isinstance(o, int))
        assert isinstance(refused, UploadBusy | UploadUnknown)
        assert content_of(await pair[1].contents.locate(digest, len(content))) == content


@in_loop
async def test_both_write_at_once(pair: Pair) -> None:
    """Many writes of both at once are all kept; a tag that both move points to one of them."""
    pushed = [record(index(annotations={"n": str(n)})) for n in range(60)]
    await asyncio.gather(
        *(
            pair[n % 2].manifests.put(APP, kept, (V1, Tag(f"t{n}")), later(n))
            for n, kept in enumerate(pushed)
        )
    )
    for stores in pair:
        found = await stores.manifests.find(APP, V1)
        assert found is not None
        assert found.digest in {kept.digest for kept in pushed}
        assert len(await stores.catalogue.tags(APP, 100, "")) == 61


@in_loop
async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    """Closing and opening again loses nothing, a half-done upload included."""
    data = tmp_path / "data"
    allowed = allowed_on(APP)
    with filesystem_stores(data) as stores:
        registry = stores.registry()
        digest = await push_blob(registry, allowed, b"{}")
        await registry.manifests.put(allowed, V1, None, image())
        upload_id = await begin(stores, LONG)
    with filesystem_stores(data, "b") as stores:
        registry = stores.registry()
        assert (await registry.manifests.locate(allowed, V1)).content == image()
        assert content_of(await registry.blobs.locate(allowed, digest)) == b"{}"
        assert await stores.area.offset(APP, upload_id) == len(LONG)
        finished = Digest.of(LONG)
        blob = await registry.uploads.finish(allowed, upload_id, finished, None, None, None)
        assert content_of(blob) == LONG


@in_loop
async def test_bytes_lost_by_the_disk(tmp_path: Path) -> None:
    """An upload whose file is shorter than what counts, as after a power failure, is unknown."""
    data = tmp_path / "data"
    with filesystem_stores(data) as stores:
        upload_id = await begin(stores, b"blob")
        os.truncate(data / "uploads" / upload_id, 3)
        with pytest.raises(UploadUnknown):
            await stores.area.append(APP, upload_id, body_of([b"!"]), 4, 1)
        with pytest.raises(UploadUnknown):
            await stores.area.finish(APP, upload_id, Digest.of(b"blo"), None, None, None)


@pytest.mark.parametrize("rest", [b"", b"b"])
@in_loop
async def test_bytes_of_a_killed_writer(tmp_path: Path, rest: bytes) -> None:
    """Bytes that a killed process wrote without counting them become no part of the blob."""
    data = tmp_path / "data"
    with filesystem_stores(data) as stores:
        upload_id = await begin(stores, b"blo")
        with (data / "uploads" / upload_id).open("ab") as file:
            file.write(b"bytes of a killed writer")
        assert await stores.area.offset(APP, upload_id) == 3
        digest = Digest.of(b"blo" + rest)
        size = await stores.area.finish(APP, upload_id, digest, body_of([rest]), 3, len(rest))
        assert content_of(await stores.contents.locate(digest, size)) == b"blo" + rest


@in_loop
async def test_nothing_is_left_over(tmp_path: Path) -> None:
    """Finished, cancelled and refused uploads leave no file behind."""
    data = tmp_path / "data"
    with filesystem_stores(data) as stores:
        await stores.area.finish(
            APP, await begin(stores, b"blob"), Digest.of(b"blob"), None, None, None
        )
        await stores.area.finish(
            APP, await begin(stores, b"blob"), Digest.of(b"blob"), None, None, None
        )
        await stores.area.discard(APP, await begin(stores, b"blob"))
        with pytest.raises(DigestMismatch):
            await stores.area.finish(
                APP, await begin(stores, b"blob"), Digest.of(b"x"), None, None, None
            )
        assert list((data / "uploads").iterdir()) == []
        blobs = [path for path in (data / "blobs").rglob("*") if path.is_file()]
        assert [path.name for path in blobs] == [Digest.of(b"blob").hex]


def test_the_database_is_private(tmp_path: Path) -> None:
    """Others on the machine cannot read what holds secrets."""
    with filesystem_stores(tmp_path / "data"):
        files = [path for path in (tmp_path / "data").iterdir() if path.is_file()]
        modes = {path.name: path.stat().st_mode & 0o077 for path in files}
    names = ("pratique.db", "pratique.db-wal", "pratique.db-shm", "pratique.db-turns")
    assert modes == dict.fromkeys(names, 0)
