"""A registry with images in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.upkeep.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A folder with three images in two repositories."""
    return Stage.filled(tmp_path / "data")
