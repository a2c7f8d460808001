"""Collection beside pushes, as in `test_collection_machine`, with the rows in a real PostgreSQL."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from tests.stores.test_collection_machine import CollectionMachine
from tests.support.postgres import PostgresServer, fresh_database
from tests.support.postgres_stores import postgres_stores

from pratique.storage.metadata.postgres import PostgresDatabase
from pratique.testing.content_stores import ContentStores

# Each example costs a database and hundreds of durable commits.
BOUNDS = settings(max_examples=15, stateful_step_count=20, deadline=None)


@pytest.fixture
def template(postgres: PostgresServer) -> str:
    """The name of a migrated database that nobody uses."""
    url = fresh_database(postgres)
    PostgresDatabase.open(url).close()
    return url.rpartition("/")[2]


def test_any_sequence(postgres: PostgresServer, template: str) -> None:
    """Two workers that share a folder and a database lose nothing and leave nothing behind."""

    class Machine(CollectionMachine):
        def open_workers(self) -> list[ContentStores]:
            folder = Path(self.open.enter_context(tempfile.TemporaryDirectory()))
            url = postgres.url(postgres.new_database(template))
            self.open.callback(postgres.drop, url)
            return [
                self.open.enter_context(postgres_stores(url, folder / "data", prefix))
                for prefix in "ab"
            ]

    run_state_machine_as_test(Machine, settings=BOUNDS)
