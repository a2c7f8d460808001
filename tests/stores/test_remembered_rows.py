"""What SQLite was asked before is given again only while nobody committed anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.naming import Digest, MediaType, RepositoryName, Tag
from pratique.registry.records import ManifestRecord
from pratique.storage.metadata.sqlite import Database, SqliteBlobLinks, SqliteManifests
from pratique.storage.metadata.sqlite.remembered import RememberedRows
from pratique.testing.loops import in_loop

AT = datetime(2026, 1, 1, tzinfo=UTC)
APP = RepositoryName("team/app")
TAG = Tag("v1")
BLOB = Digest("sha256", "ab" * 32, f"sha256:{'ab' * 32}")


def manifest(text: str) -> ManifestRecord:
    """A manifest that needs nothing."""
    content = text.encode()
    digest = Digest.parse(f"sha256:{hashlib.sha256(content).hexdigest()}")
    return ManifestRecord(
        digest=digest,
        media_type=MediaType("application/vnd.oci.image.index.v1+json"),
        content=content,
        artifact_type=None,
        config_media_type=None,
        image_size=len(content),
        annotations=None,
        subject=None,
        references=(),
        config=None,
        parts=(),
        parts_are_manifests=True,
        may_be_sparse=True,
    )


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """One file, opened twice, as two worker processes have it."""
    here, there = Database.open(tmp_path / "test.db"), Database.open(tmp_path / "test.db")
    yield here, there
    here.close()
    there.close()


@in_loop
async def test_a_tag_moved_elsewhere_is_found_where_it_is_now(
    both: tuple[Database, Database],
) -> None:
    """Once another process was told that a tag is moved or gone, this one says so too."""
    here, there = SqliteManifests(both[0]), SqliteManifests(both[1])
    for text in ("first", "second"):
        record = manifest(text)
        await there.put(APP, record, (TAG,), AT)
        for _ in range(2):
            found = await here.find(APP, TAG)
            assert found is not None
            assert found.content == text.encode()
    await there.untag(APP, TAG, AT)
    assert await here.find(APP, TAG) is None


@in_loop
async def test_what_was_absent_is_found_once_it_is_there(both: tuple[Database, Database]) -> None:
    """A tag that was looked for in vain is found by the first look after its push."""
    here, there = SqliteManifests(both[0]), SqliteManifests(both[1])
    for _ in range(2):
        assert await here.find(APP, TAG) is None
    record = manifest("now")
    await there.put(APP, record, (TAG,), AT)
    assert await here.find(APP, TAG) == await here.find(APP, record.digest)


@in_loop
async def test_a_tag_and_a_digest_of_one_repository_lead_nowhere_in_another(
    both: tuple[Database, Database],
) -> None:
    """What is remembered of one repository is not found under the name of another."""
    store, record = SqliteManifests(both[0]), manifest("here")
    await store.put(APP, record, (TAG,), AT)
    for reference in (TAG, record.digest):
        assert await store.find(APP, reference) is not None
        assert await store.find(RepositoryName("team/other"), reference) is None


@in_loop
async def test_a_blob_unlinked_elsewhere_is_out_of_reach(both: tuple[Database, Database]) -> None:
    """Once another process unlinked a blob, this one no longer knows its size."""
    here, there = SqliteBlobLinks(both[0]), SqliteBlobLinks(both[1])
    await there.link(APP, BLOB, 7, AT)
    assert [await here.size(APP, BLOB) for _ in range(2)] == [7, 7]
    assert await here.size(RepositoryName("team/other"), BLOB) is None
    await there.unlink(APP, BLOB)
    assert await here.size(APP, BLOB) is None


def test_the_oldest_makes_room(both: tuple[Database, Database]) -> None:
    """Within its room it keeps the newest rows, and none that is long."""
    rows = RememberedRows[str](both[0].commits, room=4000)
    for number in range(10):
        key = ("app", str(number))
        assert rows.get(key) is None
        rows.keep(key, f"row {number}", size=1000)
    assert [n for n in range(10) if rows.get(("app", str(n)))] == [8, 9]
    rows.keep(("app", "long"), "row", size=100_000)
    assert rows.get(("app", "long")) is None


def test_a_commit_frees_all_room(both: tuple[Database, Database]) -> None:
    """After a commit nothing is remembered, and there is room for as much as at first."""
    rows = RememberedRows[str](both[0].commits, room=4000)
    for turn in range(5):
        both[1].write_now(
            lambda connection, key=turn: (
                connection.execute(  # type: ignore[misc]
                    "INSERT INTO blobs VALUES ($1, 1, 1)", {"1": str(key)}
                ).rowcount
            )
        )
        assert rows.get(("app", "a")) is None
        rows.keep(("app", "a"), "row", size=1000)
        assert rows.get(("app", "b")) is None
        rows.keep(("app", "b"), "row", size=1000)
        assert rows.get(("app", "a")) == "row"
