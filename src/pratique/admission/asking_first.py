"""Whether a refusal may turn out otherwise once it is known what the request asks for."""

from __future__ import annotations

from pratique.access import Denied, DenyAssignment, Outcome, Reason


def may_hang_on_the_request(denied: Denied) -> bool:
    """Whether every rule that stands in the way has a condition.

    Such a refusal, of a right that was asked about without what it is used for, says only that a
    condition is not met by nothing at all: the request has to be read before it counts.
    """
    if denied.reason is Reason.CONDITION_NOT_MET:
        return True
    denying = [c.rule for c in denied.reached if c.outcome is Outcome.DENIES]
    return bool(denying) and all(
        refusal.condition is not None
        for rule in denying
        if isinstance(rule, DenyAssignment)
        for refusal in rule.refusals
    )
