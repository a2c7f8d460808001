"""The event loop never waits for bytes to be written, hashed or synced, nor for a commit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, BlockingError, blockbuster_ctx

from pratique.naming import Digest, Tag
from pratique.registry import DigestMismatch
from pratique.testing.content_builders import image, push_blob
from pratique.testing.content_stores import ContentStores, filesystem_stores
from pratique.testing.content_suite_uploads import LONG
from pratique.testing.loops import ClientGone, body_of, broken_body, in_loop
from pratique.testing.verdicts import allowed_on

APP = allowed_on("team/app")


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[ContentStores]:
    """Stores in a folder, opened before blocking calls are forbidden."""
    with filesystem_stores(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def guarded(stores: ContentStores) -> Iterator[BlockBuster]:
    """Blocking calls on a loop raise, save the two that are meant: look-ups of microseconds."""
    del stores
    with blockbuster_ctx() as guard:
        guard.functions["os.stat"].deactivate()
        for name in [name for name in guard.functions if name.startswith("sqlite3.")]:
            guard.functions[name].deactivate()
        yield guard


@pytest.mark.usefixtures("guarded")
@in_loop
async def test_a_push_does_not_block(stores: ContentStores) -> None:
    """Chunks, verification, the move into place, failures and commits happen elsewhere."""
    registry = stores.registry()
    uploads = registry.uploads
    upload = await uploads.open(APP)
    with pytest.raises(ClientGone):
        await uploads.append(APP, upload.upload_id, broken_body([LONG]), None, None)
    upload = await uploads.append(APP, upload.upload_id, body_of([LONG[:9]]), 0, 9)
    assert await uploads.status(APP, upload.upload_id) == upload
    digest = Digest.of(LONG, "sha512")
    await uploads.finish(APP, upload.upload_id, digest, body_of([LONG[9:]]), 9, None)
    upload = await uploads.open(APP)
    with pytest.raises(DigestMismatch):
        await uploads.finish(APP, upload.upload_id, digest, None, None, None)
    await uploads.cancel(APP, (await uploads.open(APP)).upload_id)
    await uploads.sweep()
    await push_blob(registry, APP, b"{}")
    await registry.blobs.locate(APP, digest)
    await registry.manifests.put(APP, Tag("v1"), None, image())
    await registry.manifests.delete(APP, Tag("v1"))


@pytest.mark.usefixtures("guarded")
@in_loop
async def test_the_guard_bites(tmp_path: Path) -> None:
    """The test above would notice a blocking call."""
    with pytest.raises(BlockingError):
        (tmp_path / "file").write_bytes(b"")
