"""Waiting lines: stations that serve one after another, and visitors who go from one to the next.

A discrete-event simulation: pure, and the same again for the same arrivals.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Step(NamedTuple):
    """One thing that a visitor needs.

    Attributes:
        station: the number of the station.
        seconds: for which it keeps one server of the station busy.
    """

    station: int
    seconds: float


Way = Sequence[Sequence[Step]]
"""What a visitor does, one after the other; the steps of one entry go on at the same time, each a
line of its own, and the next entry begins when all have ended."""


@dataclass
class Station:
    """Servers with one line before them, first come, first served.

    Attributes:
        servers: how many.
        busy: seconds for which servers were busy, of all together.
        served: visitors.
        waited: seconds that visitors have waited before they were served, together.
    """

    servers: int = 1
    busy: float = 0.0
    served: int = 0
    waited: float = 0.0
    _free_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._free_at = [0.0] * self.servers

    def take(self, now: float, seconds: float) -> float:
        """When somebody who comes now is through."""
        begins = max(now, heapq.heappop(self._free_at))
        ends = begins + seconds
        heapq.heappush(self._free_at, ends)
        self.busy += seconds
        self.served += 1
        self.waited += begins - now
        return ends


@dataclass(frozen=True, slots=True)
class Passed:
    """How a visitor fared.

    Attributes:
        arrived: when.
        left: when it had everything.
    """

    arrived: float
    left: float


def simulate(stations: Sequence[Station], visitors: Sequence[tuple[float, Way]]) -> list[Passed]:
    """Let all go their ways.

    Args:
        stations: as nobody has come yet.
        visitors: when each arrives, in seconds, and its way.

    Returns:
        How each fared, in the order of the arguments.
    """
    events: list[tuple[float, int, int, int]] = []
    order = _count()
    open_steps = [0] * len(visitors)
    left = [0.0] * len(visitors)
    for number, (arrives, _) in enumerate(visitors):
        heapq.heappush(events, (arrives, next(order), number, 0))
    while events:
        now, _, number, place = heapq.heappop(events)
        way = visitors[number][1]
        if open_steps[number] > 1:
            # Another line of the same entry is still open.
            open_steps[number] -= 1
            continue
        if place == len(way):
            left[number] = now
            continue
        open_steps[number] = len(way[place])
        for step in way[place]:
            ends = stations[step.station].take(now, step.seconds)
            heapq.heappush(events, (ends, next(order), number, place + 1))
    return [Passed(arrives, left[n]) for n, (arrives, _) in enumerate(visitors)]


def _count() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1
