"""The reasoning behind a refusal, for people who may read role assignments.

Asked and recorded as at the management API's `decisions`, and answered from the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pratique.access import DirectoryPrincipal
from pratique.admission import Caller, ControlError, ControlPlane, NotFound, Refused
from pratique.admission.account import question_of
from pratique.admission.decisions import DecisionRecord
from pratique.admission.inquiries import check
from pratique.admission.reaching import reached_again
from pratique.http.edge import Arrival, Entrance
from pratique.http.management.questions import LongQuestions
from pratique.identity import User

PERMISSION: Final = "Microsoft.Authorization/roleAssignments/read"


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What the law says now to what was refused then.

    Attributes:
        allowed_now: None when it cannot be asked again, or not just now.
        remedies: commands of each way out, the narrowest first; none for what is allowed.
        unanswered: why the law could not be asked just now; empty when it was asked.
    """

    allowed_now: bool | None = None
    remedies: tuple[tuple[str, ...], ...] = ()
    unanswered: str = ""


class Reasonings:
    """Gives the reasoning to those who may have it.

    Args:
        entrance: records that somebody may not.
        control: asks whether they may.
    """

    def __init__(self, entrance: Entrance, control: ControlPlane) -> None:
        self._entrance = entrance
        self._control = control
        self._questions = LongQuestions()

    async def of(self, arrival: Arrival, record: DecisionRecord, user: User) -> Reasoning | None:
        """The reasoning; None for a user who may not have it, which is recorded."""
        caller = Caller(DirectoryPrincipal(user.object_id), user.user_name, None, user.password_id)
        try:
            control = self._control.of(arrival.snapshot.registry_id)
            snapshot = control.view(caller, PERMISSION, arrival.snapshot.registry.scope)
        except NotFound:
            # The registry went in this very moment, and its decisions with it.
            return None
        except Refused as refused:
            self._entrance.record(arrival, refused.denied)
            return None
        reached = reached_again(record, snapshot)
        if reached is not None:
            return Reasoning(reached.allowed_now, reached.remedies)
        question = question_of(record, snapshot)
        if question is None:
            return Reasoning()
        law, at = snapshot.law, self._entrance.gate.now()
        try:
            now = await self._questions.answer(
                lambda patience: check(law, question, at, patience), hurried=True
            )
        except ControlError as error:
            return Reasoning(unanswered=str(error))
        chosen = f" --registry {snapshot.registry.name}" if snapshot.registry_id else ""
        commands = (tuple(_at(c, chosen) for c in r.commands(law)) for r in now.remedies)
        return Reasoning(bool(now.verdict), tuple(commands))


def _at(command: str, chosen: str) -> str:
    """A command as it is typed for another registry than the home registry."""
    parts = command.split(" && ")
    return " && ".join(f"{p}{chosen}" if p.startswith("pratique ") else p for p in parts)


def is_own(record: DecisionRecord, user: User) -> bool:
    """Whether it was this very user who was refused."""
    return record.caller_kind == "principal" and record.caller_id == user.object_id
