"""What a work is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.bars import Least
from benchmarks.bench import Bench
from benchmarks.series import Outcome


@dataclass(frozen=True)
class Work:
    """Something that a registry is used for, and how fast it must be.

    Attributes:
        name: by which it is chosen on the command line.
        words: what it measures, in a sentence.
        measure: does it.
        bars: ratios that must be reached.
    """

    name: str
    words: str
    measure: Callable[[Bench], Outcome]
    bars: tuple[Least, ...] = ()
