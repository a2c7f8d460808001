"""The one evaluator. Pure: no I/O, no clock, the same answer for the same arguments.

Order, as Azure's (reference 4.5): the token's own limits, the principal's state, then any role
assignment at or above the scope that grants the action; otherwise refused.
"""

from __future__ import annotations

from typing import assert_never

from pratique.access.actions import READING, ControlAction, RegistryAction
from pratique.access.decision import Allowed, Consulted, Denied, Outcome, Reason
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
from pratique.naming import RepositoryName, ResourceScope


def decide(question: Question, law: Law) -> Allowed | Denied:
    """Whether the law allows what `question` asks.

    Args:
        question: whose subject has proved who it is.
        law: as it stands now.

    Returns:
        `Allowed` only if a rule of the law says so; `Denied` with the reason otherwise.
    """
    if question.attenuation is not None and not question.attenuation.covers(
        question.action, question.resource
    ):
        return Denied(question, Reason.TOKEN_DOES_NOT_COVER)
    subject = question.subject
    match subject:
        case DirectoryPrincipal():
            return _by_roles(question, subject, law)
        case RepositoryToken():
            return _by_scope_map(question, subject, law)
        case AdminUser():
            return _as_admin_user(question, law)
        case Anonymous():
            return _open_to_all(question, law) or Denied(question, Reason.NOT_AUTHENTICATED)
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
        return Denied(question, Reason.ADMIN_USER_DISABLED)
    if isinstance(question.action, ControlAction):
        return Denied(question, Reason.NOT_FOR_THIS_KIND)
    return Allowed(question, Reason.ADMIN_USER)


def _by_scope_map(question: Question, subject: RepositoryToken, law: Law) -> Allowed | Denied:
    token = law.tokens.get(subject.name)
    if token is None:
        return Denied(question, Reason.PRINCIPAL_UNKNOWN)
    if not token.enabled:
        return Denied(question, Reason.TOKEN_DISABLED)
    if isinstance(question.action, ControlAction):
        return Denied(question, Reason.NOT_FOR_THIS_KIND)
    scope_map = law.scope_maps.get(token.scope_map)
    if scope_map is None:
        return Denied(question, Reason.SCOPE_MAP_MISSING)
    if question.resource is EVERY_REPOSITORY:
        covered = scope_map.covers_every_repository(question.action)
    else:
        resource = question.resource
        name = resource if isinstance(resource, RepositoryName) else None
        covered = scope_map.covers(question.action, name)
    if covered:
        return Allowed(question, Reason.SCOPE_MAP)
    return _open_to_all(question, law) or Denied(question, Reason.SCOPE_MAP_DOES_NOT_COVER)


def _by_roles(question: Question, subject: DirectoryPrincipal, law: Law) -> Allowed | Denied:
    principal = law.principals.get(subject.object_id)
    if principal is None:
        return Denied(question, Reason.PRINCIPAL_UNKNOWN)
    if not principal.enabled:
        return Denied(question, Reason.PRINCIPAL_DISABLED)
    resource = question.resource
    scope = resource if isinstance(resource, ResourceScope) else None
    consulted: list[Consulted] = []
    for holder in (subject.object_id, *law.groups_of.get(subject.object_id, ())):
        through = None if holder == subject.object_id else holder
        for assignment in law.assignments.get(holder, ()):
            role = law.roles.get(assignment.role_id)
            if role is None:
                name, outcome = assignment.role_id, Outcome.ROLE_MISSING
            elif not law.covers(assignment.scope, scope):
                name, outcome = role.name, Outcome.OTHER_SCOPE
            else:
                name, outcome = role.name, _judge_role(role, question, law.registry.mode)
            consulted.append(Consulted(assignment, name, outcome, through))
            if outcome is Outcome.MATCHED:
                return Allowed(question, Reason.ROLE_ASSIGNMENT, tuple(consulted))
    opened = _open_to_all(question, law)
    if opened is not None:
        return opened
    reason = Reason.NO_ROLE_GRANTS_IT if consulted else Reason.NO_ROLE_ASSIGNMENT
    return Denied(question, reason, tuple(consulted))


def _judge_role(role: RoleDefinition, question: Question, mode: RoleMode) -> Outcome:
    action = question.action
    if isinstance(action, ControlAction):
        granted = role.grants_action(action.permission)
        return Outcome.MATCHED if granted else Outcome.ROLE_LACKS_ACTION
    by_actions = any(role.grants_action(p) for p in action.permissions)
    by_data_actions = role.grants_data_action(action.data_permission)
    counts, other = (
        (by_actions, by_data_actions) if mode is RoleMode.RBAC else (by_data_actions, by_actions)
    )
    if mode is RoleMode.ABAC and question.resource is EVERY_REPOSITORY:
        # A registry that judges repositories one by one ignores the wildcard scope
        # (reference 2.2).
        counts, other = False, counts or other
    if counts:
        return Outcome.MATCHED
    return Outcome.OTHER_REGISTRY_MODE if other else Outcome.ROLE_LACKS_ACTION


def permission_named(action: RegistryAction | ControlAction, mode: RoleMode) -> str:
    """The permission that is asked for `action`, as people know it."""
    if isinstance(action, ControlAction):
        return action.permission
    return action.permissions[0] if mode is RoleMode.RBAC else action.data_permission
