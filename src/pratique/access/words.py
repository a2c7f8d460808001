"""Words for verdicts: the one place where a reason becomes a sentence.

Sentences are public: they reach the one who was refused, so they never tell whether a repository
exists, nor anything of other principals.
"""

from __future__ import annotations

from typing import assert_never

from pratique.access.actions import ControlAction, RegistryAction
from pratique.access.consulted import CONDITION_FAILED, Outcome, Reason
from pratique.access.decision import Allowed, Denied
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
from pratique.naming.errors import printable

_ROLES_NAMED = 3


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
        case Reason.UNKNOWN_ACTION:
            return f"`{printable(permission)}` is not the name of an action"
        case (
            Reason.DENY_ASSIGNMENT
            | Reason.NO_ROLE_ASSIGNMENT
            | Reason.CONDITION_NOT_MET
            | Reason.NO_ROLE_GRANTS_IT
        ):
            return f"{lacks}: {cause(denied, law)}"
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


def cause(denied: Denied, law: Law) -> str:
    """The last part of `sentence`, for those who know already who was refused what, and where."""
    match denied.reason:
        case Reason.DENY_ASSIGNMENT:
            return "a deny assignment refuses it, whatever its roles grant"
        case Reason.CONDITION_NOT_MET:
            return _which_condition(denied)
        case _ if _wildcard_ignored(denied, law):
            return "while the registry is in mode abac, repositories are asked for one by one"
        case Reason.NO_ROLE_ASSIGNMENT:
            return "no role is assigned to it"
        case Reason.NO_ROLE_GRANTS_IT:
            return _why_roles_fail(denied, law)
        case _:
            return sentence(denied, law)


def meaning(outcome: Outcome) -> str:
    """What became of a consulted rule, in words for those who may read the law."""
    return _MEANINGS[outcome]


def grounds(allowed: Allowed) -> str:
    """Why something is allowed, in words for those who may read the law."""
    law_free = {
        Reason.ADMIN_USER: "the admin user may handle every image",
        Reason.SCOPE_MAP: "its scope map allows it",
        Reason.ANONYMOUS_PULL: "anonymous pull is on",
        Reason.FOLDER_OWNER: "it owns the data folder",
    }
    if allowed.reason is not Reason.ROLE_ASSIGNMENT:
        return law_free[allowed.reason]
    return f"the role `{printable(allowed.consulted[-1].role_name)}` grants it"


_MEANINGS = {
    Outcome.MATCHED: "grants it",
    Outcome.OTHER_SCOPE: "is assigned at another scope",
    Outcome.ROLE_MISSING: "names a role that does not exist any more",
    Outcome.ROLE_LACKS_ACTION: "does not carry the permission",
    Outcome.OTHER_REGISTRY_MODE: "is not honoured in the registry's role mode",
    Outcome.CONDITION_FALSE: "its condition is not met",
    Outcome.CONDITION_UNKNOWN: "its condition cannot be evaluated here",
    Outcome.CONDITION_UNREADABLE: "its condition cannot be read",
    Outcome.DENIES: "refuses it",
    Outcome.DENY_EXCLUDES: "excludes the principal",
    Outcome.DENY_OTHER_SCOPE: "stands at another scope",
    Outcome.DENY_OTHER_ACTION: "does not name the permission",
    Outcome.DENY_CONDITION_FALSE: "its condition is not met",
}


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


def _wildcard_ignored(denied: Denied, law: Law) -> bool:
    return denied.question.resource is EVERY_REPOSITORY and law.registry.mode is RoleMode.ABAC


def _which_condition(denied: Denied) -> str:
    failed = next(c for c in denied.reached if c.outcome in CONDITION_FAILED)
    role = f"`{printable(failed.role_name)}`"
    match failed.outcome:
        case Outcome.CONDITION_UNREADABLE:
            return f"the condition under which it has the role {role} cannot be read"
        case Outcome.CONDITION_UNKNOWN:
            return f"the condition under which it has the role {role} cannot be evaluated here"
        case _:
            return f"it has the role {role} under a condition that is not met here"


def _why_roles_fail(denied: Denied, law: Law) -> str:
    mode = "rbac" if law.registry.mode is RoleMode.RBAC else "abac"
    outcomes: dict[Outcome, list[str]] = {}
    for consulted in denied.reached:
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
    if denied.has_elsewhere:
        return "its roles are assigned at another scope"
    return "its roles no longer exist"
