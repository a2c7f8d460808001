"""A node that is killed in the middle of a chunk: the others go on, and nothing wrong is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from obstore.store import S3Store
from tests.support.object_stores import MovableClock, moto, object_stores

from pratique.naming import RepositoryName
from pratique.registry import UploadBusy
from pratique.storage.blobs.objects import open_bucket
from pratique.storage.blobs.objects.bucket import PART_SIZE
from pratique.testing.content_suite_uploads import begin, finish
from pratique.testing.loops import body_of, in_loop

APP = RepositoryName("team/app")


@pytest.mark.parametrize("size", [0, 100_000, 2 * PART_SIZE + 1_000_000])
@in_loop
async def test_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """After the lease has run out, another node goes on where the last whole chunk ended."""
    with moto(tmp_path) as server:
        for key, value in server.environment.items():
            monkeypatch.setenv(key, value)
        address, clock = server.bucket("bucket"), MovableClock()
        bucket = open_bucket(address, os.environ)
        with object_stores(tmp_path / "data", bucket, clock=clock) as stores:
            upload_id = await begin(stores, b"blo")
            _kill_in_the_middle(tmp_path / "data", address, upload_id, size)
            with pytest.raises(UploadBusy):
                await stores.area.append(APP, upload_id, body_of([b"b"]), 3, 1)
            assert await stores.area.offset(APP, upload_id) == 3
            clock.ahead = timedelta(minutes=2)
            await stores.area.append(APP, upload_id, body_of([b"b"]), 3, 1)
            assert await finish(stores, upload_id, b"blob") == b"blob"
            outside = S3Store(
                "bucket", config={"endpoint": server.url}, client_options={"allow_http": True}
            )
            assert len(outside.list().collect()) == 1


def _kill_in_the_middle(data: Path, address: str, upload_id: str, size: int) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.stores.object_kill_driver"),
            *(str(data), address, upload_id, str(size)),
        ],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"arrived\n"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=15)
