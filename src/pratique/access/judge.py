"""The one evaluator. Pure: no I/O, no clock, the same answer for the same arguments.

Order, as Azure's (reference 4.5): the token's own limits, the principal's state, deny assignments,
then any role assignment at or above the scope that grants the action under its condition;
otherwise refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, assert_never

from pratique.access.actions import READING, ControlAction, RegistryAction
from pratique.access.consulted import CONDITION_FAILED, Consulted, Outcome, Reason
from pratique.access.decision import Allowed, Denied
from pratique.access.law import Law, Reach, RoleMode
from pratique.access.question import (
    EVERY_REPOSITORY,
    AdminUser,
    Anonymous,
    DirectoryPrincipal,
    FolderOwner,
    Question,
    RepositoryToken,
)
from pratique.access.roles import RoleDefinition
from pratique.access.rules import Inquiry
from pratique.naming import RepositoryName, ResourceScope

# Looking up a member of an enum costs as much as a step of the loop below.
_RBAC = RoleMode.RBAC
_MATCHED, _ROLE_MISSING = Outcome.MATCHED, Outcome.ROLE_MISSING
_ROLE_LACKS_ACTION, _OTHER_REGISTRY_MODE = Outcome.ROLE_LACKS_ACTION, Outcome.OTHER_REGISTRY_MODE
_ROLE_ASSIGNMENT, _NO_ROLE_ASSIGNMENT = Reason.ROLE_ASSIGNMENT, Reason.NO_ROLE_ASSIGNMENT
_NO_ROLE_GRANTS_IT = Reason.NO_ROLE_GRANTS_IT


def decide(  # noqa: PLR0911 - one per kind of subject, after what holds for all
    question: Question, law: Law, at: datetime
) -> Allowed | Denied:
    """Whether the law allows what `question` asks.

    Args:
        question: whose subject has proved who it is.
        law: as it stands now.
        at: now, with a time zone; conditions may ask for it.

    Returns:
        `Allowed` only if a rule of the law says so; `Denied` with the reason otherwise.
    """
    action = question.action
    if isinstance(action, ControlAction) and not action.known:
        return Denied(question, Reason.UNKNOWN_ACTION, law)
    if question.attenuation is not None and not question.attenuation.covers(
        action, question.resource
    ):
        return Denied(question, Reason.TOKEN_DOES_NOT_COVER, law)
    subject = question.subject
    match subject:
        case DirectoryPrincipal():
            return _by_roles(question, subject, law, at)
        case RepositoryToken():
            return _by_scope_map(question, subject, law)
        case AdminUser():
            return _as_admin_user(question, law)
        case Anonymous():
            return _open_to_all(question, law) or Denied(question, Reason.NOT_AUTHENTICATED, law)
        case FolderOwner():
            return Allowed(question, Reason.FOLDER_OWNER)
        case _:
            assert_never(subject)


def _open_to_all(question: Question, law: Law, *, timely: bool = False) -> Allowed | None:
    """Anonymous pull makes every repository readable, whatever else the law says (reference 7)."""
    if law.registry.anonymous_pull and question.action in READING:
        return Allowed(question, Reason.ANONYMOUS_PULL, depends_on_time=timely)
    return None


def _as_admin_user(question: Question, law: Law) -> Allowed | Denied:
    if not law.registry.admin_enabled:
        return Denied(question, Reason.ADMIN_USER_DISABLED, law)
    if isinstance(question.action, ControlAction):
        return Denied(question, Reason.NOT_FOR_THIS_KIND, law)
    return Allowed(question, Reason.ADMIN_USER)


def _by_scope_map(question: Question, subject: RepositoryToken, law: Law) -> Allowed | Denied:
    token = law.tokens.get(subject.name)
    if token is None:
        return Denied(question, Reason.PRINCIPAL_UNKNOWN, law)
    if not token.enabled:
        return Denied(question, Reason.TOKEN_DISABLED, law)
    if isinstance(question.action, ControlAction):
        return Denied(question, Reason.NOT_FOR_THIS_KIND, law)
    scope_map = law.scope_maps.get(token.scope_map)
    if scope_map is None:
        return Denied(question, Reason.SCOPE_MAP_MISSING, law)
    if question.resource is EVERY_REPOSITORY:
        covered = scope_map.covers_every_repository(question.action)
    else:
        resource = question.resource
        name = resource if isinstance(resource, RepositoryName) else None
        covered = scope_map.covers(question.action, name)
    if covered:
        return Allowed(question, Reason.SCOPE_MAP)
    return _open_to_all(question, law) or Denied(question, Reason.SCOPE_MAP_DOES_NOT_COVER, law)


def _by_roles(
    question: Question, subject: DirectoryPrincipal, law: Law, at: datetime
) -> Allowed | Denied:
    object_id, resource = subject.object_id, question.resource
    if isinstance(resource, ResourceScope):
        reach = law.reach_at(object_id, law.line_of(resource))
    else:
        reach = law.reach(object_id)
    asked = _number(question)
    settled = reach.settled.get(asked)
    if settled is not None:
        return _verdict(question, law, reach, settled, timely=False)
    if reach.principal is None:
        return Denied(question, Reason.PRINCIPAL_UNKNOWN, law)
    if not reach.principal.enabled:
        return Denied(question, Reason.PRINCIPAL_DISABLED, law)
    consulted: list[Consulted] = []
    inquiry = Inquiry(question, law, at, reach.principal)
    if law.denials and inquiry.is_denied(reach.holders, consulted):
        return Denied(question, Reason.DENY_ASSIGNMENT, law, tuple(consulted))
    found = _by_grants(reach, inquiry, consulted), tuple(consulted)
    if asked and not law.denials and not inquiry.weighed_any:
        reach.settled[asked] = found
    return _verdict(question, law, reach, found, timely=inquiry.depended_on_time)


def _verdict(
    question: Question,
    law: Law,
    reach: Reach,
    found: tuple[Reason, tuple[Consulted, ...]],
    *,
    timely: bool,
) -> Allowed | Denied:
    reason, consulted = found
    if reason is _ROLE_ASSIGNMENT:
        return Allowed(question, reason, consulted, timely)
    return _open_to_all(question, law, timely=timely) or Denied(
        question, reason, law, consulted, reach.holders
    )


def _number(question: Question) -> int:
    """What is asked, for `Reach.settled`; 0 for what is not kept there."""
    action = question.action
    if isinstance(action, ControlAction):
        return 0
    return -action.bit if question.resource is EVERY_REPOSITORY else action.bit


def _by_grants(reach: Reach, inquiry: Inquiry, consulted: list[Consulted]) -> Reason:
    """The reason for which the grants allow or refuse; what was looked at joins `consulted`."""
    judge, wanted = _way(inquiry.question, inquiry.law)
    for assignment, role, role_name, through in reach.grants:
        outcome, weighed = _ROLE_MISSING if role is None else judge(role, wanted), None
        if outcome is _MATCHED and assignment.condition is not None and role is not None:
            outcome, weighed = inquiry.weigh(assignment.condition, role)
        consulted.append(Consulted(assignment, role_name, outcome, through, weighed))
        if outcome is _MATCHED:
            return _ROLE_ASSIGNMENT
    return _no_role(consulted, has_any=reach.has_any)


def _no_role(consulted: list[Consulted], *, has_any: bool) -> Reason:
    for rule in consulted:
        if rule.outcome in CONDITION_FAILED:
            return Reason.CONDITION_NOT_MET
    return _NO_ROLE_GRANTS_IT if has_any else _NO_ROLE_ASSIGNMENT


def _way(question: Question, law: Law) -> tuple[Callable[[RoleDefinition, Any], Outcome], Any]:
    """How to judge a role that is held, and by what: a permission, or an action's bit."""
    action = question.action
    if isinstance(action, ControlAction):
        return _by_permission, action.permission
    if law.registry.mode is _RBAC:
        return _by_actions, action.bit
    if question.resource is EVERY_REPOSITORY:
        return _by_nothing, action.bit
    return _by_data_actions, action.bit


def _by_permission(role: RoleDefinition, permission: str) -> Outcome:
    return _MATCHED if role.grants_action(permission) else _ROLE_LACKS_ACTION


def _by_actions(role: RoleDefinition, bit: int) -> Outcome:
    if role.bits_by_actions & bit:
        return _MATCHED
    return _OTHER_REGISTRY_MODE if role.bits_by_data_actions & bit else _ROLE_LACKS_ACTION


def _by_data_actions(role: RoleDefinition, bit: int) -> Outcome:
    if role.bits_by_data_actions & bit:
        return _MATCHED
    return _OTHER_REGISTRY_MODE if role.bits_by_actions & bit else _ROLE_LACKS_ACTION


def _by_nothing(role: RoleDefinition, bit: int) -> Outcome:
    """A registry that judges repositories one by one ignores the wildcard scope (reference 2.2)."""
    carried = (role.bits_by_actions | role.bits_by_data_actions) & bit
    return _OTHER_REGISTRY_MODE if carried else _ROLE_LACKS_ACTION


def permission_named(action: RegistryAction | ControlAction, mode: RoleMode) -> str:
    """The permission that is asked for `action`, as people know it."""
    if isinstance(action, ControlAction):
        return action.permission
    return action.permissions[0] if mode is RoleMode.RBAC else action.data_permission
