"""What of a law could go: grants that nobody uses, that say too much, or that mean nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from pratique.access.actions import RegistryAction
from pratique.access.builtin_roles import BUILT_IN_ROLES
from pratique.access.conditions import Condition, InvalidCondition, ends_at
from pratique.access.known_permissions import breadth
from pratique.access.law import Law, RoleMode
from pratique.access.patience import Patience, endless
from pratique.access.roles import RoleAssignment, RoleDefinition

_BY_BREADTH = sorted(BUILT_IN_ROLES.values(), key=breadth)


class Fault(StrEnum):
    """Why a grant is worth a look; closed."""

    UNUSED = "unused"
    BROADER_THAN_USED = "broader-than-used"
    ORPHANED = "orphaned"
    ROLE_MISSING = "role-missing"
    EXPIRED = "expired"
    UNREADABLE = "unreadable"
    DUPLICATED = "duplicated"
    NOT_HONOURED = "not-honoured"
    HOLDER_DISABLED = "holder-disabled"


@dataclass(frozen=True, slots=True)
class Use:
    """How an assignment was used since uses are recorded.

    Attributes:
        actions: the words of registry actions, and permissions of control actions.
        last: the day of the last use, in UTC.
    """

    actions: frozenset[str]
    last: date


@dataclass(frozen=True, slots=True)
class Uses:
    """What was recorded.

    Attributes:
        since: the day on which recording began; None when nothing was ever recorded.
        by_assignment: assignments that were used, by their id.
    """

    since: date | None = None
    by_assignment: Mapping[str, Use] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One assignment, and what is the matter with it.

    Attributes:
        narrower: of a grant that is broader than what was used, the role that would do.
        other: of a duplicate, the assignment that grants all of it already.
        last_used: None when no use was recorded.
    """

    assignment: RoleAssignment
    fault: Fault
    narrower: RoleDefinition | None = None
    other: RoleAssignment | None = None
    last_used: date | None = None


def review(
    law: Law, uses: Uses, at: datetime, days: int, patience: Patience = endless
) -> tuple[Finding, ...]:
    """Every assignment that is worth a look, each fault of it once.

    Args:
        law: that stands.
        uses: as recorded.
        at: now, with a time zone.
        days: without a use in so many days a grant counts as unused. A grant, or a record, that is
            younger is not judged.
        patience: asked before each assignment.

    Raises:
        TooLong: `patience` came to an end.
    """
    found: list[Finding] = []
    unconditional = _unconditional(law)
    for assignment in sorted(law.every_assignment(), key=lambda a: (a.created_at, a.assignment_id)):
        patience()
        found += _of(assignment, law, unconditional, uses, at, days)
    return tuple(found)


# Of each holder, scope and role, the first unconditional assignment in the order of ids.
Unconditional = Mapping[tuple[str, str, str], RoleAssignment]


def _unconditional(law: Law) -> Unconditional:
    found: dict[tuple[str, str, str], RoleAssignment] = {}
    for assignment in law.every_assignment():
        if assignment.condition is None:
            key = (assignment.principal_id, assignment.scope.key, assignment.role_id)
            found.setdefault(key, assignment)
    return found


def _of(
    assignment: RoleAssignment,
    law: Law,
    unconditional: Unconditional,
    uses: Uses,
    at: datetime,
    days: int,
) -> Iterator[Finding]:
    use = uses.by_assignment.get(assignment.assignment_id)
    last = use.last if use else None
    role, holder = law.roles.get(assignment.role_id), law.principals.get(assignment.principal_id)
    if holder is None:
        yield Finding(assignment, Fault.ORPHANED, last_used=last)
    elif role is None:
        yield Finding(assignment, Fault.ROLE_MISSING, last_used=last)
    else:
        if not holder.enabled:
            yield Finding(assignment, Fault.HOLDER_DISABLED, last_used=last)
        edge = at.date() - timedelta(days=days)
        found = _idle(assignment, role, law, unconditional, at) or _by_use(
            assignment, role, law, uses, edge
        )
        if found is not None:
            yield replace(found, last_used=last)


def _idle(
    assignment: RoleAssignment,
    role: RoleDefinition,
    law: Law,
    unconditional: Unconditional,
    at: datetime,
) -> Finding | None:
    """What is the matter with an assignment that gives its holder nothing, used or not."""
    spent = _spent(assignment, at)
    if spent is not None:
        return Finding(assignment, spent)
    other = _grants_all_of(assignment, law, unconditional)
    if other is not None:
        return Finding(assignment, Fault.DUPLICATED, other=other)
    return Finding(assignment, Fault.NOT_HONOURED) if _never_counts(role, law) else None


def _by_use(
    assignment: RoleAssignment, role: RoleDefinition, law: Law, uses: Uses, edge: date
) -> Finding | None:
    """What its use since `edge` says; nothing when it, or the record of uses, is younger."""
    if uses.since is None or max(uses.since, assignment.created_at.date()) > edge:
        return None
    use = uses.by_assignment.get(assignment.assignment_id)
    if use is None or use.last < edge:
        return Finding(assignment, Fault.UNUSED)
    narrower = _narrower(role, use.actions, law.registry.mode)
    if narrower is None:
        return None
    return Finding(assignment, Fault.BROADER_THAN_USED, narrower=narrower)


def _spent(assignment: RoleAssignment, at: datetime) -> Fault | None:
    if assignment.condition is None:
        return None
    try:
        end = ends_at(Condition.parse(assignment.condition).expression)
    except InvalidCondition:
        return Fault.UNREADABLE
    return Fault.EXPIRED if end is not None and end <= at else None


def _grants_all_of(
    assignment: RoleAssignment, law: Law, unconditional: Unconditional
) -> RoleAssignment | None:
    """Another assignment of the same role that reaches at least as far, without a condition.

    Of two that are alike, the one that comes later in the order of ids may go.
    """
    line = law.line_of(assignment.scope)
    for holder in (assignment.principal_id, *law.groups_of(assignment.principal_id)):
        for key in line:
            other = unconditional.get((holder, key, assignment.role_id))
            if other is not None and other is not assignment:
                return other
    return None


def _never_counts(role: RoleDefinition, law: Law) -> bool:
    """Whether a role carries data rights only, and only those that this registry does not honour.

    Of a registry that judges by data actions, AcrPull; of one that judges by actions, Repository
    Reader.
    """
    if law.registry.mode is RoleMode.RBAC:
        return bool(role.bits_by_data_actions) and not any(p.actions for p in role.permissions)
    honoured = role.bits_by_data_actions or breadth(role)[0]
    data_only = all(
        _is_data_action(action)
        for permissions in role.permissions
        for action in permissions.actions
    )
    return bool(role.bits_by_actions) and data_only and not honoured


def _is_data_action(action: str) -> bool:
    return any(action in each.permissions for each in RegistryAction)


def _narrower(role: RoleDefinition, used: Collection[str], mode: RoleMode) -> RoleDefinition | None:
    """The narrowest built-in role that grants all that was used, if it is narrower than `role`."""
    for candidate in _BY_BREADTH:
        if breadth(candidate) >= breadth(role):
            return None
        if all(_grants(candidate, word, mode) for word in used):
            return candidate
    return None


def _grants(role: RoleDefinition, word: str, mode: RoleMode) -> bool:
    if "/" in word:
        return role.grants_action(word)
    action = RegistryAction.CATALOG if word == "catalog" else RegistryAction.from_word(word)
    if action is None:
        return False
    by_actions = mode is RoleMode.RBAC
    bits = role.bits_by_actions if by_actions else role.bits_by_data_actions
    return bool(bits & action.bit)
