"""A server that is killed at any point: nothing acknowledged is lost, nothing needs repair."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.crash.killing import IN_A_COLLECTION, NOT_REACHED, Rounds

pytestmark = pytest.mark.live

COLLECTORS = 3


def test_killed_at_every_kind_of_point(tmp_path: Path) -> None:
    """One folder outlives all kills: whole, without orphans, without a repair by hand."""
    rounds = Rounds(tmp_path, seed=1)
    # Each way once; `python -m tests.crash 500` is the whole run.
    tally = rounds.run(len(rounds.ways))
    assert tally.faults == []
    assert tally.kills.total() == len(rounds.ways)
    assert len(set(tally.kills) - {NOT_REACHED}) > len(rounds.ways) / 2
    assert 0 < tally.acknowledged <= tally.asked
    assert tally.looks > tally.acknowledged / 2


def test_the_collector_is_what_dies(tmp_path: Path) -> None:
    """A kill in a collection ends the collector itself, and no process of the server beside it."""
    tally = Rounds(tmp_path, seed=2, only=[IN_A_COLLECTION]).run(COLLECTORS)
    assert tally.faults == []
    assert tally.kills == {IN_A_COLLECTION: COLLECTORS}
    assert tally.starts == 1
