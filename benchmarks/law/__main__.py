"""`python -m benchmarks.law`: one run and its table; `--check` makes a missed bar exit code 1."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.law.decisions import Pace, pace, paces, per_second, prepare
from benchmarks.law.loading import measure, store
from benchmarks.law.peers import Peer, cedar, pycasbin
from benchmarks.law.world import AT, World, make_questions, make_world
from pratique.access import decide

ASSIGNMENTS, PRINCIPALS = 100_000, 20_000
SMALL, LARGE = 1_000, 1_000_000
ASKERS, EACH = 1_000, ASSIGNMENTS // PRINCIPALS


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.law", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit code 1 when a bar is missed")
    parser.add_argument("--without-peers", action="store_true", help="leave the other judges out")
    words = parser.parse_args()
    held = list(_bars())
    if not words.without_peers:
        _peers()
    return 1 if words.check and not all(held) else 0


def _bars() -> Iterator[bool]:
    middle = pace(prepare(ASSIGNMENTS, PRINCIPALS))
    print(f"{ASSIGNMENTS:,} assignments, {PRINCIPALS:,} principals, {middle.allowed:.0%} allowed")
    yield _bar("decisions a second, one core", 1 / middle.seconds, 250_000, "{:,.0f}", least=True)
    print(f"    in the fastest round: {1 / middle.best:,.0f}; never asked: {1 / middle.first:,.0f}")
    yield _bar("decision p99, microseconds", middle.p99 * 1e6, 20, "{:.1f}")
    # Each principal holds as many assignments in the one law as in the other, and as many ask.
    small, large = paces([prepare(size, size // EACH)[:ASKERS] for size in (SMALL, LARGE)])
    yield _bar(f"growth, {SMALL:,} to {LARGE:,} assignments", _growth(small, large), 1.3, "{:.2f}")
    with tempfile.TemporaryDirectory(prefix="pratique-law-") as folder:
        path = Path(folder) / "ledger.db"
        store(make_world(ASSIGNMENTS, PRINCIPALS), path)
        found = measure(path)
    yield _bar("loading the law, seconds", found["load_seconds"], 1.5, "{:.2f}")
    yield _bar("one change takes effect, ms", found["change_seconds"] * 1e3, 2, "{:.2f}")
    print(f"    the slowest of them: {found['slowest_change_seconds'] * 1e3:.2f} ms")
    yield _bar("memory of the law in a worker, MB", found["megabytes"], 120, "{:.0f}")


def _growth(small: Pace, large: Pace) -> float:
    return large.best / small.best


def _bar(name: str, found: float, bar: float, form: str, *, least: bool = False) -> bool:
    held = found >= bar if least else found < bar
    word = "at least" if least else "below"
    shown = form.format(found)
    print(f"  {'ok    ' if held else 'MISSED'} {name}: {shown} ({word} {form.format(bar)})")
    return held


def _peers() -> None:
    print("\nother judges on the same law and questions")
    _peer(cedar, ASSIGNMENTS, PRINCIPALS)
    # Casbin's time to take a policy in grows with its square; the whole law would take it hours.
    _peer(pycasbin, ASSIGNMENTS // 10, PRINCIPALS // 10)


def _peer(make: Callable[[World], Peer], assignments: int, principals: int) -> None:
    world = make_world(assignments, principals)
    laws = world.laws()
    questions = make_questions(world, 200)
    verdicts = [bool(decide(question, laws[name], AT)) for name, question in questions]
    peer = make(world)
    asked = iter(zip(questions, verdicts, strict=True))

    def ask_peer() -> int:
        (name, question), verdict = next(asked)
        if peer.allows(name, question) != verdict:
            raise AssertionError(f"{peer.name} judges otherwise: {question} at {name}")
        return 1

    def ask_pratique() -> int:
        for name, question in questions:
            decide(question, laws[name], AT)
        return len(questions)

    theirs, ours = per_second(ask_peer, 4.0, most=len(questions)), per_second(ask_pratique, 1.0)
    print(
        f"  {peer.name}, {assignments:,} assignments: {theirs:,.1f} a second; "
        f"pratique {ours:,.0f}, {ours / theirs:,.0f} times as fast"
    )


if __name__ == "__main__":
    sys.exit(main())
