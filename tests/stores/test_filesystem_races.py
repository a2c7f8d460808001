"""Moments between two steps that no timing would hit often enough: made to happen."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pratique.naming import Digest, RepositoryName
from pratique.registry import StorageFailed, UploadUnknown
from pratique.storage.blobs.filesystem import sessions
from pratique.testing.content_stores import ContentStores, filesystem_stores
from pratique.testing.content_suite_uploads import LONG, begin, content_of
from pratique.testing.loops import ClientGone, body_of, broken_body, in_loop

APP = RepositoryName("team/app")
DIGEST = Digest.of(LONG)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder."""
    return tmp_path / "data"


@pytest.fixture
def stores(data: Path) -> Iterator[ContentStores]:
    """Stores in the data folder."""
    with filesystem_stores(data) as opened:
        yield opened


async def _finish(stores: ContentStores, body: bytes = LONG) -> int:
    upload_id = await begin(stores)
    return await stores.area.finish(APP, upload_id, DIGEST, body_of([body]), None, None)


@in_loop
async def test_a_fault_after_the_move(
    stores: ContentStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blob that was moved into place stays whole though its folder could not be synced."""
    real_rename, real_fsync = os.rename, os.fsync
    moved: list[Any] = []

    def rename(source: str, target: str) -> None:
        real_rename(source, target)
        moved.append(target)

    def fsync(descriptor: int) -> None:
        if moved:
            raise OSError(errno.EIO, "the disk failed")
        real_fsync(descriptor)

    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageFailed):
        await _finish(stores)
    (target,) = moved
    assert Path(target).read_bytes() == LONG  # noqa: ASYNC240 - a test may wait
    monkeypatch.undo()
    assert await _finish(stores) == len(LONG)
    assert content_of(await stores.contents.locate(DIGEST, len(LONG))) == LONG


@in_loop
async def test_cancelled_during_the_move(
    stores: ContentStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that is cancelled while its blob moves into place leaves the blob whole."""
    loop = asyncio.get_running_loop()
    moving, go_on = asyncio.Event(), asyncio.Event()
    real_rename = os.rename

    def rename(source: str, target: str) -> None:
        loop.call_soon_threadsafe(moving.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
        real_rename(source, target)

    monkeypatch.setattr(os, "rename", rename)
    request = asyncio.create_task(_finish(stores))
    await moving.wait()
    request.cancel()
    await asyncio.sleep(0)
    request.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert content_of(await stores.contents.locate(DIGEST, len(LONG))) == LONG


@in_loop
async def test_ended_between_opening_and_locking(
    data: Path, stores: ContentStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opened an upload just before another ended it does not write to what is gone."""
    upload_id = await begin(stores)
    real_flock = fcntl.flock

    def flock(descriptor: int, operation: int) -> None:
        for path in (data / "uploads").iterdir():
            path.unlink()
        real_flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(UploadUnknown):
        await stores.area.append(APP, upload_id, body_of([b"blob"]), None, None)
    assert list((data / "uploads").iterdir()) == []


@in_loop
async def test_a_failed_chunk_gives_its_room_back(data: Path, stores: ContentStores) -> None:
    """What does not count takes no room, even before anybody goes on with the upload."""
    upload_id = await begin(stores, b"blo")
    with pytest.raises(ClientGone):
        await stores.area.append(APP, upload_id, broken_body([LONG]), None, None)
    assert (data / "uploads" / upload_id).read_bytes() == b"blo"


@in_loop
async def test_bytes_that_could_not_be_written_end_the_upload(
    data: Path, stores: ContentStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel may have lost them with bytes that count, so nobody goes on with the rest."""
    upload_id = await begin(stores)
    counted = await stores.area.append(APP, upload_id, body_of([LONG]), None, None)

    def cannot(descriptor: int, start: int, length: int) -> None:
        assert (descriptor >= 0, start, length) == (True, counted, len(LONG))
        raise OSError(errno.EIO, "the disk failed")

    monkeypatch.setattr(sessions, "STEP", len(LONG))
    monkeypatch.setattr(sessions, "begin_writing", cannot)
    with pytest.raises(StorageFailed):
        await stores.area.append(APP, upload_id, body_of([LONG]), None, None)
    with pytest.raises(UploadUnknown):
        await stores.area.offset(APP, upload_id)
    assert list((data / "uploads").iterdir()) == []


@in_loop
async def test_a_damaged_session(data: Path, stores: ContentStores) -> None:
    """A session that was cut short by a power failure is unknown, and swept in time."""
    upload_id = await begin(stores, b"blob")
    (data / "uploads" / f"{upload_id}.session").write_bytes(b"0000")
    with pytest.raises(UploadUnknown):
        await stores.area.offset(APP, upload_id)
    with pytest.raises(UploadUnknown):
        await stores.area.append(APP, upload_id, body_of([b"!"]), None, None)
    assert await stores.area.sweep(stores.area_time().replace(year=9999)) == 1


@in_loop
async def test_a_blob_whose_file_is_gone(stores: ContentStores) -> None:
    """It is a fault of the storage, until the same blob is pushed again."""
    await _finish(stores)
    path = (await stores.contents.locate(DIGEST, len(LONG))).path
    assert path is not None
    Path(path).unlink()  # noqa: ASYNC240 - a test may wait
    with pytest.raises(StorageFailed):
        await stores.contents.locate(DIGEST, len(LONG))
    await _finish(stores)
    assert content_of(await stores.contents.locate(DIGEST, len(LONG))) == LONG
