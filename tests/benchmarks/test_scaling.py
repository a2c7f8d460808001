"""The model of many nodes against what is known in closed form, and the paper against the model."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.scaling.costs import Cost, measured
from benchmarks.scaling.paper import END, START, tables
from benchmarks.scaling.queues import Passed, Station, Step, simulate
from benchmarks.scaling.storm import Cluster, storm

MANY = 20_000
PAPER = Path(__file__).parents[2] / "docs" / "scale.md"
CHEAP = {
    kind: Cost(100.0, 1.0, 100.0, 1000)
    for kind in ("challenge", "token", "manifest, any", "blob of 64 KiB")
}


def _line(load: float, *, evenly: bool, seed: int = 5) -> tuple[list[Passed], Station]:
    """One server that takes a second for each, on average, at a load."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    now, visitors = 0.0, []
    for _ in range(MANY):
        now += draw.expovariate(load)
        visitors.append((now, [[Step(0, 1.0 if evenly else draw.expovariate(1.0))]]))
    station = Station()
    return simulate([station], visitors), station


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_waiting_is_that_of_pollaczek_and_khinchine(load: float) -> None:
    """M/D/1 waits half as long as M/M/1, which waits load / (1 - load)."""
    for evenly, factor in ((False, 1.0), (True, 0.5)):
        _, station = _line(load, evenly=evenly)
        wanted = factor * load / (1 - load)
        assert station.waited / station.served == pytest.approx(wanted, rel=0.15)


def test_use_is_that_of_the_utilisation_law() -> None:
    """Busy is what was asked for: throughput times the time for one."""
    passed, station = _line(0.5, evenly=False)
    until = max(one.left for one in passed)
    assert station.busy / until == pytest.approx(0.5, rel=0.03)


def test_numbers_within_are_those_of_littles_law() -> None:
    """As many are within, on average, as come in a second, times how long each stays."""
    passed, _ = _line(0.7, evenly=False)
    until = max(one.left for one in passed)
    stays = statistics.fmean(one.left - one.arrived for one in passed)
    events = sorted([(p.arrived, 1) for p in passed] + [(p.left, -1) for p in passed])
    area, within, before = 0.0, 0, 0.0
    for at, change in events:
        area += within * (at - before)
        within, before = within + change, at
    assert within == 0
    assert area / until == pytest.approx(MANY / until * stays)


def test_several_servers_serve_at_once() -> None:
    """Three at once, the fourth waits for the first."""
    visitors = [(0.0, [[Step(0, float(n))]]) for n in (1, 2, 3, 4)]
    assert [one.left for one in simulate([Station(3)], visitors)] == [1.0, 2.0, 3.0, 5.0]


def test_lines_of_one_entry_go_on_together() -> None:
    """What goes on at the same time lasts as long as the longest of it."""
    way = [[Step(0, 1.0), Step(1, 3.0)], [Step(0, 1.0)]]
    (one,) = simulate([Station(), Station()], [(2.0, way)])
    assert one.left == 6.0


def test_nobody_is_lost_and_the_same_comes_again() -> None:
    """All who came had everything, and another run of the same seed is the same."""
    cluster = Cluster(nodes=3)
    first = storm(cluster, CHEAP, 500, 10.0)
    assert first.pulled == 500
    assert first.statements == 500 * 10
    assert storm(cluster, CHEAP, 500, 10.0) == first
    assert storm(cluster, CHEAP, 500, 10.0, seed=2).last != first.last


def test_more_of_what_is_short_is_faster() -> None:
    """Without redirects the nodes' networks are short, with them the object store's."""
    through = Cluster(nodes=4, redirects=False)
    slow = storm(through, CHEAP, 400, 1.0)
    assert slow.use["networks of the nodes"] == max(slow.use.values())
    assert storm(replace(through, nodes=8), CHEAP, 400, 1.0).last < slow.last
    beside = Cluster(nodes=4, store_bytes=10e9)
    short = storm(beside, CHEAP, 400, 1.0)
    assert short.use["object store"] == max(short.use.values())
    assert storm(replace(beside, store_bytes=20e9), CHEAP, 400, 1.0).last < short.last


def test_the_paper_holds_what_the_model_says_of_what_was_measured() -> None:
    """Its tables are made by `python -m benchmarks.scaling`."""
    text = PAPER.read_text(encoding="utf-8")
    assert text.partition(START)[2].partition(END)[0].strip() == tables(measured()).strip()
