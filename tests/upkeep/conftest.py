"""A registry with images in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.postgres import PostgresServer, postgres_server
from tests.upkeep.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A folder with three images in two repositories."""
    return Stage.filled(tmp_path / "data")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; take a fresh database of it, and leave it running."""
    with postgres_server() as server:
        yield server
