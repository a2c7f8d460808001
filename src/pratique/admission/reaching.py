"""What becomes of an address that the network rules refuse: the record, and what they say now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from pratique.access import AddressRefusal
from pratique.admission.decisions import REACHING, DecisionRecord
from pratique.admission.snapshot import Snapshot
from pratique.naming.errors import printable


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


def address_refused(
    snapshot: Snapshot, client: str, reason: AddressRefusal, *, decision_id: str, at: datetime
) -> DecisionRecord:
    """The record of an address that is not let in.

    Args:
        snapshot: of the request, seen from the registry whose rules refuse it.
        client: the address.
        reason: why it is not.
        decision_id: of this refusal.
        at: now, with a time zone.
    """
    return DecisionRecord(
        decision_id=decision_id,
        at=at,
        kind="refused",
        reason=reason,
        sentence=_sentence(reason, client),
        action=REACHING,
        resource="registry",
        law_version=snapshot.version,
        client=client,
        registry=snapshot.registry_id,
    )


def _sentence(reason: AddressRefusal, client: str) -> str:
    """What happened. The first words are ACR's, since people and programmes know them."""
    who = f"client with IP '{printable(client)}' is not allowed access"
    match reason:
        case AddressRefusal.NOT_NAMED:
            return f"{who}: no network rule of this registry names its address"
        case AddressRefusal.CLOSED:
            return f"{who}: public network access to this registry is disabled"
        case AddressRefusal.UNKNOWN:
            return (
                "a client without an address is not allowed access: this registry has network "
                "rules, and the address is not known by which to judge"
            )
        case _:
            assert_never(reason)
