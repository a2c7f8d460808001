"""Figures, and the order in which they are taken.

Each case goes round the servers again and again (A B C A B C), and a ratio is formed within a
round, between neighbours in time: what disturbs the machine then disturbs both sides.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.peers.server import Server


@dataclass(frozen=True)
class Case:
    """One thing that is done to each server.

    Attributes:
        name: as it stands in the table.
        unit: of its rates; more is better.
    """

    name: str
    unit: str


@dataclass(frozen=True)
class Series:
    """One case, every server, every round.

    Attributes:
        case: what was done.
        rates: by server name, one figure for each round.
    """

    case: Case
    rates: dict[str, list[float]]

    def median(self, server: str) -> float:
        """The middle figure of one server."""
        return statistics.median(self.rates[server])

    def ratios(self, server: str, other: str) -> list[float]:
        """`server` over `other`, round by round, in order of size."""
        pairs = zip(self.rates[server], self.rates[other], strict=True)
        return sorted(one / two for one, two in pairs)


@dataclass(frozen=True)
class Figure:
    """Something that is measured of Pratique alone.

    Attributes:
        name: what was measured.
        unit: of the values; less is better.
        values: of every try, or of every process.
        limit: the bar that must not be reached; None for none.
        worst_counts: whether the greatest value is held against the bar, not the middle one.
    """

    name: str
    unit: str
    values: Sequence[float]
    limit: float | None = None
    worst_counts: bool = False

    @property
    def judged(self) -> float:
        """The value that counts."""
        return max(self.values) if self.worst_counts else statistics.median(self.values)


@dataclass(frozen=True)
class Outcome:
    """What one work gave.

    Attributes:
        series: of every case that was measured beside others.
        figures: of Pratique alone.
        notes: what a reader must know besides, a sentence each.
    """

    series: Sequence[Series] = ()
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = field(default=())


def interleave(
    cases: Sequence[Case],
    servers: Sequence[Server],
    rounds: int,
    measure: Callable[[Server], Sequence[float]],
) -> list[Series]:
    """Measure each server in turn, `rounds` times.

    Args:
        cases: what one measurement gives, in order; all in the same breath.
        servers: in order.
        rounds: how often it goes round them.
        measure: gives a rate for each of `cases`.
    """
    series = [Series(case, {server.name: [] for server in servers}) for case in cases]
    for _ in range(rounds):
        for server in servers:
            for one, rate in zip(series, measure(server), strict=True):
                one.rates[server.name].append(rate)
    return series
