"""What rows say of where blobs are, and what they refuse to servers of the other place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from tests.support.postgres import PostgresServer, fresh_database

from pratique.naming import Digest, RepositoryName
from pratique.registry import BlobLinks, StorageFailed, StorageFrozen, UploadId
from pratique.registry.blob_moves import BlobHome, BlobKind, BlobsAt, Extent
from pratique.registry.object_ports import BlobPlace, BlobPlaces, ObjectName, UploadSessions
from pratique.storage.metadata.postgres import (
    PostgresBlobLinks,
    PostgresBlobPlaces,
    PostgresDatabase,
    PostgresUploadSessions,
)
from pratique.storage.metadata.postgres import blob_home as in_postgres
from pratique.storage.metadata.postgres.driver import Connection
from pratique.storage.metadata.sqlite import Database, SqliteBlobLinks
from pratique.storage.metadata.sqlite import blob_home as in_sqlite
from pratique.storage.metadata.sqlite.upload_sessions import (
    SqliteBlobPlaces,
    SqliteUploadSessions,
)
from pratique.testing.content_builders import later
from pratique.testing.loops import in_loop

APP, OTHER = RepositoryName("team/app"), RepositoryName("team/other")
ONE, TWO, THREE = (Digest.of(content) for content in (b"one", b"two", b"three"))
_NUMBERS = count()
OBJECTS, FILES = BlobsAt(BlobKind.OBJECTS, "s3://a"), BlobsAt(BlobKind.FILES, "s3://a")


@dataclass(frozen=True)
class Rows:
    """Rows of one registry."""

    links: BlobLinks
    places: BlobPlaces
    sessions: UploadSessions
    home: Callable[[BlobsAt], BlobHome]
    at: Callable[[], BlobsAt | None]

    async def push_to_files(self, digest: Digest) -> None:
        """Link a blob as a server of files does."""
        await self.links.link(APP, digest, 3, later(5))

    async def upload_to_objects(self, digest: Digest) -> None:
        """Make a blob of an object as a server of objects does, before it links it."""
        upload = UploadId(f"{next(_NUMBERS):016x}")
        await self.sessions.create(APP, upload, later(0))
        await self.sessions.take(APP, upload, "me", later(0), later(10))
        place = BlobPlace(digest, ObjectName(upload, "part"), 3, later(5))
        await self.sessions.become(upload, "me", place, None)

    async def push_to_objects(self, digest: Digest) -> None:
        """Both."""
        await self.upload_to_objects(digest)
        await self.links.link(APP, digest, 3, later(5))

    async def copy(self, digest: Digest) -> None:
        """Note a copy."""
        await self.places.note(BlobPlace(digest, ObjectName("copy", digest.hex), 3, later(5)))


@pytest.fixture(params=["sqlite", "postgres"])
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rows]:
    """Rows, empty, in either store."""
    if request.param == "sqlite":
        with closing(Database.open(tmp_path / "pratique.db")) as database:
            yield Rows(
                SqliteBlobLinks(database),
                SqliteBlobPlaces(database),
                SqliteUploadSessions(database),
                lambda to: in_sqlite.SqliteBlobHome(database, to),
                lambda: in_sqlite.blobs_at(database),
            )
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    with closing(PostgresDatabase.open(fresh_database(postgres))) as shared:
        yield Rows(
            PostgresBlobLinks(shared),
            PostgresBlobPlaces(shared),
            PostgresUploadSessions(shared),
            lambda to: in_postgres.PostgresBlobHome(shared, to),
            lambda: shared.run(lambda: in_postgres.blobs_at(shared)),
        )


async def _digests(home: BlobHome, *, rest: bool = False) -> list[Digest]:
    return [blob.digest async for blob in (home.rest() if rest else home.every())]


@in_loop
async def test_to_objects(rows: Rows) -> None:
    """No blob is linked that has no object, from the second pass on, by whichever server."""
    home = rows.home(OBJECTS)
    await rows.push_to_files(ONE)
    assert rows.at() is None
    assert await home.begin() == Extent(1, 3)
    assert rows.at() == FILES
    assert await _digests(home) == [ONE]
    await rows.copy(ONE)
    await rows.push_to_files(TWO)
    await home.close()
    assert await _digests(home, rest=True) == [TWO]
    with pytest.raises(StorageFrozen, match="moved to an object store"):
        await rows.push_to_files(THREE)
    with pytest.raises(StorageFrozen):
        await rows.links.mount(OTHER, APP, TWO, later(6))
    assert await rows.links.mount(OTHER, APP, ONE, later(6))
    await rows.push_to_files(ONE)
    with pytest.raises(StorageFailed) as left:
        await home.finish()
    assert f"the blob {TWO} is linked and was not moved" in left.value.detail
    await rows.copy(TWO)
    await home.finish()
    assert rows.at() == OBJECTS
    await home.reopen()
    with pytest.raises(StorageFrozen):
        await rows.push_to_files(THREE)
    await rows.push_to_objects(THREE)
    with pytest.raises(StorageFailed):
        await home.begin()


@in_loop
async def test_to_files(rows: Rows) -> None:
    """No object becomes a blob from the second pass on; what was one before is moved."""
    home = rows.home(FILES)
    await rows.push_to_objects(ONE)
    assert rows.at() == BlobsAt(BlobKind.OBJECTS, None)
    assert await home.begin() == Extent(1, 3)
    assert rows.at() == OBJECTS
    assert await _digests(home) == [ONE]
    await rows.upload_to_objects(TWO)
    await home.close()
    assert sorted(await _digests(home, rest=True), key=str) == sorted((ONE, TWO), key=str)
    for refused in (rows.push_to_objects(THREE), rows.upload_to_objects(ONE)):
        with pytest.raises(StorageFrozen, match="moved to files"):
            await refused
    with pytest.raises(StorageFrozen):
        await rows.places.drop_unlinked(TWO, later(100))
    await home.finish()
    assert rows.at() == FILES
    # Placed before the refusal, and moved: so it may be linked.
    await rows.links.link(APP, TWO, 3, later(6))
    await home.reopen()
    with pytest.raises(StorageFrozen):
        await rows.push_to_objects(THREE)
    await rows.push_to_files(THREE)


@in_loop
async def test_a_move_that_ends_early_is_undone(rows: Rows) -> None:
    """Both places' servers do as before."""
    await rows.push_to_files(ONE)
    home = rows.home(OBJECTS)
    await home.begin()
    await home.close()
    await home.reopen()
    await rows.push_to_files(TWO)
    await rows.copy(ONE)
    # Whoever begins once more opens it, too.
    await home.close()
    await home.begin()
    await rows.push_to_files(THREE)
    assert sorted(await _digests(home), key=str) == sorted((ONE, TWO, THREE), key=str)


@in_loop
async def test_objects_of_another_address_count_for_nothing(rows: Rows) -> None:
    """A second run to the same one goes on; one to another begins anew."""
    await rows.push_to_files(ONE)
    await rows.home(OBJECTS).begin()
    await rows.copy(ONE)
    await rows.home(OBJECTS).begin()
    assert await rows.places.find(ONE) is not None
    await rows.home(BlobsAt(BlobKind.OBJECTS, "s3://b")).begin()
    assert await rows.places.find(ONE) is None


@in_loop
async def test_files_are_not_moved_to_files(rows: Rows) -> None:
    """Neither where a move has told where they are, nor where none has."""
    await rows.push_to_files(ONE)
    with pytest.raises(StorageFailed) as refused:
        await rows.home(FILES).begin()
    assert "are files already" in refused.value.detail
    assert rows.at() is None


@in_loop
async def test_there_and_back_and_there(rows: Rows) -> None:
    """Each move lifts what the one before left, where that would stand in its way."""
    await rows.push_to_files(ONE)
    for to, push, digest in (
        (OBJECTS, rows.push_to_objects, TWO),
        (FILES, rows.push_to_files, THREE),
        (OBJECTS, rows.push_to_objects, Digest.of(b"four")),
    ):
        home = rows.home(to)
        await home.begin()
        for each in await _digests(home):
            await rows.copy(each) if to is OBJECTS else None
        await home.close()
        await home.finish()
        await push(digest)
    assert rows.at() == OBJECTS


@in_loop
async def test_collection_cannot_drop_a_place_that_is_being_linked(
    postgres: PostgresServer,
) -> None:
    """A link waits for whoever drops the object, and is refused then."""
    with closing(PostgresDatabase.open(fresh_database(postgres))) as database:
        links, places = PostgresBlobLinks(database), PostgresBlobPlaces(database)
        home = in_postgres.PostgresBlobHome(database, OBJECTS)
        await home.begin()
        await places.note(BlobPlace(ONE, ObjectName("copy", "a"), 3, later(5)))
        await home.close()
        linking: list[asyncio.Task[None]] = []

        async def dropping(connection: Connection) -> None:
            await connection.execute("DELETE FROM blob_objects WHERE digest = $1", ONE.text)
            linking.append(asyncio.create_task(links.link(APP, ONE, 3, later(6))))
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(linking[0]), 0.5)
            assert not linking[0].done()

        await database.write(dropping)
        with pytest.raises(StorageFrozen):
            await linking[0]
        assert await links.size(APP, ONE) is None
