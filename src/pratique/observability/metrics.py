"""What a metric is: its name, its kind, its labels, and every value that they can take.

All values of all labels are known before the first request comes, so a client can make no series of
its own, and each series has a fixed place among the numbers of a process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product


class Kind(StrEnum):
    """How the numbers of a metric go together."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Label:
    """A label and every value that it can have."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: as it is exposed, with its unit.
        meaning: one sentence, for people.
        labels: in the order in which they are written.
        bounds: of a histogram: upper bounds of its buckets, rising, in the metric's unit; what
            exceeds them all has a bucket of its own.
        of_worker: whether each worker has a series of its own, told apart by the label `worker`;
            otherwise the workers' numbers are added up.
        may_wait: whether a series is left out until it has counted something.
    """

    name: str
    kind: Kind
    meaning: str
    labels: tuple[Label, ...] = ()
    bounds: tuple[float, ...] = ()
    of_worker: bool = False
    may_wait: bool = False

    @property
    def places(self) -> int:
        """How many numbers one series takes; a histogram's sum comes after its buckets."""
        return len(self.bounds) + 2 if self.kind is Kind.HISTOGRAM else 1

    def series(self) -> Iterator[tuple[str, ...]]:
        """The label values of every series, in the order of their places."""
        return product(*(label.values for label in self.labels))

    def exposed_names(self) -> tuple[str, ...]:
        """The names under which a scrape finds it."""
        if self.kind is Kind.HISTOGRAM:
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.name,)

    def exposed_labels(self) -> tuple[str, ...]:
        """The labels that a scrape finds on it."""
        own = tuple(label.name for label in self.labels)
        if self.kind is Kind.HISTOGRAM:
            return (*own, "le")
        return (*own, "worker") if self.of_worker else own


class Table:
    """Every metric of the product, and the place of each series among a process's numbers.

    Args:
        metrics: with names that are all different.
    """

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self.metrics = tuple(metrics)
        self._places: dict[tuple[str, ...], int] = {}
        place = 0
        for metric in self.metrics:
            for values in metric.series():
                self._places[metric.name, *values] = place
                place += metric.places
        self.width = place

    def place(self, name: str, *values: str) -> int:
        """Where the first number of a series is.

        Raises:
            KeyError: there is no such series.
        """
        return self._places[name, *values]

    def places_of(self, kind: Kind) -> Iterator[int]:
        """The places of all series of a kind."""
        for metric in self.metrics:
            if metric.kind is kind:
                for values in metric.series():
                    start = self.place(metric.name, *values)
                    yield from range(start, start + metric.places)
