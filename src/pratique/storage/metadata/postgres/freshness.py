"""How old the law may be by which a node judges."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old a law may be, in seconds.

    Attributes:
        bound: the age of a confirmation beyond which nobody is judged by it.
        wait: for which a request may wait for a new one.
        poll: between two looks at the database while nobody tells of a change.
    """

    bound: float = 1.0
    wait: float = 1.0
    poll: float = 0.25
