"""The stores under test, by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique.testing.content_stores import ContentStores, filesystem_stores, memory_stores


@pytest.fixture(params=["memory", "filesystem"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ContentStores]:
    """A set of stores, empty; each suite runs with each of them."""
    if request.param == "memory":
        yield memory_stores()
    else:
        with filesystem_stores(tmp_path / "data") as opened:
            yield opened
