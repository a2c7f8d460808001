"""The figures Pratique has to reach, and whether it did."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measures import LARGE_BLOB, MANIFEST, Series
from benchmarks.processes import Memory
from benchmarks.servers import DISTRIBUTION, NGINX, PRATIQUE

# (case, rival, least ratio)
LEAST_RATIOS = (
    (MANIFEST, NGINX, 0.35),
    (MANIFEST, DISTRIBUTION, 8.0),
    (LARGE_BLOB, NGINX, 0.9),
)
IDLE_WORKER_MEGABYTES = 90.0
FIRST_ANSWER_SECONDS = 2.0


@dataclass(frozen=True)
class Bar:
    """One figure with its limit.

    Attributes:
        name: what was measured, with its unit.
        measured: the figure of this run.
        limit: the bar.
        at_least: True when the figure must reach the bar, False when it must stay below.
    """

    name: str
    measured: float
    limit: float
    at_least: bool

    @property
    def held(self) -> bool:
        """Whether the bar was held."""
        return self.measured >= self.limit if self.at_least else self.measured < self.limit


def judge(
    table: Sequence[Series], idle: Sequence[Memory], first_answers: Sequence[float]
) -> list[Bar]:
    """Hold one run against every bar.

    Args:
        table: the series of every case.
        idle: the workers of an idle server; the largest counts, shared pages in full.
        first_answers: seconds of several starts; the middle one counts.
    """
    by_case = {series.case.name: series for series in table}
    ratios = [
        Bar(
            f"{case}: {PRATIQUE} / {rival}",
            statistics.median(by_case[case].ratios(PRATIQUE, rival)),
            least,
            at_least=True,
        )
        for case, rival, least in LEAST_RATIOS
    ]
    largest = max(worker.resident for worker in idle)
    start = statistics.median(first_answers)
    return [
        *ratios,
        Bar("idle worker, MB resident", largest, IDLE_WORKER_MEGABYTES, at_least=False),
        Bar("start to first answer, s", start, FIRST_ANSWER_SECONDS, at_least=False),
    ]
