"""Words for verdicts: the one place where a reason becomes a sentence, and where its remedies are.

Sentences are public: they reach the one who was refused, so they never tell whether a repository
exists, nor anything of other principals.
"""

from __future__ import annotations

from typing import assert_never

from pratique.access.actions import READING, ControlAction, RegistryAction
from pratique.access.builtin_roles import BUILT_IN_ROLES
from pratique.access.decision import Denied, Outcome, Reason
from pratique.access.judge import permission_named
from pratique.access.law import Law, RoleMode
from pratique.access.principals import PrincipalKind
from pratique.access.question import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    AdminUser,
    Anonymous,
    DirectoryPrincipal,
    FolderOwner,
    Question,
    RepositoryToken,
    Resource,
    Subject,
)
from pratique.access.scope_maps import scope_map_verb
from pratique.naming import RepositoryName, ResourceScope
from pratique.naming.errors import printable

_SMALLEST_ROLE = {
    RegistryAction.PULL: ("AcrPull", "Container Registry Repository Reader"),
    RegistryAction.METADATA_READ: ("AcrPull", "Container Registry Repository Reader"),
    RegistryAction.PUSH: ("AcrPush", "Container Registry Repository Writer"),
    RegistryAction.METADATA_WRITE: ("Contributor", "Container Registry Repository Writer"),
    RegistryAction.DELETE: ("AcrDelete", "Container Registry Repository Contributor"),
    RegistryAction.CATALOG: ("AcrPull", "Container Registry Repository Catalog Lister"),
}
_ROLES_NAMED = 3
# Narrowest first; the last one grants everything.
_CONTROL_ROLES = (
    "Reader",
    "Container Registry Contributor and Data Access Configuration Administrator",
    "Role Based Access Control Administrator",
    "Contributor",
    "Owner",
)


def sentence(denied: Denied, law: Law) -> str:  # noqa: C901, PLR0911, PLR0912 - one per reason
    """What happened, to whom and on what, in one lower-case sentence without a final period."""
    question = denied.question
    who = name_subject(question.subject, law)
    where = name_resource(question.resource, law)
    permission = permission_named(question.action, law.registry.mode)
    lacks = f"{who} does not have the permission `{permission}` on {where}"
    reason = denied.reason
    match reason:
        case Reason.NOT_AUTHENTICATED:
            return "authentication required"
        case Reason.TOKEN_DOES_NOT_COVER:
            return f"the access token was not made for `{_word(question.action)}` on {where}"
        case Reason.PRINCIPAL_UNKNOWN:
            return f"{who} is not in this registry's directory any more"
        case Reason.PRINCIPAL_DISABLED:
            return f"{who} is disabled"
        case Reason.NO_ROLE_ASSIGNMENT:
            return f"{lacks}: no role is assigned to it"
        case Reason.NO_ROLE_GRANTS_IT:
            return f"{lacks}: {_why_roles_fail(denied, law)}"
        case Reason.ADMIN_USER_DISABLED:
            return "the admin user of this registry is disabled"
        case Reason.TOKEN_DISABLED:
            return f"{who} is disabled"
        case Reason.SCOPE_MAP_MISSING:
            return f"the scope map of {who} does not exist any more"
        case Reason.SCOPE_MAP_DOES_NOT_COVER:
            return f"the scope map of {who} does not allow `{_word(question.action)}` on {where}"
        case Reason.NOT_FOR_THIS_KIND:
            return f"{who} may handle images only, and `{permission}` is for directory identities"
        case (
            Reason.ROLE_ASSIGNMENT
            | Reason.ADMIN_USER
            | Reason.SCOPE_MAP
            | Reason.ANONYMOUS_PULL
            | Reason.FOLDER_OWNER
        ):
            raise ValueError(f"{reason} allows; it has no sentence of refusal")
        case _:
            assert_never(reason)


def remedies(denied: Denied, law: Law) -> tuple[str, ...]:  # noqa: PLR0911 - one per reason
    """Commands that would help, the narrowest first; for operators, not for the one refused."""
    question = denied.question
    subject = question.subject
    reason = denied.reason
    match reason:
        case Reason.NOT_AUTHENTICATED:
            opens = question.action in READING and not law.registry.anonymous_pull
            return ("docker login", *(("pratique anonymous-pull on",) if opens else ()))
        case Reason.TOKEN_DOES_NOT_COVER:
            return ("docker logout, then docker login",)
        case Reason.PRINCIPAL_DISABLED if isinstance(subject, DirectoryPrincipal):
            principal = law.principals.get(subject.object_id)
            service = principal and principal.kind is PrincipalKind.SERVICE_PRINCIPAL
            return (f"pratique {'sp' if service else 'user'} enable {subject.object_id}",)
        case Reason.ADMIN_USER_DISABLED:
            return ("pratique admin-user enable",)
        case Reason.TOKEN_DISABLED if isinstance(subject, RepositoryToken):
            return (f"pratique token enable {subject.name}",)
        case Reason.NO_ROLE_ASSIGNMENT | Reason.NO_ROLE_GRANTS_IT if isinstance(
            subject, DirectoryPrincipal
        ):
            if _wildcard_ignored(denied, law):
                return ()
            role = _smallest_role(question.action, law.registry.mode)
            resource = question.resource
            at = f' --scope "{resource}"' if isinstance(resource, ResourceScope) else ""
            return (f'pratique role assign "{role}" --to {subject.object_id}{at}',)
        case Reason.SCOPE_MAP_DOES_NOT_COVER | Reason.SCOPE_MAP_MISSING if isinstance(
            subject, RepositoryToken
        ):
            return _scope_map_remedies(question, subject, law)
        case _:
            return ()


def name_subject(subject: Subject, law: Law) -> str:
    """How a sentence names who asked."""
    match subject:
        case DirectoryPrincipal():
            principal = law.principals.get(subject.object_id)
            return f"`{printable(principal.display_name if principal else subject.object_id)}`"
        case RepositoryToken():
            return f"the token `{printable(subject.name)}`"
        case AdminUser():
            return "the admin user"
        case Anonymous():
            return "an anonymous caller"
        case FolderOwner():
            return "the owner of the data folder"
        case _:
            assert_never(subject)


def name_resource(resource: Resource, law: Law) -> str:
    """How a sentence names what was asked about."""
    if isinstance(resource, RepositoryName):
        return f"the repository `{resource}`"
    if resource is THE_REGISTRY:
        return f"the registry `{law.registry.name}`"
    if resource is EVERY_REPOSITORY:
        return "every repository"
    return f"`{resource}`"


def _word(action: RegistryAction | ControlAction) -> str:
    return action.permission if isinstance(action, ControlAction) else action.word


def _smallest_role(action: RegistryAction | ControlAction, mode: RoleMode) -> str:
    if isinstance(action, ControlAction):
        roles = {role.name: role for role in BUILT_IN_ROLES.values()}
        return next(n for n in _CONTROL_ROLES if roles[n].grants_action(action.permission))
    rbac, abac = _SMALLEST_ROLE[action]
    return rbac if mode is RoleMode.RBAC else abac


def _scope_map_remedies(question: Question, subject: RepositoryToken, law: Law) -> tuple[str, ...]:
    token = law.tokens.get(subject.name)
    verb = None if isinstance(question.action, ControlAction) else scope_map_verb(question.action)
    if token is None or verb is None:
        return ()
    place = "*" if question.resource is EVERY_REPOSITORY else question.resource
    allow = f"--allow '{place}:{verb}'"
    scope_map = law.scope_maps.get(token.scope_map)
    if scope_map is None:
        return (f"pratique scope-map create {token.scope_map} {allow}",)
    if scope_map.system_defined:
        create = f"pratique scope-map create MAP {allow}"
        return (f"{create} && pratique token create TOKEN --scope-map MAP",)
    return (f"pratique scope-map update {scope_map.name} {allow}",)


def _wildcard_ignored(denied: Denied, law: Law) -> bool:
    return denied.question.resource is EVERY_REPOSITORY and law.registry.mode is RoleMode.ABAC


def _why_roles_fail(denied: Denied, law: Law) -> str:
    mode = "rbac" if law.registry.mode is RoleMode.RBAC else "abac"
    if _wildcard_ignored(denied, law):
        return f"while the registry is in mode {mode}, repositories are asked for one by one"
    outcomes: dict[Outcome, list[str]] = {}
    for consulted in denied.consulted:
        names = outcomes.setdefault(consulted.outcome, [])
        name = f"`{printable(consulted.role_name)}`"
        if name not in names:
            names.append(name)
    if Outcome.OTHER_REGISTRY_MODE in outcomes:
        role = outcomes[Outcome.OTHER_REGISTRY_MODE][0]
        return f"its role {role} is not honoured while the registry is in mode {mode}"
    if Outcome.ROLE_LACKS_ACTION in outcomes:
        lacking = outcomes[Outcome.ROLE_LACKS_ACTION]
        more = len(lacking) - _ROLES_NAMED
        others = f" and {more} more" if more > 0 else ""
        return f"it is not carried by {', '.join(lacking[:_ROLES_NAMED])}{others}"
    if Outcome.OTHER_SCOPE in outcomes:
        return "its roles are assigned at another scope"
    return "its roles no longer exist"
