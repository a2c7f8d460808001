"""A run as a table for people and as JSON for programmes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.bars import Bar, judge
from benchmarks.measures import Series
from benchmarks.processes import Memory
from benchmarks.servers import DISTRIBUTION, NGINX, PRATIQUE

COLUMNS = "{:<17}{:>14}{:>17}{:>14}   {:<24}{:<26}"


@dataclass(frozen=True)
class Run:
    """Everything one run measured.

    Attributes:
        rounds: figures per case and server.
        seconds: length of each burst.
        workers: of nginx and of Pratique.
        table: the series of every case.
        idle: memory of each worker before the load.
        loaded: the same after it.
        first_answers: seconds from the start of Pratique to its first answer.
    """

    rounds: int
    seconds: int
    workers: int
    table: Sequence[Series]
    idle: Sequence[Memory]
    loaded: Sequence[Memory]
    first_answers: Sequence[float]

    @property
    def bars(self) -> list[Bar]:
        """This run held against the bars."""
        return judge(self.table, self.idle, self.first_answers)


def as_text(run: Run) -> str:
    """The tables, with the middle ratio and, in brackets, the least and the greatest."""
    head = COLUMNS.format(
        "", NGINX, DISTRIBUTION, PRATIQUE, f"ratio to {NGINX}", f"ratio to {DISTRIBUTION}"
    )
    starts = ", ".join(f"{seconds:.2f}" for seconds in sorted(run.first_answers))
    return "\n".join(
        [
            f"{run.rounds} rounds of {run.seconds} s, {run.workers} workers, middle figures",
            "",
            head.rstrip(),
            *(_row(series) for series in run.table),
            "",
            f"idle worker         {_memory(run.idle)}",
            f"worker after load   {_memory(run.loaded)}",
            f"first answer after  {starts} s",
            "",
            *(_verdict(bar) for bar in run.bars),
        ]
    )


def as_json(run: Run) -> dict[str, Any]:
    """The whole run, every round, nothing rounded."""
    return {
        "rounds": run.rounds,
        "seconds": run.seconds,
        "workers": run.workers,
        "series": [
            {"case": series.case.name, "unit": series.case.unit, "rates": series.rates}
            for series in run.table
        ],
        "idle_workers_mb": [asdict(worker) for worker in run.idle],
        "loaded_workers_mb": [asdict(worker) for worker in run.loaded],
        "first_answers_s": list(run.first_answers),
        "bars": [{**asdict(bar), "held": bar.held} for bar in run.bars],
    }


def _row(series: Series) -> str:
    figures = [_rate(series, name) for name in (NGINX, DISTRIBUTION, PRATIQUE)]
    ratios = [_spread(series.ratios(PRATIQUE, rival)) for rival in (NGINX, DISTRIBUTION)]
    return COLUMNS.format(series.case.name, *figures, *ratios).rstrip()


def _rate(series: Series, server: str) -> str:
    decimals = 2 if series.case.unit == "GB/s" else 0
    return f"{series.median(server):,.{decimals}f} {series.case.unit}"


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} [{ratios[0]:.2f} to {ratios[-1]:.2f}]"


def _memory(workers: Sequence[Memory]) -> str:
    return ", ".join(
        f"{worker.resident:.0f} MB resident ({worker.proportional:.0f} proportional)"
        for worker in workers
    )


def _verdict(bar: Bar) -> str:
    word = "held  " if bar.held else "MISSED"
    relation = "at least" if bar.at_least else "below"
    return f"{word}  {bar.name}: {bar.measured:.2f} ({relation} {bar.limit:g})"
