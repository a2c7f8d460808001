"""Words for verdicts: the one place where a reason becomes a sentence, and where its remedies are.

Sentences are public: they reach the one who was refused, so they never tell whether a repository
exists, nor anything of other principals.
"""

from __future__ import annotations

from typing import assert_never

from pratique.access.actions import ControlAction, RegistryAction
from pratique.access.decision import Denied, Outcome, Reason
from pratique.access.judge import permission_named
from pratique.access.law import Law, RoleMode
from pratique.access.question import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    AdminUser,
    Anonymous,
    DirectoryPrincipal,
    FolderOwner,
    RepositoryToken,
    Resource,
    Subject,
)
from pratique.naming import RepositoryName

_SMALLEST_ROLE = {
    RegistryAction.PULL: ("AcrPull", "Container Registry Repository Reader"),
    RegistryAction.METADATA_READ: ("AcrPull", "Container Registry Repository Reader"),
    RegistryAction.PUSH: ("AcrPush", "Container Registry Repository Writer"),
    RegistryAction.METADATA_WRITE: ("Contributor", "Container Registry Repository Writer"),
    RegistryAction.DELETE: ("AcrDelete", "Container Registry Repository Contributor"),
    RegistryAction.CATALOG: ("AcrPull", "Container Registry Repository Catalog Lister"),
}


def sentence(denied: Denied, law: Law) -> str:
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


def remedies(denied: Denied, law: Law) -> tuple[str, ...]:
    """Commands that would help, the narrowest first; for operators, not for the one refused."""
    question = denied.question
    subject = question.subject
    reason = denied.reason
    match reason:
        case Reason.NOT_AUTHENTICATED:
            return ("docker login", "pratique anonymous-pull on")
        case Reason.TOKEN_DOES_NOT_COVER:
            return ("docker logout, then docker login",)
        case Reason.PRINCIPAL_DISABLED if isinstance(subject, DirectoryPrincipal):
            principal = law.principals.get(subject.object_id)
            kind = "sp" if principal and principal.kind == "ServicePrincipal" else "user"
            return (f"pratique {kind} enable {subject.object_id}",)
        case Reason.ADMIN_USER_DISABLED:
            return ("pratique admin-user enable",)
        case Reason.TOKEN_DISABLED if isinstance(subject, RepositoryToken):
            return (f"pratique token enable {subject.name}",)
        case Reason.NO_ROLE_ASSIGNMENT | Reason.NO_ROLE_GRANTS_IT if isinstance(
            subject, DirectoryPrincipal
        ):
            role = _smallest_role(question.action, law.registry.mode)
            return (f'pratique role assign "{role}" --to {subject.object_id}',)
        case Reason.SCOPE_MAP_DOES_NOT_COVER | Reason.SCOPE_MAP_MISSING:
            return ("pratique scope-map update",)
        case _:
            return ()


def name_subject(subject: Subject, law: Law) -> str:
    """How a sentence names who asked."""
    match subject:
        case DirectoryPrincipal():
            principal = law.principals.get(subject.object_id)
            return f"`{principal.display_name if principal else subject.object_id}`"
        case RepositoryToken():
            return f"the token `{subject.name}`"
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
        return "Owner"
    rbac, abac = _SMALLEST_ROLE[action]
    return rbac if mode is RoleMode.RBAC else abac


def _why_roles_fail(denied: Denied, law: Law) -> str:
    other_mode = [c.role_name for c in denied.consulted if c.outcome is Outcome.OTHER_REGISTRY_MODE]
    if other_mode:
        mode = "rbac" if law.registry.mode is RoleMode.RBAC else "abac"
        return f"its role `{other_mode[0]}` is not honoured while the registry is in mode {mode}"
    lacking = [c.role_name for c in denied.consulted if c.outcome is Outcome.ROLE_LACKS_ACTION]
    if lacking:
        names = ", ".join(f"`{name}`" for name in dict.fromkeys(lacking))
        return f"it is not carried by {names}"
    if any(c.outcome is Outcome.OTHER_SCOPE for c in denied.consulted):
        return "its roles are assigned at another scope"
    return "its roles no longer exist"
