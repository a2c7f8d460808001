"""A full disk: told as such, nothing half-stored, and all is well once there is room."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique.naming import Digest, Tag
from pratique.registry import ManifestUnknown, StorageFull
from pratique.testing.content_builders import index
from pratique.testing.content_stores import ContentStores, filesystem_stores
from pratique.testing.content_suite_uploads import content_of
from pratique.testing.loops import body_of, in_loop
from pratique.testing.verdicts import allowed_on

APP = allowed_on("team/app")
MEBIBYTE = b"\0" * 1024 * 1024
DISK_MEBIBYTES = 12


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEBIBYTES}m", "tmpfs", str(mounted)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("a full disk was NOT tested: there is no `mount` here")
    if done.returncode != 0:
        pytest.skip(f"a full disk was NOT tested: it takes root to mount one: {done.stderr}")
    yield mounted
    subprocess.run(["umount", str(mounted)], check=True)


@pytest.fixture
def stores(disk: Path) -> Iterator[ContentStores]:
    """Stores on the small disk."""
    with filesystem_stores(disk / "data") as opened:
        yield opened


@in_loop
async def test_a_blob_too_large(stores: ContentStores) -> None:
    """A chunk that does not fit is refused; the upload goes on with one that does."""
    uploads = stores.registry().uploads
    upload = await uploads.open(APP)
    upload = await uploads.append(APP, upload.upload_id, body_of([MEBIBYTE]), 0, len(MEBIBYTE))
    with pytest.raises(StorageFull):
        await uploads.append(APP, upload.upload_id, body_of([MEBIBYTE] * 20), None, None)
    with pytest.raises(StorageFull):
        await uploads.finish(
            APP, upload.upload_id, Digest.of(b""), body_of([MEBIBYTE] * 20), None, None
        )
    assert (await uploads.status(APP, upload.upload_id)).offset == len(MEBIBYTE)
    content = MEBIBYTE * 3
    blob = await uploads.finish(
        APP,
        upload.upload_id,
        Digest.of(content),
        body_of([MEBIBYTE] * 2),
        len(MEBIBYTE),
        2 * len(MEBIBYTE),
    )
    assert content_of(blob) == content


@in_loop
async def test_no_room_at_all(stores: ContentStores, disk: Path) -> None:
    """Every kind of write is refused as full, reads go on, and all is well once there is room."""
    registry = stores.registry()
    tag = Tag("before")
    await registry.manifests.put(APP, tag, None, index())
    fill(disk)
    upload_refusals = await asyncio.gather(
        *(registry.uploads.open(APP) for _ in range(3)), return_exceptions=True
    )
    big = [index(annotations={"n": f"{n}" * 500_000}) for n in range(3)]
    put_refusals = await asyncio.gather(
        *(registry.manifests.put(APP, Tag(f"t{n}"), None, big[n]) for n in range(3)),
        return_exceptions=True,
    )
    assert {type(r) for r in (*upload_refusals, *put_refusals)} == {StorageFull}
    assert (await registry.manifests.locate(APP, tag)).content == index()
    for number in range(3):
        with pytest.raises(ManifestUnknown):
            await registry.manifests.locate(APP, Tag(f"t{number}"))
    (disk / "filler").unlink()
    for number in range(3):
        await registry.manifests.put(APP, Tag(f"t{number}"), None, big[number])
        assert (await registry.manifests.locate(APP, Tag(f"t{number}"))).content == big[number]


@in_loop
async def test_one_of_many_too_large(stores: ContentStores, disk: Path) -> None:
    """A write that finds no room takes none of those with it that were committed together."""
    registry = stores.registry()
    fill(disk, spare=2 * len(MEBIBYTE))
    small = [index(annotations={"n": str(n)}) for n in range(10)]
    huge = index(annotations={"n": "n" * 4_000_000})
    outcomes = await asyncio.gather(
        *(registry.manifests.put(APP, Tag(f"t{n}"), None, small[n]) for n in range(5)),
        registry.manifests.put(APP, Tag("huge"), None, huge),
        *(registry.manifests.put(APP, Tag(f"t{n}"), None, small[n]) for n in range(5, 10)),
        return_exceptions=True,
    )
    assert [type(o) for o in outcomes].count(StorageFull) == 1
    assert isinstance(outcomes[5], StorageFull)
    tags = (await registry.listings.tags(APP, 100, None)).items
    assert tags == tuple(f"t{n}" for n in range(10))


def fill(disk: Path, spare: int = 0) -> None:
    """Leave no more than `spare` bytes free."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(MEBIBYTE[: 64 * 1024])
        except OSError:
            filler.truncate(max(0, filler.tell() - spare))
