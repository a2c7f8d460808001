"""Figures against bars, and the counting of stacks."""

from __future__ import annotations

from benchmarks.bars import Least, judge
from benchmarks.profile import folded
from benchmarks.series import Case, Figure, Series

_PULLS = Series(
    Case("pull", "GET/s"),
    {"nginx": [100.0, 200.0, 400.0], "pratique": [50.0, 120.0, 160.0]},
)


def test_a_ratio_is_formed_within_each_round() -> None:
    """The middle of the ratios counts, not the ratio of the middles."""
    assert _PULLS.ratios("pratique", "nginx") == [0.4, 0.5, 0.6]
    (bar,) = judge((Least("pull", "nginx", 0.55),), (_PULLS,), ())
    assert bar.measured == 0.5
    assert not bar.held
    assert bar.spread == (0.4, 0.6)
    (lower,) = judge((Least("pull", "nginx", 0.5),), (_PULLS,), ())
    assert lower.held


def test_a_bar_without_its_rival_is_not_measured() -> None:
    """A peer that is not on the machine leaves its bars open, and they do not fail the run."""
    (bar,) = judge((Least("pull", "zot", 1.0),), (_PULLS,), ())
    assert bar.measured is None
    assert bar.held


def test_a_figure_stays_below_its_limit() -> None:
    """The middle value is held against the limit, or the greatest where that is what counts."""
    values = (60.0, 70.0, 95.0)
    middle, worst, free = (
        Figure("memory", "MB", values, 80.0),
        Figure("memory", "MB", values, 80.0, worst_counts=True),
        Figure("memory", "MB", values),
    )
    assert [bar.held for bar in judge((), (), (middle, worst, free))] == [True, False]


def test_stacks_are_added_up() -> None:
    """A function counts once in each stack that it stands in, and by itself where it is last."""
    profile = folded(["main;serve;read 3", "main;serve 2", "main;serve;serve 1"])
    assert profile.samples == 6
    assert profile.alone == {"read": 3, "serve": 3}
    assert profile.whole == {"main": 6, "serve": 6, "read": 3}
