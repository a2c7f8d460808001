"""A server that is killed at any point: nothing acknowledged is lost, nothing needs repair."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.crash.killing import Rounds

pytestmark = pytest.mark.live

# Each point once, and some twice; `python -m tests.crash 500` is the whole run.
KILLS = 16
SECONDS = 120.0


def test_killed_at_every_kind_of_point(tmp_path: Path) -> None:
    """One folder outlives all kills: whole, without orphans, without a repair by hand."""
    rounds = Rounds(tmp_path, seed=1)
    tally = rounds.run(KILLS, SECONDS, lambda _: None)
    assert tally.faults == []
    assert tally.verified > 0
    assert len(tally.kills) > 3
