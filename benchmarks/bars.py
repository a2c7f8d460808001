"""The figures Pratique has to reach, and whether it did."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.peers.server import PRATIQUE
from benchmarks.series import Figure, Series


@dataclass(frozen=True)
class Least:
    """The ratio of one server to another that must be reached.

    Attributes:
        case: name of the case.
        rival: the server below the line.
        ratio: the bar.
        server: the one above it.
    """

    case: str
    rival: str
    ratio: float
    server: str = PRATIQUE


@dataclass(frozen=True)
class Bar:
    """One figure with its limit.

    Attributes:
        name: what was measured, with its unit.
        measured: the figure of this run; None when there was nothing to measure beside.
        limit: the bar.
        at_least: True when the figure must reach the bar, False when it must stay below.
        spread: the least and the greatest of what the figure is the middle of.
    """

    name: str
    measured: float | None
    limit: float
    at_least: bool
    spread: tuple[float, float] | None = None

    @property
    def held(self) -> bool:
        """Whether the bar was held, or could not be tried."""
        if self.measured is None:
            return True
        return self.measured >= self.limit if self.at_least else self.measured < self.limit


def judge(least: Sequence[Least], series: Sequence[Series], figures: Sequence[Figure]) -> list[Bar]:
    """Hold what one work gave against its bars."""
    return [*_ratios(least, series), *_figures(figures)]


def _ratios(least: Sequence[Least], series: Sequence[Series]) -> Iterator[Bar]:
    by_case = {one.case.name: one for one in series}
    for bar in least:
        one = by_case[bar.case]
        name = f"{bar.case}: {bar.server} / {bar.rival}"
        if {bar.server, bar.rival} <= one.rates.keys():
            ratios = one.ratios(bar.server, bar.rival)
            spread = (ratios[0], ratios[-1])
            yield Bar(name, statistics.median(ratios), bar.ratio, at_least=True, spread=spread)
        else:
            yield Bar(name, None, bar.ratio, at_least=True)


def _figures(figures: Sequence[Figure]) -> Iterator[Bar]:
    for figure in figures:
        if figure.limit is not None:
            spread = (min(figure.values), max(figure.values))
            name = f"{figure.name}, {figure.unit}"
            yield Bar(name, figure.judged, figure.limit, at_least=False, spread=spread)
