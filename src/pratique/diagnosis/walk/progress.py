"""The steps of a walk, with the time that each took."""

from __future__ import annotations

from pratique.diagnosis.facts.examination import Examination, Step
from pratique.diagnosis.machine import Clock


class Progress:
    """Notes steps.

    Args:
        seen: the examination that they belong to.
        clock: tells the time that each took.
    """

    def __init__(self, seen: Examination, clock: Clock) -> None:
        self._seen = seen
        self._clock = clock
        self._since = clock.seconds()

    def note(self, name: str, words: str, *, well: bool | None) -> None:
        """A step has ended: it took the time since the one before."""
        now = self._clock.seconds()
        self._seen.steps.append(Step(name, well, words, now - self._since))
        self._since = now
