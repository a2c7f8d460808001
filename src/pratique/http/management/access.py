"""Questions about the law: check, who can, what if, and review."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Annotated, Literal

import msgspec

from pratique.access import (
    THE_REGISTRY,
    Denied,
    DirectoryPrincipal,
    Law,
    Question,
    RegistryAction,
    RepositoryToken,
    RoleMode,
    Subject,
    permission_named,
)
from pratique.access.holders import who_can
from pratique.access.known_permissions import DIRECTORY_PREFIX
from pratique.access.review import Use, Uses, review
from pratique.admission import Draft, Unacceptable
from pratique.admission.changes import applications, denials, people, registry, roles
from pratique.admission.decisions import LastUse
from pratique.admission.inquiries import (
    Change,
    Known,
    check,
    read_action,
    read_resource,
    read_subject,
    what_if,
)
from pratique.http.management import access_shapes
from pratique.http.management import access_views as show
from pratique.http.management.deny_assignments import NewDenial
from pratique.http.management.roles import NewAssignment
from pratique.http.management.visit import DIRECTORY_SCOPE, UnreadableBody, Visit
from pratique.http.wire.answers import Given
from pratique.identity import Application, User
from pratique.naming import RepositoryName, ResourceScope
from pratique.registry.content import Page

_MODES = {"rbac": RoleMode.RBAC, "abac": RoleMode.ABAC}
_MOST_REPOSITORIES = 10_000
_LONGEST_REVIEW_DAYS = 365
_DENIALS_READ = "Microsoft.Authorization/denyAssignments/read"
_USERS_READ = f"{DIRECTORY_PREFIX}users/read"
_ATTRIBUTES_READ = f"{DIRECTORY_PREFIX}attributes/read"
_SCOPE_MAPS_READ = "Microsoft.ContainerRegistry/registries/scopeMaps/read"
_TOKENS_READ = "Microsoft.ContainerRegistry/registries/tokens/read"


class CheckRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """May this principal do that there?"""

    principal: str
    action: str
    resource: str


class WhoCanRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may do that there?"""

    action: str
    resource: str


class TrialChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change to try; exactly one of these."""

    remove: str | None = None
    add: NewAssignment | None = None
    role_mode: Literal["rbac", "abac"] | None = None
    disable: str | None = None
    delete: str | None = None
    anonymous_pull: bool | None = None
    admin_user: bool | None = None
    deny: NewDenial | None = None
    undeny: str | None = None


class WhatIfRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Changes to try, one after the other."""

    changes: tuple[TrialChange, ...]


class ReviewedDays(msgspec.Struct, frozen=True):
    """For how long a grant must not have been used to be told of."""

    days: Annotated[int, msgspec.Meta(ge=1, le=_LONGEST_REVIEW_DAYS)] = 90


async def check_access(visit: Visit, wanted: CheckRequest) -> Given[access_shapes.Verdict]:
    """One verdict with everything behind it."""
    snapshot = visit.view()
    action = read_action(wanted.action)
    if wanted.principal.startswith("token:"):
        visit.need(_TOKENS_READ)
    question = Question(
        read_subject(snapshot, wanted.principal), action, read_resource(wanted.resource, action)
    )
    at = visit.gate.now()
    found = await visit.apart(lambda patience: check(snapshot.law, question, at, patience))
    denials, told = visit.may(_DENIALS_READ), visit.told_of(snapshot)
    return Given(show.answer(found, snapshot, denials=denials, told=told))


async def list_who_can(visit: Visit, wanted: WhoCanRequest) -> Given[access_shapes.Holders]:
    """Everybody who may, by kind and name."""
    snapshot = visit.view()
    action = read_action(wanted.action)
    resource = read_resource(wanted.resource, action)
    law, at = snapshot.law, visit.gate.now()
    holders = await visit.apart(lambda patience: who_can(action, resource, law, at, patience))
    may_see = _sight(visit, law)
    shown = [show.holder(found, snapshot) for found in holders if may_see(found.subject)]
    return Given(
        access_shapes.Holders(
            action=show.word(action),
            permission=permission_named(action, snapshot.registry.mode),
            resource=show.resource(resource),
            holders=sorted(shown, key=lambda h: (h.kind, h.name.casefold())),
        )
    )


async def try_changes(visit: Visit, wanted: WhatIfRequest) -> Given[access_shapes.Trial]:
    """Who would gain and who would lose what."""
    snapshot = visit.view()
    _need_for(visit, wanted.changes)
    changes = [_change(change, visit.scope) for change in wanted.changes]
    page = await _repositories(visit)
    known = Known(
        page.items if page else (),
        denials=visit.may(_DENIALS_READ),
        scope_maps=visit.may(_SCOPE_MAPS_READ),
    )
    at, draft = visit.gate.now(), visit.control.draft
    trial = await visit.apart(
        lambda patience: what_if(snapshot, changes, draft, at, known, patience)
    )
    may_see = _sight(visit, trial.before, trial.after)
    shown = [
        show.difference(found, snapshot, trial)
        for found in trial.differences
        if may_see(found.subject)
    ]
    return Given(
        access_shapes.Trial(
            differences=sorted(shown, key=lambda d: (d.gains, d.kind, d.name.casefold(), d.action)),
            repositories_asked=len(trial.repositories),
            repositories_known=page is not None and not page.more,
        )
    )


async def review_access(visit: Visit, query: ReviewedDays) -> Given[access_shapes.Review]:
    """Grants that are worth a look."""
    snapshot = visit.view()
    days = query.days
    today = visit.gate.now().date()
    since, used = await visit.recorder.read(
        lambda store: (
            store.started_on(),
            store.uses_since(today - timedelta(days=_LONGEST_REVIEW_DAYS)),
        )
    )
    uses = Uses(since, _by_grant(used))
    at = visit.gate.now()
    found = await visit.apart(lambda patience: review(snapshot.law, uses, at, days, patience))
    told = visit.told_of(snapshot)
    return Given(
        access_shapes.Review(
            days=days,
            recorded_since=since.isoformat() if since else None,
            findings=[
                show.finding(finding, snapshot, days)
                for finding in found
                if told(finding.assignment.scope)
            ],
        )
    )


def _change(  # noqa: PLR0911 - one for each kind of change
    wanted: TrialChange, registry_scope: ResourceScope
) -> Change:
    given = [value for value in msgspec.structs.asdict(wanted).values() if value is not None]
    if len(given) != 1:
        raise UnreadableBody('a change to try is exactly one thing, such as {"role_mode": "abac"}')
    match wanted:
        case TrialChange(remove=str(assignment_id)):
            return lambda draft: roles.remove(draft, assignment_id)
        case TrialChange(add=NewAssignment() as added):
            assignment = added.wanted(registry_scope)
            return lambda draft: roles.assign(draft, assignment)
        case TrialChange(deny=NewDenial() as added):
            denial = added.wanted(registry_scope)
            return lambda draft: denials.create_denial(draft, denial)
        case TrialChange(undeny=str(reference)):
            return lambda draft: denials.delete_denial(draft, reference)
        case TrialChange(disable=str(reference)):
            return lambda draft: _disable(draft, reference)
        case TrialChange(delete=str(reference)):
            return lambda draft: _delete(draft, reference)
        case TrialChange(admin_user=bool(on)):
            return registry.enable_admin_user if on else registry.disable_admin_user
        case _:
            mode = _MODES[wanted.role_mode] if wanted.role_mode else None
            return lambda draft: registry.update(
                draft, mode=mode, anonymous_pull=wanted.anonymous_pull
            )


def _disable(draft: Draft, reference: str) -> object:
    match draft.principal(reference):
        case User():
            return people.set_user_enabled(draft, reference, enabled=False)
        case Application():
            return applications.set_enabled(draft, reference, enabled=False)
        case _:
            raise Unacceptable(f"`{reference}` is a group, which cannot be disabled; try `delete`")


def _delete(draft: Draft, reference: str) -> object:
    match draft.principal(reference):
        case User():
            return people.delete_user(draft, reference)
        case Application():
            return applications.delete(draft, reference)
        case _:
            return people.delete_group(draft, reference)


def _sight(visit: Visit, *laws: Law) -> Callable[[Subject], bool]:
    """Whom the caller may see: who holds something, and whoever else they may list anyway."""
    everybody = visit.may(_USERS_READ, DIRECTORY_SCOPE)
    tokens = visit.may(_TOKENS_READ)

    def may_see(subject: Subject) -> bool:
        match subject:
            case DirectoryPrincipal(object_id):
                return everybody or any(law.reach(object_id).has_any for law in laws)
            case RepositoryToken():
                return tokens
            case _:
                return True

    return may_see


def _need_for(visit: Visit, changes: Iterable[TrialChange]) -> None:
    """Refuse to try out what would tell the caller something that they may not read.

    Raises:
        Refused: they have not the right to read deny assignments, or attributes of principals.
    """
    for change in changes:
        if change.deny is not None or change.undeny is not None:
            visit.need(_DENIALS_READ)
        for wanted in (change.add, change.deny):
            # A trial answers whether a condition holds, and so what it asks about.
            if wanted is not None and "@principal" in (wanted.condition or "").lower():
                visit.need(_ATTRIBUTES_READ, DIRECTORY_SCOPE)


async def _repositories(visit: Visit) -> Page[RepositoryName] | None:
    """Names of repositories, for a caller who may list them; None for any other.

    Existence is a secret for those who may not pull, and whoever governs access need not.
    """
    verdict = visit.gate.decide(visit.snapshot, visit.caller, RegistryAction.CATALOG, THE_REGISTRY)
    if isinstance(verdict, Denied):
        return None
    return await visit.content.listings.catalog(verdict, _MOST_REPOSITORIES, None)


def _by_grant(used: tuple[LastUse, ...]) -> dict[str, Use]:
    found: dict[str, Use] = {}
    for use in used:
        before = found.get(use.grant_id, Use(frozenset(), use.day))
        found[use.grant_id] = Use(before.actions | {use.action}, max(before.last, use.day))
    return found
