"""The content suites, by stores whose rows are in PostgreSQL and whose bytes are objects."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.support.postgres import PostgresServer, fresh_database
from tests.support.postgres_stores import postgres_object_stores

from pratique.naming import Digest, RepositoryName
from pratique.registry import UploadBusy, UploadId
from pratique.registry.object_ports import BlobPlace, ObjectName, StoredChunk
from pratique.storage.metadata.postgres import (
    PostgresBlobLinks,
    PostgresBlobPlaces,
    PostgresDatabase,
    PostgresUploadSessions,
)
from pratique.testing.content_builders import later
from pratique.testing.content_stores import ContentStores
from pratique.testing.content_suite_collection import CollectionSuite
from pratique.testing.content_suite_registry import RegistrySuite
from pratique.testing.content_suite_uploads import UploadAreaSuite

APP = RepositoryName("team/app")
BLOB = Digest.of(b"blob")


@pytest.fixture
def stores(postgres: PostgresServer) -> Iterator[ContentStores]:
    """A set of stores, empty."""
    url = fresh_database(postgres)
    with postgres_object_stores(url) as opened:
        yield opened
    postgres.drop(url)


class TestUploads(UploadAreaSuite):
    """See the suite."""


class TestOperations(RegistrySuite):
    """See the suite."""


class TestCollection(CollectionSuite):
    """See the suite."""


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[PostgresDatabase]:
    """An open database."""
    with closing(PostgresDatabase.open(fresh_database(postgres))) as opened:
        yield opened


def test_one_of_many_takes_an_upload(database: PostgresDatabase) -> None:
    """Of requests that come at once, one writes and the others meet `UploadBusy`."""

    async def race() -> None:
        sessions, upload = PostgresUploadSessions(database), UploadId("0" * 16)
        await sessions.create(APP, upload, later(0))
        takes = [sessions.take(APP, upload, f"holder {n}", later(1), later(100)) for n in range(8)]
        outcomes = await asyncio.gather(*takes, return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == [
            *["UploadBusy"] * 7,
            "tuple",
        ]
        assert UploadBusy in [type(outcome) for outcome in outcomes]

    asyncio.run(race())


def test_one_of_many_objects_becomes_the_blob(database: PostgresDatabase) -> None:
    """Uploads of one blob that end at once agree on the object that holds it."""

    async def race() -> None:
        sessions, places = PostgresUploadSessions(database), PostgresBlobPlaces(database)

        async def upload(number: int) -> BlobPlace | None:
            upload_id = UploadId(f"{number:016x}")
            await sessions.create(APP, upload_id, later(0))
            await sessions.take(APP, upload_id, "me", later(1), later(100))
            name = ObjectName(upload_id, "0")
            await sessions.let_go(upload_id, "me", StoredChunk(name, 4, BLOB), later(2))
            await sessions.take(APP, upload_id, "me", later(1), later(100))
            place = BlobPlace(BLOB, name, 4, later(3))
            return await sessions.become(upload_id, "me", place, None)

        outcomes = await asyncio.gather(*(upload(number) for number in range(8)))
        kept = await places.find(BLOB)
        assert outcomes == [kept] * 8

    asyncio.run(race())


@pytest.mark.parametrize("linked", ["before", "never"])
def test_a_place_is_dropped_unless_it_is_linked(database: PostgresDatabase, linked: str) -> None:
    """And what is not linked and old is forgotten without a trace."""

    async def drop() -> None:
        sessions, places = PostgresUploadSessions(database), PostgresBlobPlaces(database)
        upload = UploadId("0" * 16)
        await sessions.create(APP, upload, later(0))
        await sessions.take(APP, upload, "me", later(1), later(100))
        place = BlobPlace(BLOB, ObjectName(upload, "0"), 4, later(3))
        await sessions.become(upload, "me", place, None)
        if linked == "before":
            await PostgresBlobLinks(database).link(APP, BLOB, 4, later(3))
        assert await places.drop_unlinked(BLOB, later(3)) is None
        dropped = await places.drop_unlinked(BLOB, later(4))
        assert dropped == (None if linked == "before" else place)
        assert await places.find(BLOB) == (place if linked == "before" else None)
        rows = await database.fetch_all("SELECT size FROM blobs")
        assert [row[0] for row in rows] == ([4] if linked == "before" else [])

    asyncio.run(drop())
