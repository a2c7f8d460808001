"""A run as tables for people and as JSON for programmes."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.bars import Bar, judge
from benchmarks.peers.server import Server
from benchmarks.profile import PROFILED
from benchmarks.series import Figure, Outcome, Series
from benchmarks.works.work import Work


@dataclass(frozen=True)
class Done:
    """One work with what it gave.

    Attributes:
        work: that was measured.
        outcome: what it gave.
    """

    work: Work
    outcome: Outcome

    @property
    def bars(self) -> list[Bar]:
        """The work's bars with the figures of this run."""
        return judge(self.work.bars, self.outcome.series, self.outcome.figures)


@dataclass(frozen=True)
class Run:
    """Everything one run measured.

    Attributes:
        scale: `full` or `quick`; only a full one is held against the bars.
        rounds: figures per case and server.
        seconds: length of each burst.
        workers: of nginx and of Pratique.
        servers: all that were measured.
        missing: peers that are not on this machine, and why.
        done: the works, in order.
    """

    scale: str
    rounds: int
    seconds: int
    workers: int
    servers: Sequence[Server]
    missing: Mapping[str, str]
    done: Sequence[Done]

    @property
    def bars(self) -> list[Bar]:
        """All bars of all works."""
        return [bar for done in self.done for bar in done.bars]


def as_text(run: Run) -> str:
    """The tables: middle figures, and in brackets the least and the greatest."""
    works = (line for done in run.done for line in _work(done))
    return "\n".join([*_head(run), *works, *_bars(run)])


def as_json(run: Run) -> dict[str, Any]:
    """The whole run, every round, nothing rounded."""
    return {
        "scale": run.scale,
        "rounds": run.rounds,
        "seconds": run.seconds,
        "workers": run.workers,
        "machine": _machine(),
        "servers": [
            {"name": one.name, "version": one.version, "authentication": one.authentication}
            for one in run.servers
        ],
        "missing": dict(run.missing),
        "works": [
            {
                "work": done.work.name,
                "series": [
                    {"case": one.case.name, "unit": one.case.unit, "rates": one.rates}
                    for one in done.outcome.series
                ],
                "figures": [asdict(figure) for figure in done.outcome.figures],
                "notes": list(done.outcome.notes),
                "bars": [{**asdict(bar), "held": bar.held} for bar in done.bars],
            }
            for done in run.done
        ],
    }


def rate(figure: float, unit: str) -> str:
    """A rate with as many digits as tell something."""
    decimals = 0 if figure >= 100 else 1 if figure >= 10 else 2
    return f"{figure:,.{decimals}f} {unit}"


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}"


def _head(run: Run) -> Iterator[str]:
    yield f"{run.rounds} rounds of {run.seconds} s, {run.workers} workers; {_machine()}"
    if run.scale != "full":
        yield f"a {run.scale} run: it shows that everything works, and its figures mean nothing"
    yield ""
    yield f"{'server':<16} {'credentials':<15} version"
    for one in run.servers:
        yield f"{one.name:<16} {one.authentication:<15} {one.version}"
    for name, reason in run.missing.items():
        yield f"{name:<16} {'not measured':<15} {reason}"


def _work(done: Done) -> Iterator[str]:
    outcome = done.outcome
    yield ""
    yield f"{done.work.name}: {done.work.words}"
    for series in outcome.series:
        yield f"  {series.case.name}"
        yield from _rows(series)
    for figure in outcome.figures:
        yield f"  {figure.name:<26} {_values(figure)}"
    for note in outcome.notes:
        yield f"  ({note})"


def _rows(series: Series) -> Iterator[str]:
    *others, own = series.rates
    for name, rates in series.rates.items():
        middle = rate(series.median(name), series.case.unit)
        spread = f"[{rate(min(rates), '').strip()} to {rate(max(rates), '').strip()}]"
        line = f"    {name:<18}{middle:>18}  {spread:<22}"
        if name in others:
            line += f"  {own} / {name} = {_spread(series.ratios(own, name))}"
        yield line.rstrip()


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} [{ratios[0]:.2f} to {ratios[-1]:.2f}]"


def _values(figure: Figure) -> str:
    values = ", ".join(f"{value:.2f}" for value in figure.values)
    return f"{values} {figure.unit}"


def _bars(run: Run) -> Iterator[str]:
    """All bars in one table at the end, and what to ask next of those that were missed."""
    bars = run.bars
    if not bars:
        return
    width = max(len(bar.name) for bar in bars)
    yield ""
    yield f"{'':<6}  {'bar':<{width}}  {'figure':>8}  {'spread':<18}  limit"
    for bar in bars:
        yield _verdict(bar, width)
    tried = [bar for bar in bars if bar.measured is not None]
    held = sum(bar.held for bar in tried)
    yield f"{held} of {len(tried)} bars held, {len(bars) - len(tried)} not measured"
    for done in run.done:
        if done.work.name in PROFILED and not all(bar.held for bar in done.bars):
            yield f"see where the time goes: `python -m benchmarks.profile {done.work.name}`"


def _verdict(bar: Bar, width: int) -> str:
    limit = f"{'at least' if bar.at_least else 'below'} {bar.limit:.2f}"
    if bar.measured is None or bar.spread is None:
        return f"{'open':<6}  {bar.name:<{width}}  {'-':>8}  {'':<18}  {limit}"
    word = "held" if bar.held else "MISSED"
    least, greatest = bar.spread
    spread = f"[{least:.2f} to {greatest:.2f}]"
    return f"{word:<6}  {bar.name:<{width}}  {bar.measured:>8.2f}  {spread:<18}  {limit}"
