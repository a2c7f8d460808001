"""The suite of uploads and places of blobs in an object store, by every store of rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.postgres import PostgresServer, fresh_database

from pratique.storage.metadata.memory import ContentRows, MemoryBlobLinks
from pratique.storage.metadata.memory.upload_sessions import MemoryUploadSessions
from pratique.storage.metadata.postgres import (
    PostgresBlobLinks,
    PostgresBlobPlaces,
    PostgresDatabase,
    PostgresUploadSessions,
)
from pratique.storage.metadata.sqlite import Database, SqliteBlobLinks
from pratique.storage.metadata.sqlite.upload_sessions import (
    SqliteBlobPlaces,
    SqliteUploadSessions,
)
from pratique.testing.content_suite_objects import ObjectRows, ObjectRowsSuite


class TestInMemory(ObjectRowsSuite):
    """See the suite."""

    @pytest.fixture
    def rows(self) -> ObjectRows:
        """Rows, empty."""
        content = ContentRows()
        both = MemoryUploadSessions(content)
        return ObjectRows(both, both, MemoryBlobLinks(content))


class TestInSqlite(ObjectRowsSuite):
    """See the suite."""

    @pytest.fixture
    def rows(self, tmp_path: Path) -> Iterator[ObjectRows]:
        """Rows, empty."""
        with closing(Database.open(tmp_path / "pratique.db")) as database:
            yield ObjectRows(
                SqliteUploadSessions(database),
                SqliteBlobPlaces(database),
                SqliteBlobLinks(database),
            )


class TestInPostgres(ObjectRowsSuite):
    """See the suite."""

    @pytest.fixture
    def rows(self, postgres: PostgresServer) -> Iterator[ObjectRows]:
        """Rows, empty."""
        with closing(PostgresDatabase.open(fresh_database(postgres))) as database:
            yield ObjectRows(
                PostgresUploadSessions(database),
                PostgresBlobPlaces(database),
                PostgresBlobLinks(database),
            )
