"""The verdict: one value that says what was decided and by which rules."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Literal, NamedTuple

from pratique.access.consulted import Consulted, Outcome, Reason
from pratique.access.law import Law
from pratique.access.question import Question
from pratique.access.roles import RoleAssignment
from pratique.naming import RepositoryName


class Allowed(NamedTuple):
    """Permission to do what was asked; operations on content take it as their argument.

    True where a truth value is asked.

    Attributes:
        consulted: every rule that was looked at, the last one being the one that allowed.
        depends_on_time: whether a rule was consulted that may fall otherwise at another moment.
    """

    question: Question
    reason: Reason
    consulted: tuple[Consulted, ...] = ()
    depends_on_time: bool = False

    @property
    def repository(self) -> RepositoryName:
        """The repository that was asked about.

        Raises:
            TypeError: the question was not about one repository.
        """
        resource = self.question.resource
        if not isinstance(resource, RepositoryName):
            raise TypeError(f"this verdict is about {resource}, not about a repository")
        return resource

    def __bool__(self) -> Literal[True]:
        return True


class Denied(NamedTuple):
    """Refusal, and everything that was looked at in vain. False where a truth value is asked.

    Attributes:
        reached: the rules that were looked at and reach the resource, in order.
        holders: object ids whose role assignments were looked for.
        law: that was asked; names for the words, and what lies elsewhere.
    """

    question: Question
    reason: Reason
    law: Law
    reached: tuple[Consulted, ...] = ()
    holders: tuple[str, ...] = ()

    @property
    def consulted(self) -> tuple[Consulted, ...]:
        """Every rule that was looked at; those that stand at another scope come last.

        The index hands the evaluator what stands at or above the resource; all else that the same
        holders have is by that very look-up at another scope. It is listed only when somebody
        asks, since a large law holds much of it.
        """
        return (*self.reached, *_elsewhere(self.question, self.law, self.holders))

    def first_consulted(self, most: int) -> tuple[tuple[Consulted, ...], int]:
        """The first `most` of `consulted`, and how many there are in all."""
        found = list(self.reached[:most])
        elsewhere = _elsewhere(self.question, self.law, self.holders)
        found += islice(elsewhere, most - len(found))
        return tuple(found), len(self.reached) + _count_elsewhere(self)

    @property
    def has_elsewhere(self) -> bool:
        """Whether one of the holders has a role assignment at another scope."""
        return next(_elsewhere(self.question, self.law, self.holders), None) is not None

    def __bool__(self) -> Literal[False]:
        return False


def _elsewhere(question: Question, law: Law, holders: tuple[str, ...]) -> Iterator[Consulted]:
    line = frozenset(law.line_of(question.scope))
    for number, holder in enumerate(holders):
        through = holder if number else None
        for key in law.where.get(holder, ()):
            if key not in line:
                for assignment in law.held_at(key, holder):
                    name = _role_name(assignment, law)
                    yield Consulted(assignment, name, Outcome.OTHER_SCOPE, through)


def _count_elsewhere(denied: Denied) -> int:
    law = denied.law
    line = frozenset(law.line_of(denied.question.scope))
    return sum(
        len(law.held_at(key, holder))
        for holder in denied.holders
        for key in law.where.get(holder, ())
        if key not in line
    )


def _role_name(assignment: RoleAssignment, law: Law) -> str:
    role = law.roles.get(assignment.role_id)
    return assignment.role_id if role is None else role.name
