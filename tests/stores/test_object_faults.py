"""Object stores that fail, nodes that die, and clients that go away."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import httpx
import pytest
from obstore.store import S3Store
from tests.support.faulty_proxy import Fault, FaultyProxy, faulty_proxy
from tests.support.object_stores import MovableClock, ObjectServer, object_stores

from pratique.naming import Digest, RepositoryName
from pratique.registry import StorageFailed, StorageFull, UploadBusy
from pratique.storage.blobs.objects import Bucket, open_bucket
from pratique.storage.blobs.objects.bucket import PART_SIZE
from pratique.testing.content_stores import ContentStores
from pratique.testing.content_suite_uploads import begin, content_of, finish
from pratique.testing.loops import ClientGone, body_of, broken_body, in_loop, stalled_body

APP = RepositoryName("team/app")
LARGE = bytes(range(256)) * (PART_SIZE // 256 * 5 // 2)
SLOW_DOWN = Fault(503, b"<Error><Code>SlowDown</Code></Error>")
_NUMBERS = count()


@pytest.fixture
def proxy(s3: ObjectServer) -> Iterator[FaultyProxy]:
    """What stands between the registry and the server."""
    with faulty_proxy(s3.url) as proxy:
        yield proxy


@pytest.fixture
def bucket_name(s3: ObjectServer) -> str:
    """A new bucket."""
    name = f"bucket-{next(_NUMBERS)}"
    s3.bucket(name)
    return name


@pytest.fixture
def bucket(
    s3: ObjectServer, proxy: FaultyProxy, bucket_name: str, monkeypatch: pytest.MonkeyPatch
) -> Bucket:
    """The bucket, as seen through the proxy."""
    for key, value in s3.environment.items():
        monkeypatch.setenv(key, value)
    return open_bucket(f"s3://{bucket_name}/p?endpoint={proxy.url}", os.environ)


@pytest.fixture
def clock() -> MovableClock:
    """Of the first node."""
    return MovableClock()


@pytest.fixture
def other_clock() -> MovableClock:
    """Of the other node."""
    return MovableClock()


@pytest.fixture
def stores(bucket: Bucket, tmp_path: Path, clock: MovableClock) -> Iterator[ContentStores]:
    """One node."""
    with object_stores(tmp_path / "data", bucket, id_prefix="a", clock=clock) as opened:
        yield opened


@pytest.fixture
def other(bucket: Bucket, tmp_path: Path, other_clock: MovableClock) -> Iterator[ContentStores]:
    """Another node, with the same database and bucket."""
    with object_stores(tmp_path / "data", bucket, id_prefix="b", clock=other_clock) as opened:
        yield opened


@pytest.fixture
def outside(s3: ObjectServer, bucket_name: str, bucket: Bucket) -> S3Store:
    """The bucket, as somebody else sees it who may do anything there."""
    assert bucket_name in bucket.place
    return S3Store(bucket_name, config={"endpoint": s3.url}, client_options={"allow_http": True})


def objects_in(s3: ObjectServer, bucket_name: str) -> list[str]:
    """Names of all objects there are, finished or not."""
    found = httpx.get(f"{s3.url}/{bucket_name}?list-type=2").text
    unfinished = httpx.get(f"{s3.url}/{bucket_name}?uploads").text
    return re.findall(r"<Key>([^<]+)</Key>", found + unfinished)


async def pieces_of(content: bytes) -> AsyncIterator[bytes]:
    """A body that comes as from a network."""
    for start in range(0, len(content), 60_000):
        yield content[start : start + 60_000]


@in_loop
async def test_in_parts(stores: ContentStores, s3: ObjectServer, bucket_name: str) -> None:
    """A chunk of many parts is one object, which becomes the blob without being read again."""
    upload_id = await begin(stores)
    assert await stores.area.append(APP, upload_id, pieces_of(LARGE), 0, None) == len(LARGE)
    (name,) = objects_in(s3, bucket_name)
    assert await finish(stores, upload_id, LARGE) == LARGE
    assert objects_in(s3, bucket_name) == [name]


@in_loop
async def test_several_chunks_become_one_object(
    stores: ContentStores, other: ContentStores, s3: ObjectServer, bucket_name: str
) -> None:
    """Chunks that land on two nodes in turn end as one object, and nothing else is left."""
    upload_id = await begin(stores)
    offset = 0
    for node, size in ((stores, 1_000_000), (other, PART_SIZE + 5), (stores, 3), (other, 70_000)):
        chunk = LARGE[offset : offset + size]
        offset = await node.area.append(APP, upload_id, pieces_of(chunk), offset, size)
    assert len(objects_in(s3, bucket_name)) == 4
    assert await stores.area.offset(APP, upload_id) == offset
    rest = LARGE[offset:]
    digest = Digest.of(LARGE)
    size = await stores.area.finish(APP, upload_id, digest, pieces_of(rest), offset, len(rest))
    assert content_of(await other.contents.locate(digest, size)) == LARGE
    assert len(objects_in(s3, bucket_name)) == 1


@in_loop
async def test_a_moment_of_overload_is_not_noticed(
    stores: ContentStores, proxy: FaultyProxy
) -> None:
    """Requests that the store turns away are made again."""
    proxy.fail(2, SLOW_DOWN)
    assert await finish(stores, await begin(stores, b"blob"), b"blob") == b"blob"
    proxy.fail(2, Fault())
    assert await finish(stores, await begin(stores, b"blob2"), b"blob2") == b"blob2"


@in_loop
async def test_a_store_that_stays_overloaded(
    stores: ContentStores, proxy: FaultyProxy, s3: ObjectServer, bucket_name: str
) -> None:
    """The chunk does not count, after a bounded number of tries, and the client can go on."""
    upload_id = await begin(stores, b"blo")
    proxy.seen.clear()
    proxy.fail(1000, SLOW_DOWN)
    with pytest.raises(StorageFailed, match="storage failed") as failed:
        await stores.area.append(APP, upload_id, body_of([b"b"]), 3, 1)
    assert "overloaded or out of order" in failed.value.detail
    assert len(proxy.seen) <= 8
    proxy.fail(0, SLOW_DOWN)
    assert await stores.area.offset(APP, upload_id) == 3
    await stores.area.append(APP, upload_id, body_of([b"b"]), 3, 1)
    assert await finish(stores, upload_id, b"blob") == b"blob"
    assert len(objects_in(s3, bucket_name)) == 1


@pytest.mark.parametrize("fault", [Fault(), SLOW_DOWN, Fault(403, b"<Code>AccessDenied</Code>")])
@in_loop
async def test_a_store_that_fails_in_the_middle(
    stores: ContentStores, proxy: FaultyProxy, fault: Fault
) -> None:
    """The parts that were stored do not count; the request ends; the upload goes on later."""
    upload_id = await begin(stores, b"start")

    async def body() -> AsyncIterator[bytes]:
        async for piece in pieces_of(LARGE[: 2 * PART_SIZE]):
            yield piece
        proxy.fail(1000, fault)
        async for piece in pieces_of(LARGE[2 * PART_SIZE :]):
            yield piece

    with pytest.raises(StorageFailed):
        await stores.area.append(APP, upload_id, body(), 5, None)
    proxy.fail(0, fault)
    assert await stores.area.offset(APP, upload_id) == 5
    await stores.area.append(APP, upload_id, pieces_of(LARGE), 5, len(LARGE))
    assert await finish(stores, upload_id, b"start" + LARGE) == b"start" + LARGE


@in_loop
async def test_a_store_that_fails_a_body_that_goes_on(
    stores: ContentStores, proxy: FaultyProxy
) -> None:
    """A client that sends without end is told soon, and not when it has sent all."""
    upload_id = await begin(stores)
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(100_000)

    proxy.fail(1000, Fault(403, b"<Code>AccessDenied</Code>"))
    with pytest.raises(StorageFailed):
        await stores.area.append(APP, upload_id, body(), None, None)
    assert taken * 100_000 < 6 * PART_SIZE


@pytest.mark.parametrize("sent", [1, PART_SIZE + 1, 2 * PART_SIZE, len(LARGE)])
@in_loop
async def test_a_client_that_goes_away(
    stores: ContentStores, s3: ObjectServer, bucket_name: str, sent: int
) -> None:
    """Nothing of the chunk is left in the store, not even parts of an unfinished object."""
    upload_id = await begin(stores)
    pieces = [LARGE[start : start + 60_000] for start in range(0, sent, 60_000)]
    with pytest.raises(ClientGone):
        await stores.area.append(APP, upload_id, broken_body(pieces), None, None)
    assert objects_in(s3, bucket_name) == []
    assert await stores.area.offset(APP, upload_id) == 0


@in_loop
async def test_cancelled_in_the_middle(
    stores: ContentStores, s3: ObjectServer, bucket_name: str
) -> None:
    """A request that is cancelled between two parts leaves nothing, and no memory taken."""
    for _ in range(6):
        upload_id, arrived = await begin(stores), asyncio.Event()
        request = asyncio.create_task(
            stores.area.append(APP, upload_id, stalled_body(LARGE, arrived), None, None)
        )
        await arrived.wait()
        await asyncio.sleep(0.05)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
    assert objects_in(s3, bucket_name) == []
    await stores.area.append(APP, upload_id, pieces_of(LARGE), 0, len(LARGE))
    assert await finish(stores, upload_id, LARGE) == LARGE


@in_loop
async def test_wrong_digest_leaves_nothing(
    stores: ContentStores, s3: ObjectServer, bucket_name: str
) -> None:
    """Bytes of another digest are deleted, in one chunk or several."""
    for chunks in ([b"blob"], [b"bl", b"ob"], []):
        upload_id = await begin(stores, *chunks)
        with pytest.raises(Exception, match="digest"):
            await stores.area.finish(APP, upload_id, Digest.of(b"!"), body_of([b"x"]), None, None)
    assert objects_in(s3, bucket_name) == []


@in_loop
async def test_pushed_twice(stores: ContentStores, s3: ObjectServer, bucket_name: str) -> None:
    """A blob that is there already keeps its object, so that nobody's download breaks off."""
    await finish(stores, await begin(stores, b"blob"), b"blob")
    (before,) = objects_in(s3, bucket_name)
    await finish(stores, await begin(stores, b"bl", b"ob"), b"blob")
    assert objects_in(s3, bucket_name) == [before]


@pytest.mark.parametrize("damage", ["deleted", "shortened"])
@in_loop
async def test_a_lost_object(
    stores: ContentStores, s3: ObjectServer, bucket_name: str, outside: S3Store, damage: str
) -> None:
    """It is a fault of the storage that a look shows, until the same blob is pushed again."""
    await finish(stores, await begin(stores, b"blob"), b"blob")
    (name,) = objects_in(s3, bucket_name)
    if damage == "deleted":
        await outside.delete_async(name)
    else:
        await outside.put_async(name, b"blo")
    blob = await stores.contents.locate(Digest.of(b"blob"), 4)
    assert blob.elsewhere is not None
    with pytest.raises(StorageFailed):
        await blob.elsewhere.confirm()
    with pytest.raises(StorageFailed):
        await blob.elsewhere.open(0, 4)
    assert await finish(stores, await begin(stores, b"blob"), b"blob") == b"blob"
    assert len(objects_in(s3, bucket_name)) == 1


@in_loop
async def test_a_chunk_is_lost_before_the_end(
    stores: ContentStores, s3: ObjectServer, bucket_name: str, outside: S3Store
) -> None:
    """What the store lost of an upload never becomes a blob."""
    upload_id = await begin(stores, b"blob")
    (name,) = objects_in(s3, bucket_name)
    await outside.put_async(name, b"blo")
    with pytest.raises(StorageFailed):
        await finish(stores, upload_id, b"blob")
    with pytest.raises(StorageFailed):
        await stores.contents.locate(Digest.of(b"blob"), 4)


@in_loop
async def test_a_download_that_breaks_off(stores: ContentStores, proxy: FaultyProxy) -> None:
    """Bytes that the store did not give are never made up: the reader meets a failure."""
    await finish(stores, await begin(stores, LARGE), LARGE)
    blob = await stores.contents.locate(Digest.of(LARGE), len(LARGE))
    assert blob.elsewhere is not None
    proxy.fail(1000, Fault(cut_after=1_000_000), method="GET")
    received = bytearray()

    async def read(pieces: AsyncIterator[bytes]) -> None:
        async for piece in pieces:
            received.extend(piece)

    pieces = await blob.elsewhere.open(10, len(LARGE))
    with pytest.raises(StorageFailed):
        await read(pieces)
    assert LARGE[10:].startswith(received)
    assert len(received) < len(LARGE) - 10


@in_loop
async def test_a_node_that_stands_still(
    stores: ContentStores, other: ContentStores, other_clock: MovableClock
) -> None:
    """One that was taken for dead adds nothing when it goes on; the other's chunk counts."""
    upload_id, arrived, go_on = await begin(stores, b"blo"), asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        arrived.set()
        await go_on.wait()

    slow = asyncio.create_task(stores.area.append(APP, upload_id, body(), 3, None))
    await arrived.wait()
    with pytest.raises(UploadBusy):
        await other.area.append(APP, upload_id, body_of([b"b"]), 3, 1)
    other_clock.ahead = timedelta(minutes=2)
    assert await other.area.append(APP, upload_id, body_of([b"b"]), 3, 1) == 4
    go_on.set()
    with pytest.raises(UploadBusy):
        await slow
    assert await finish(stores, upload_id, b"blob") == b"blob"


@in_loop
async def test_cancelled_while_the_row_is_written(
    stores: ContentStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object whose row may have been written stays, though nobody was told."""
    upload_id = await begin(stores, b"blob")
    sessions = stores.area._sessions  # type: ignore[attr-defined]  # noqa: SLF001
    real, placed, told = sessions.become, asyncio.Event(), asyncio.Event()

    async def become(*arguments: object) -> object:
        place = await real(*arguments)
        placed.set()
        await told.wait()
        return place

    monkeypatch.setattr(sessions, "become", become)
    request = asyncio.create_task(
        stores.area.finish(APP, upload_id, Digest.of(b"blob"), None, None, None)
    )
    await placed.wait()
    request.cancel()
    await asyncio.sleep(0)
    told.set()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert content_of(await stores.contents.locate(Digest.of(b"blob"), 4)) == b"blob"


async def _fails(bucket: Bucket) -> StorageFailed:
    with pytest.raises(StorageFailed) as failed:
        await bucket.check("probe")
    return failed.value


@in_loop
async def test_words_for_the_operator(
    s3: ObjectServer, proxy: FaultyProxy, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong, with what, and what to do; never a secret."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    await bucket.check("probe")
    missing = open_bucket(f"s3://nobody?endpoint={s3.url}", os.environ)
    with pytest.raises(StorageFailed) as unclaimed:
        await missing.claim("first")
    assert "does not exist; create it" in unclaimed.value.detail
    told = (await _fails(missing)).detail
    assert told.startswith("the bucket `nobody` does not exist; create it")
    for fault, words in (
        (Fault(403, b"<Code>AccessDenied</Code>"), "access to the bucket"),
        (Fault(403, b"<Code>RequestTimeTooSkewed</Code>"), "set this machine's clock"),
        (Fault(403, b"<Code>SignatureDoesNotMatch</Code>"), "does not accept the credentials"),
        (Fault(418, b"?"), "failed (writing"),
        (Fault(), "cannot be reached"),
    ):
        proxy.fail(1000, fault)
        told = (await _fails(bucket)).detail
        assert words in told
        assert "very-secret" not in told
        assert "\n" not in told
    proxy.fail(1000, Fault(507, b"<Code>InsufficientStorage</Code>"))
    with pytest.raises(StorageFull):
        await bucket.check("probe")


@in_loop
async def test_a_bucket_of_another_registry(bucket: Bucket, outside: S3Store) -> None:
    """It is refused, before collection there takes all its blobs for strays."""
    await bucket.claim("first")
    await bucket.claim("first")
    with pytest.raises(StorageFailed) as failed:
        await bucket.claim("second")
    assert "holds the blobs of another registry" in failed.value.detail
    await outside.delete_async("p/registry")
    await bucket.claim("second")


@in_loop
async def test_strays(stores: ContentStores, outside: S3Store, clock: MovableClock) -> None:
    """What a dead node left behind goes when it is old; blobs, uploads and strangers stay."""
    await finish(stores, await begin(stores, b"blob"), b"blob")
    open_upload = await begin(stores, b"go on")
    before = {each["path"] for each in outside.list().collect()}
    stray, strange = f"p/data/{'f' * 16}/left-behind", "p/somebody-elses"
    for path in (stray, strange):
        await outside.put_async(path, b"?")
    await stores.bin.empty()
    assert {each["path"] for each in outside.list().collect()} == before | {stray, strange}
    clock.ahead = timedelta(days=8)
    await stores.bin.empty()
    assert {each["path"] for each in outside.list().collect()} == before | {strange}
    clock.ahead = timedelta(0)
    assert await finish(stores, open_upload, b"go on") == b"go on"
