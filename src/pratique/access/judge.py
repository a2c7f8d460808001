"""The one evaluator. Pure: no I/O, no clock, the same answer for the same arguments.

Order, as Azure's (reference 4.5): the token's own limits, the principal's state, deny assignments,
then any role assignment at or above the scope that grants the action under its condition;
otherwise refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from pratique.access.actions import READING, ControlAction, RegistryAction
from pratique.access.decision import (
    CONDITION_FAILED,
    Allowed,
    Consulted,
    Denied,
    Outcome,
    Reason,
    Weighed,
)
from pratique.access.law import Law, RoleMode
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
from pratique.naming import RepositoryName


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


def _open_to_all(question: Question, law: Law) -> Allowed | None:
    """Anonymous pull makes every repository readable, whatever else the law says (reference 7)."""
    if law.registry.anonymous_pull and question.action in READING:
        return Allowed(question, Reason.ANONYMOUS_PULL)
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
    object_id = subject.object_id
    principal = law.principals.get(object_id)
    if principal is None:
        return Denied(question, Reason.PRINCIPAL_UNKNOWN, law)
    if not principal.enabled:
        return Denied(question, Reason.PRINCIPAL_DISABLED, law)
    scope = question.scope
    reach = law.reach(object_id) if scope is None else law.reach_at(object_id, law.line_of(scope))
    inquiry = Inquiry(question, law, at, principal)
    consulted: list[Consulted] = []
    if law.denials and inquiry.is_denied(reach.holders, consulted):
        return Denied(question, Reason.DENY_ASSIGNMENT, law, tuple(consulted))
    for grant in reach.grants:
        assignment, role, role_name, through = grant
        outcome, weighed = _judge(role, assignment.condition, inquiry)
        consulted.append(Consulted(assignment, role_name, outcome, through, weighed))
        if outcome is Outcome.MATCHED:
            reason = Reason.ROLE_ASSIGNMENT
            return Allowed(question, reason, tuple(consulted), inquiry.depended_on_time)
    return _open_to_all(question, law) or Denied(
        question, _no_role(consulted, law, reach.holders), law, tuple(consulted), reach.holders
    )


def _no_role(consulted: list[Consulted], law: Law, holders: tuple[str, ...]) -> Reason:
    for rule in consulted:
        if rule.outcome in CONDITION_FAILED:
            return Reason.CONDITION_NOT_MET
    for holder in holders:
        if holder in law.counts:
            return Reason.NO_ROLE_GRANTS_IT
    return Reason.NO_ROLE_ASSIGNMENT


def _judge(
    role: RoleDefinition | None, condition: str | None, inquiry: Inquiry
) -> tuple[Outcome, Weighed | None]:
    """What becomes of a role assignment that reaches the resource."""
    if role is None:
        return Outcome.ROLE_MISSING, None
    question, law = inquiry.question, inquiry.law
    action = question.action
    if isinstance(action, ControlAction):
        granted = role.grants_action(action.permission)
        other = False
    else:
        by_actions = role.bits_by_actions & action.bit
        by_data_actions = role.bits_by_data_actions & action.bit
        if law.registry.mode is RoleMode.RBAC:
            granted, other = bool(by_actions), bool(by_data_actions)
        elif question.resource is EVERY_REPOSITORY:
            # A registry that judges repositories one by one ignores the wildcard scope
            # (reference 2.2).
            granted, other = False, bool(by_actions or by_data_actions)
        else:
            granted, other = bool(by_data_actions), bool(by_actions)
    if not granted:
        return (Outcome.OTHER_REGISTRY_MODE if other else Outcome.ROLE_LACKS_ACTION), None
    if condition is None:
        return Outcome.MATCHED, None
    return inquiry.weigh(condition, role)


def permission_named(action: RegistryAction | ControlAction, mode: RoleMode) -> str:
    """The permission that is asked for `action`, as people know it."""
    if isinstance(action, ControlAction):
        return action.permission
    return action.permissions[0] if mode is RoleMode.RBAC else action.data_permission
