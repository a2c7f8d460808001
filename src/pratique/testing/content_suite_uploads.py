"""What every `UploadArea` and `BlobContents` promise.

See `content_suite_manifests` for how to use a suite.
"""
# ruff: noqa: S101 - a suite asserts

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from pratique.naming import Digest, RepositoryName
from pratique.registry import (
    BlobElsewhere,
    ContentError,
    DigestMismatch,
    RangeOutOfOrder,
    SizeMismatch,
    StorageFailed,
    StoredBlob,
    UploadBusy,
    UploadId,
    UploadUnknown,
)
from pratique.testing.content_stores import ContentStores
from pratique.testing.loops import ClientGone, body_of, broken_body, in_loop, stalled_body

APP = RepositoryName("team/app")
OTHER = RepositoryName("team/other")
LONG = bytes(range(256)) * 12_000


def _announce(pieces: list[bytes]) -> str:
    return "+".join(str(len(piece)) for piece in pieces) or "nothing"


def content_of(blob: StoredBlob) -> bytes:
    """The bytes of a blob, from wherever its store has them."""
    if blob.content is not None:
        return blob.content
    if blob.elsewhere is not None:
        # The caller's loop stands still meanwhile, so this needs one of its own.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, _read(blob.elsewhere, blob.size)).result()
    assert blob.path is not None
    return Path(blob.path).read_bytes()


async def _read(elsewhere: BlobElsewhere, size: int) -> bytes:
    return b"".join([piece async for piece in await elsewhere.open(0, size)])


async def begin(stores: ContentStores, *chunks: bytes) -> UploadId:
    """An upload that has received these chunks."""
    upload_id = UploadId(stores.new_id())
    await stores.area.create(APP, upload_id)
    for chunk in chunks:
        await stores.area.append(APP, upload_id, body_of([chunk]), None, len(chunk))
    return upload_id


async def finish(stores: ContentStores, upload_id: UploadId, content: bytes) -> bytes:
    """Finish an upload of `content` without a last chunk, and read the blob."""
    digest = Digest.of(content)
    size = await stores.area.finish(APP, upload_id, digest, None, None, None)
    return content_of(await stores.contents.locate(digest, size))


class UploadAreaSuite:
    """Uploads, from the first byte to the blob."""

    @pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
    @pytest.mark.parametrize("content", [b"", b"{}", LONG], ids=["empty", "short", "long"])
    @in_loop
    async def test_in_one_go(self, stores: ContentStores, algorithm: str, content: bytes) -> None:
        """A blob arrives whole with the finishing request."""
        upload_id = await begin(stores)
        digest = Digest.of(content, algorithm)
        size = await stores.area.finish(
            APP, upload_id, digest, body_of([content]), None, len(content)
        )
        assert size == len(content)
        found = await stores.contents.locate(digest, size)
        assert (found.digest, found.size, content_of(found)) == (digest, size, content)

    @pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
    @in_loop
    async def test_in_chunks(self, stores: ContentStores, algorithm: str) -> None:
        """A blob arrives in chunks of several pieces, the last one with the finishing request."""
        upload_id = await begin(stores)
        first, second, last = LONG[:1_000_000], LONG[1_000_000:2_500_001], LONG[2_500_001:]
        pieces = [first[:10], first[10:]]
        offset = await stores.area.append(APP, upload_id, body_of(pieces), 0, len(first))
        assert offset == len(first)
        offset = await stores.area.append(APP, upload_id, body_of([second]), offset, None)
        assert await stores.area.offset(APP, upload_id) == offset == len(first) + len(second)
        digest = Digest.of(LONG, algorithm)
        size = await stores.area.finish(APP, upload_id, digest, body_of([last]), offset, len(last))
        assert content_of(await stores.contents.locate(digest, size)) == LONG

    @in_loop
    async def test_finished_is_gone(self, stores: ContentStores) -> None:
        """An upload that became a blob is unknown afterwards, whatever is asked of it."""
        upload_id = await begin(stores, b"blob")
        await finish(stores, upload_id, b"blob")
        await _assert_unknown(stores, APP, upload_id)

    @in_loop
    async def test_unknown_elsewhere(self, stores: ContentStores) -> None:
        """An upload belongs to its repository; to others it is unknown and unharmed."""
        upload_id = await begin(stores, b"blob")
        await _assert_unknown(stores, OTHER, upload_id)
        assert await finish(stores, upload_id, b"blob") == b"blob"

    @in_loop
    async def test_never_opened(self, stores: ContentStores) -> None:
        """An id that was not given out is unknown."""
        await _assert_unknown(stores, APP, UploadId("0123456789abcdef"))

    @in_loop
    async def test_cancelled_is_gone(self, stores: ContentStores) -> None:
        """A cancelled upload is unknown, and its id can be used no more than any other."""
        upload_id = await begin(stores, b"blob")
        await stores.area.discard(APP, upload_id)
        await _assert_unknown(stores, APP, upload_id)

    @in_loop
    async def test_an_id_is_used_once(self, stores: ContentStores) -> None:
        """A second upload under a living id is refused, and the first is unharmed."""
        upload_id = await begin(stores, b"blob")
        with pytest.raises(StorageFailed):
            await stores.area.create(OTHER, upload_id)
        assert await finish(stores, upload_id, b"blob") == b"blob"

    @in_loop
    async def test_out_of_order(self, stores: ContentStores) -> None:
        """A chunk that begins elsewhere is refused unread; the upload goes on where it was."""
        upload_id = await begin(stores, b"blo")
        for start in (0, 2, 4):
            with pytest.raises(RangeOutOfOrder) as refused:
                await stores.area.append(APP, upload_id, broken_body([]), start, 1)
            assert (refused.value.start, refused.value.offset) == (start, 3)
        with pytest.raises(RangeOutOfOrder):
            await stores.area.finish(APP, upload_id, Digest.of(b"b"), broken_body([]), 0, 1)
        await stores.area.append(APP, upload_id, body_of([b"b"]), 3, 1)
        assert await finish(stores, upload_id, b"blob") == b"blob"

    @pytest.mark.parametrize("pieces", [[], [b"b"], [b"bb", b"b"], [LONG]], ids=_announce)
    @in_loop
    async def test_wrong_length(self, stores: ContentStores, pieces: list[bytes]) -> None:
        """More or fewer bytes than announced do not count, in a chunk or in the finishing one."""
        upload_id = await begin(stores, b"blo")
        with pytest.raises(SizeMismatch):
            await stores.area.append(APP, upload_id, body_of(pieces), 3, 2)
        with pytest.raises(SizeMismatch):
            await stores.area.finish(APP, upload_id, Digest.of(b"x"), body_of(pieces), 3, 2)
        assert await stores.area.offset(APP, upload_id) == 3
        await stores.area.append(APP, upload_id, body_of([b"b"]), 3, 1)
        assert await finish(stores, upload_id, b"blob") == b"blob"

    @pytest.mark.parametrize("pieces", [[], [b"lost"], [LONG, b"lost"]], ids=_announce)
    @in_loop
    async def test_client_gone(self, stores: ContentStores, pieces: list[bytes]) -> None:
        """A chunk whose client goes away does not count, and the failure is the body's own."""
        upload_id = await begin(stores, b"blo")
        with pytest.raises(ClientGone):
            await stores.area.append(APP, upload_id, broken_body(pieces), None, None)
        with pytest.raises(ClientGone):
            await stores.area.finish(
                APP, upload_id, Digest.of(b"x"), broken_body(pieces), None, None
            )
        assert await stores.area.offset(APP, upload_id) == 3
        await stores.area.append(APP, upload_id, body_of([b"b"]), 3, 1)
        assert await finish(stores, upload_id, b"blob") == b"blob"

    @in_loop
    async def test_cancellation(self, stores: ContentStores) -> None:
        """A chunk whose request is cancelled does not count, and the upload is free again."""
        upload_id = await begin(stores, b"blo")
        arrived = asyncio.Event()
        request = asyncio.create_task(
            stores.area.append(APP, upload_id, stalled_body(LONG, arrived), 3, None)
        )
        await arrived.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        assert await stores.area.append(APP, upload_id, body_of([b"b"]), 3, 1) == 4
        assert await finish(stores, upload_id, b"blob") == b"blob"

    @in_loop
    async def test_wrong_digest(self, stores: ContentStores) -> None:
        """Bytes with another digest are not stored under either, and the upload is gone."""
        upload_id = await begin(stores, b"blob")
        wanted = Digest.of(b"another")
        with pytest.raises(DigestMismatch) as refused:
            await stores.area.finish(APP, upload_id, wanted, None, None, None)
        assert (refused.value.expected, refused.value.actual) == (wanted, Digest.of(b"blob"))
        for digest in (wanted, Digest.of(b"blob")):
            with pytest.raises(StorageFailed):
                await stores.contents.locate(digest, 4)
        await _assert_unknown(stores, APP, upload_id)

    @in_loop
    async def test_one_writer(self, stores: ContentStores) -> None:
        """While one request writes, others are told to wait, and status tells what counts."""
        upload_id = await begin(stores, b"blo")
        arrived = asyncio.Event()
        request = asyncio.create_task(
            stores.area.append(APP, upload_id, stalled_body(LONG, arrived), 3, None)
        )
        await arrived.wait()
        with pytest.raises(UploadBusy):
            await stores.area.append(APP, upload_id, body_of([b"b"]), 3, 1)
        with pytest.raises(UploadBusy):
            await stores.area.finish(APP, upload_id, Digest.of(b"blo"), None, None, None)
        with pytest.raises(UploadBusy):
            await stores.area.discard(APP, upload_id)
        assert await stores.area.offset(APP, upload_id) == 3
        request.cancel()
        with suppress(asyncio.CancelledError):
            await request
        assert await finish(stores, upload_id, b"blo") == b"blo"

    @in_loop
    async def test_two_finish_one_upload(self, stores: ContentStores) -> None:
        """Exactly one of two clients that finish an upload at once does; the other is told."""
        upload_id = await begin(stores, LONG)
        digest = Digest.of(LONG)
        outcomes = await asyncio.gather(
            *(stores.area.finish(APP, upload_id, digest, None, None, None) for _ in range(2)),
            return_exceptions=True,
        )
        assert [o for o in outcomes if isinstance(o, int)] == [len(LONG)]
        refused = [type(o) for o in outcomes if not isinstance(o, int)]
        assert refused in ([UploadBusy], [UploadUnknown])
        assert content_of(await stores.contents.locate(digest, len(LONG))) == LONG

    @in_loop
    async def test_one_blob_from_two_uploads(self, stores: ContentStores) -> None:
        """Two uploads of the same content at once are both right, and there is one blob."""
        uploads = [await begin(stores, LONG) for _ in range(4)]
        digest = Digest.of(LONG)
        sizes = await asyncio.gather(
            *(stores.area.finish(APP, u, digest, None, None, None) for u in uploads)
        )
        assert sizes == [len(LONG)] * 4
        assert content_of(await stores.contents.locate(digest, len(LONG))) == LONG

    @in_loop
    async def test_many_uploads_at_once(self, stores: ContentStores) -> None:
        """Uploads do not mix."""

        async def push(number: int) -> bytes:
            content = b"%d" % number * 100_000
            return await finish(stores, await begin(stores, content), content)

        contents = await asyncio.gather(*(push(number) for number in range(20)))
        assert contents == [b"%d" % number * 100_000 for number in range(20)]

    @in_loop
    async def test_a_blob_of_another_size(self, stores: ContentStores) -> None:
        """A blob that is not as long as it should be is never given out."""
        await finish(stores, await begin(stores, b"blob"), b"blob")
        with pytest.raises(StorageFailed):
            await stores.contents.locate(Digest.of(b"blob"), 5)

    @in_loop
    async def test_sweeps_idle_uploads(self, stores: ContentStores) -> None:
        """Only uploads that nobody wrote to since the given time go."""
        upload_id = await begin(stores, b"blob")
        assert await stores.area.sweep(stores.area_time() - timedelta(hours=1)) == 0
        assert await stores.area.offset(APP, upload_id) == 4
        assert await stores.area.sweep(stores.area_time() + timedelta(hours=1)) == 1
        await _assert_unknown(stores, APP, upload_id)

    @in_loop
    async def test_sweeps_none_in_use(self, stores: ContentStores) -> None:
        """An upload that is being written to stays, however long it takes."""
        upload_id = await begin(stores, b"blo")
        arrived = asyncio.Event()
        request = asyncio.create_task(
            stores.area.append(APP, upload_id, stalled_body(b"b", arrived), 3, None)
        )
        await arrived.wait()
        assert await stores.area.sweep(stores.area_time() + timedelta(hours=1)) == 0
        request.cancel()
        with suppress(asyncio.CancelledError):
            await request
        assert await finish(stores, upload_id, b"blo") == b"blo"


async def _assert_unknown(
    stores: ContentStores, repository: RepositoryName, upload_id: UploadId
) -> None:
    digest = Digest.of(b"")
    for question in (
        stores.area.offset(repository, upload_id),
        stores.area.append(repository, upload_id, body_of([b""]), None, None),
        stores.area.finish(repository, upload_id, digest, body_of([b""]), None, None),
        stores.area.discard(repository, upload_id),
    ):
        with pytest.raises(ContentError) as refused:
            await question
        assert type(refused.value) is UploadUnknown
