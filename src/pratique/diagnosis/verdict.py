"""The answer to the question that was asked: can it be pulled from here, and how sure is that."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.findings import Finding


class Verdict(Enum):
    """How it ends; the values are the exit codes of `pratique doctor`."""

    WELL = 0
    PROVEN = 1
    SUSPECTED = 3

    @property
    def word(self) -> str:
        """As it stands in JSON."""
        return self.name.lower()


def verdict_on(seen: Examination, findings: Sequence[Finding]) -> Verdict:
    """The verdict.

    Args:
        seen: what was seen.
        findings: what follows from it.
    """
    if is_well(seen) and (seen.outcome is not Outcome.UNTESTED or not findings):
        return Verdict.WELL
    return Verdict.PROVEN if any(finding.certain for finding in findings) else Verdict.SUSPECTED


def is_well(seen: Examination) -> bool:
    """Whether nothing was refused of what was tried."""
    if seen.outcome is Outcome.UNTESTED:
        return True
    if seen.outcome is not Outcome.GRANTED:
        return False
    if not seen.wish.push or seen.wish.login_only:
        return True
    mounted = seen.together is None or seen.together.token
    return mounted and seen.push is not None and seen.push.status in {201, 202}
