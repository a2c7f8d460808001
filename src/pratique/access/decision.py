"""The verdict: one value that says what was decided and by which rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Literal, NamedTuple

from pratique.access.conditions import Facts, InvalidCondition, failing_part, read_condition
from pratique.access.denials import DenyAssignment
from pratique.access.law import Law
from pratique.access.question import Question
from pratique.access.roles import RoleAssignment
from pratique.naming import RepositoryName


class Reason(StrEnum):
    """Why a verdict fell as it did; closed, so that every renderer must know them all."""

    # Allowed
    ROLE_ASSIGNMENT = "role-assignment"
    ADMIN_USER = "admin-user"
    SCOPE_MAP = "scope-map"
    ANONYMOUS_PULL = "anonymous-pull"
    FOLDER_OWNER = "folder-owner"
    # Denied
    NOT_AUTHENTICATED = "not-authenticated"
    TOKEN_DOES_NOT_COVER = "token-does-not-cover"  # noqa: S105 - a reason, no secret
    UNKNOWN_ACTION = "unknown-action"
    PRINCIPAL_UNKNOWN = "principal-unknown"
    PRINCIPAL_DISABLED = "principal-disabled"
    DENY_ASSIGNMENT = "deny-assignment"
    NO_ROLE_ASSIGNMENT = "no-role-assignment"
    NO_ROLE_GRANTS_IT = "no-role-grants-it"
    CONDITION_NOT_MET = "condition-not-met"
    ADMIN_USER_DISABLED = "admin-user-disabled"
    TOKEN_DISABLED = "token-disabled"  # noqa: S105 - likewise
    SCOPE_MAP_MISSING = "scope-map-missing"
    SCOPE_MAP_DOES_NOT_COVER = "scope-map-does-not-cover"
    NOT_FOR_THIS_KIND = "not-for-this-kind"


class Outcome(StrEnum):
    """What became of one consulted rule."""

    # A role assignment
    MATCHED = "matched"
    OTHER_SCOPE = "other-scope"
    ROLE_MISSING = "role-missing"
    ROLE_LACKS_ACTION = "role-lacks-action"
    OTHER_REGISTRY_MODE = "other-registry-mode"
    CONDITION_FALSE = "condition-false"
    CONDITION_UNKNOWN = "condition-unknown"
    CONDITION_UNREADABLE = "condition-unreadable"
    # A deny assignment
    DENIES = "denies"
    DENY_EXCLUDES = "deny-excludes"
    DENY_OTHER_SCOPE = "deny-other-scope"
    DENY_OTHER_ACTION = "deny-other-action"
    DENY_CONDITION_FALSE = "deny-condition-false"


CONDITION_FAILED = frozenset(
    {Outcome.CONDITION_FALSE, Outcome.CONDITION_UNKNOWN, Outcome.CONDITION_UNREADABLE}
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A condition that was not met.

    The part on which it failed is looked for when somebody asks, since most refusals are never
    explained; the evaluator that finds it is the one that judged, asked about the same facts.
    """

    condition: str
    facts: Facts

    @property
    def failed(self) -> str:
        """The smallest part that explains the failure, or why the text cannot be read."""
        found = read_condition(self.condition)
        if isinstance(found, InvalidCondition):
            return str(found)
        return str(failing_part(found.expression, self.facts))


class Consulted(NamedTuple):
    """One rule that was looked at, in the order of looking.

    Attributes:
        rule: a role assignment or a deny assignment.
        role_name: of the assignment's role, or its id when the role is missing; the deny
            assignment's own name.
        through_group: object id of the group by which the rule concerns the principal, None when
            it names the principal itself, or everyone.
        weighed: of a condition that was not met, what it was and what it was asked about.
    """

    rule: RoleAssignment | DenyAssignment
    role_name: str
    outcome: Outcome
    through_group: str | None
    weighed: Weighed | None = None

    @property
    def failed(self) -> str:
        """The part on which a condition failed, or why it cannot be read; empty without one."""
        return "" if self.weighed is None else self.weighed.failed

    @property
    def rule_id(self) -> str:
        """The GUID of the assignment."""
        rule = self.rule
        return rule.assignment_id if isinstance(rule, RoleAssignment) else rule.deny_id


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
