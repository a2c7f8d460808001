"""Whose turn it is to collect, between processes of one machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pratique.storage.blobs.filesystem import CollectionTurn

NOW = datetime.fromtimestamp(2_000_000_000, UTC)
EVERY = timedelta(hours=6)


def took(turn: CollectionTurn, now: datetime = NOW) -> bool:
    """Take the turn, if it can be had, and end it well."""
    with turn.taken(now, EVERY) as ours:
        return ours


def test_one_at_a_time(tmp_path: Path) -> None:
    """While one process collects, another does not."""
    first, second = CollectionTurn(tmp_path), CollectionTurn(tmp_path)
    with first.taken(NOW, EVERY) as ours:
        assert ours
        assert not took(second)


def test_not_too_often(tmp_path: Path) -> None:
    """The next turn comes when the period is over, after a restart as well."""
    assert took(CollectionTurn(tmp_path))
    assert not took(CollectionTurn(tmp_path), NOW + EVERY - timedelta(seconds=1))
    assert took(CollectionTurn(tmp_path), NOW + EVERY)


def test_a_clock_that_went_wrong_keeps_nobody(tmp_path: Path) -> None:
    """An end that lies further ahead than the time between two collections is not believed."""
    assert took(CollectionTurn(tmp_path), NOW + timedelta(days=400))
    assert not took(CollectionTurn(tmp_path), NOW + timedelta(days=400) - timedelta(hours=1))
    assert took(CollectionTurn(tmp_path))


def test_a_turn_that_failed_does_not_count(tmp_path: Path) -> None:
    """What ended with a failure is tried again, and the lock is free."""
    turn = CollectionTurn(tmp_path)
    with pytest.raises(RuntimeError), turn.taken(NOW, EVERY):
        raise RuntimeError
    assert took(turn)
