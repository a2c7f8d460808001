"""What a cause is, and how far the doctor can go with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reach(Enum):
    """What the doctor can do about a cause."""

    PROVES = "proves"
    """Observations on some machine can prove it."""
    SUSPECTS = "suspects"
    """Observations can only make it likely; the owner of the registry has to confirm it."""
    READS = "reads it in an error text"
    """Only the words of a client, a helper or a server tell of it."""
    OUT = "out of reach"
    """Nothing that the doctor may look at tells of it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One root cause of a failing pull, push or login.

    Attributes:
        id: stable word, for machines.
        number: its place in the catalogue, commonest first; None for a cause of the doctor's own.
        title: what is wrong, one plain line of 80 characters at most.
        reach: how far the doctor can go.
        why_out: why it is out of reach; empty for every other reach.
    """

    id: str
    number: int | None
    title: str
    reach: Reach
    why_out: str = ""
