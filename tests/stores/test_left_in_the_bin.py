"""A collection that was killed between the move of a blob's bytes and its commit."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pratique.naming import Digest
from pratique.registry import Policy
from pratique.testing.content_builders import push_blob
from pratique.testing.content_stores import ContentStores, filesystem_stores
from pratique.testing.verdicts import allowed_on

APP = allowed_on("team/app")
CONTENT = b"bytes that nothing needs any more"
DIGEST = Digest.of(CONTENT)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder in which the bytes were moved aside, and their row is there still."""
    folder = tmp_path / "data"
    with filesystem_stores(folder) as stores:
        asyncio.run(push_blob(stores.registry(), APP, CONTENT))
        asyncio.run(stores.links.unlink(APP.repository, DIGEST))
        assert stores.bin.throw_away(DIGEST, _in_two_days(stores)) == len(CONTENT)
    assert rows_in(folder) == 1
    return folder


def test_the_next_collection_forgets_the_row(data: Path) -> None:
    """Nothing is left over: neither the row nor the bytes."""
    with filesystem_stores(data, "b") as stores:
        collect(stores)
    assert rows_in(data) == 0
    assert os.listdir(data / "blobs" / "bin") == []  # noqa: PTH208


def test_bytes_that_were_pushed_again_keep_their_row(data: Path) -> None:
    """What lies in the bin is not what is linked now."""
    with filesystem_stores(data, "b") as stores:
        asyncio.run(push_blob(stores.registry(), APP, CONTENT))
        asyncio.run(stores.links.link(APP.repository, DIGEST, len(CONTENT), stores.clock()))
        assert asyncio.run(stores.leftovers.unlinked([DIGEST])) == ()
        assert stores.bin.throw_away(DIGEST, stores.area_time() - timedelta(days=1)) is None
    assert rows_in(data) == 1


def collect(stores: ContentStores) -> None:
    """Collect everything, however young."""

    async def run() -> None:
        async for _ in stores.collection(lambda: _in_two_days(stores)).run(Policy()):
            pass

    asyncio.run(run())


def rows_in(data: Path) -> int:
    """How many blobs have a row."""
    with closing(sqlite3.connect(data / "pratique.db")) as rows:
        (number,) = rows.execute("SELECT count(*) FROM blobs").fetchone()
        return int(number)


def _in_two_days(stores: ContentStores) -> datetime:
    return stores.area_time() + timedelta(days=2)
