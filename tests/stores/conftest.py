"""The stores under test, by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.pooler import Pooler, pooler_before
from tests.support.postgres import PostgresServer, postgres_server

from pratique.testing.content_stores import ContentStores, filesystem_stores, memory_stores


@pytest.fixture(params=["memory", "filesystem"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ContentStores]:
    """A set of stores, empty; each suite runs with each of them."""
    if request.param == "memory":
        yield memory_stores()
    else:
        with filesystem_stores(tmp_path / "data") as opened:
            yield opened


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; take a fresh database of it, and leave it running."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def pooler(postgres: PostgresServer) -> Iterator[Pooler]:
    """A pooler in transaction mode before that server."""
    with pooler_before(postgres) as before:
        yield before
