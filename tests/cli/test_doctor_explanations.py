"""The doctor asks for a refusal that was made a moment ago."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pratique.cli import doctor_explanations
from pratique.cli.doctor_explanations import decision
from pratique.cli.failures import Failed
from pratique.cli.session import Call, Reply, Session

_LATE = Reply(404, b'{"errors": [{"code": "NOT_FOUND", "message": "there is no such decision"}]}')
_REFUSED = Reply(403, b'{"errors": [{"code": "DENIED", "message": "no role"}]}')


@dataclass
class _Recording:
    """A registry that gives the decision when it was asked for it often enough."""

    before: list[Reply]

    def send(self, _: Call) -> Reply:
        return self.before.pop(0) if self.before else Reply(200, b'{"reason": "no-role"}')

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_explanations, "_PAUSES", (0.0, 0.0, 0.0))


def test_a_decision_that_is_recorded_a_little_later_is_found() -> None:
    """The doctor is quicker than the worker that records."""
    registry = _Recording([_LATE, _LATE, _LATE])
    assert decision(Session(registry, "it"), "id") == {"reason": "no-role"}


def test_one_that_does_not_come_is_given_up() -> None:
    """After some times."""
    with pytest.raises(Failed, match="no such decision"):
        decision(Session(_Recording([_LATE] * 4), "it"), "id")


def test_a_refusal_is_not_asked_for_again() -> None:
    """Who may not read it now may not read it in a second."""
    registry = _Recording([_REFUSED])
    with pytest.raises(Failed, match="no role"):
        decision(Session(registry, "it"), "id")
