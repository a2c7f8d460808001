"""What the network rules say now to an address that they refused once."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.admission.decisions import REACHING, DecisionRecord
from pratique.admission.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Reached:
    """The answer.

    Attributes:
        allowed_now: whether the address would be let in.
        remedies: commands of each way out; none for what is allowed.
    """

    allowed_now: bool
    remedies: tuple[tuple[str, ...], ...] = ()


def reached_again(record: DecisionRecord, snapshot: Snapshot) -> Reached | None:
    """Whether a client that was refused for its address would be let in now.

    Returns:
        None for records of other refusals.
    """
    if record.action != REACHING:
        return None
    rules = snapshot.law.registry.network
    reason = None if rules is None else rules.refusal(record.client)
    if reason is None:
        return Reached(allowed_now=True)
    command = reason.command_for(record.client)
    return Reached(allowed_now=False, remedies=((command,),) if command else ())
