"""Verdicts, differences and findings as the management API shows them."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from pratique.access import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    AdminUser,
    Allowed,
    Anonymous,
    Consulted,
    ControlAction,
    Denied,
    DirectoryPrincipal,
    Outcome,
    Reason,
    RegistryAction,
    RepositoryToken,
    Resource,
    RoleAssignment,
    Subject,
    cause,
    grounds,
    meaning,
    name_subject,
    permission_named,
    sentence,
)
from pratique.access.comparison import Difference
from pratique.access.holders import Holder
from pratique.access.law import Law
from pratique.access.review import Fault, Finding
from pratique.admission import Snapshot
from pratique.admission.inquiries import Answer, Trial
from pratique.http.management import access_shapes, views
from pratique.naming import RepositoryName, ResourceScope

MOST_RESOURCES = 50


def answer(
    found: Answer,
    snapshot: Snapshot,
    *,
    denials: bool,
    told: Callable[[ResourceScope], bool],
) -> access_shapes.Verdict:
    """A verdict with everything behind it.

    Args:
        found: to be shown.
        snapshot: by which it was found.
        denials: whether deny assignments may be shown to whoever asks.
        told: whether what stands at a scope may be shown to them.
    """
    verdict, law = found.verdict, snapshot.law
    question = verdict.question
    return access_shapes.Verdict(
        allowed=bool(verdict),
        reason=verdict.reason,
        sentence=in_words(verdict, law),
        principal=name_subject(question.subject, law),
        action=word(question.action),
        permission=permission_named(question.action, law.registry.mode),
        resource=resource(question.resource),
        consulted=[
            consulted(rule, snapshot)
            for rule in verdict.consulted
            if (denials or isinstance(rule.rule, RoleAssignment)) and told(rule.rule.scope)
        ],
        remedies=[list(remedy.commands(law)) for remedy in found.remedies],
        groups_that_may=sorted(
            name for group in found.groups if (name := views.name_of(group, snapshot))
        ),
    )


def in_words(verdict: Allowed | Denied, law: Law) -> str:
    """Why it is allowed, or why not."""
    return grounds(verdict) if isinstance(verdict, Allowed) else sentence(verdict, law)


def consulted(rule: Consulted, snapshot: Snapshot) -> access_shapes.ConsultedRule:
    """One rule that was looked at, and what became of it."""
    is_role = isinstance(rule.rule, RoleAssignment)
    holder = rule.rule.principal_id if isinstance(rule.rule, RoleAssignment) else None
    return access_shapes.ConsultedRule(
        rule_id=rule.rule_id,
        kind="role-assignment" if is_role else "deny-assignment",
        role=rule.role_name if is_role else None,
        name=rule.role_name,
        holder=views.name_of(holder, snapshot) if holder else None,
        through_group=rule.through_group and views.name_of(rule.through_group, snapshot),
        scope=str(rule.rule.scope),
        outcome=rule.outcome,
        meaning=meaning(rule.outcome),
        failed=rule.failed or None,
    )


def holder(found: Holder, snapshot: Snapshot) -> access_shapes.Holder:
    """Somebody who may, and through what."""
    matched = next((c for c in found.allowed.consulted if c.outcome is Outcome.MATCHED), None)
    group = matched.through_group if matched else None
    name, kind, object_id = subject(found.subject, snapshot)
    return access_shapes.Holder(
        name=name,
        kind=kind,
        object_id=object_id,
        reason=found.allowed.reason,
        through=_through(found, snapshot),
        role=matched.role_name if matched else None,
        through_group=views.name_of(group, snapshot) if group else None,
        scope=str(matched.rule.scope) if matched else None,
        rule_id=matched.rule_id if matched else None,
    )


def difference(found: Difference, before: Snapshot, trial: Trial) -> access_shapes.Difference:
    """What somebody gains or loses.

    Repositories that exist are `resources`; names that the rules fit, and need not be there, are
    `examples`.
    """
    there = [r for r in found.resources if r in trial.repositories or not _is_repository(r)]
    examples = [r for r in found.resources if _is_repository(r) and r not in trial.repositories]
    old, new = found.verdicts
    law = trial.after
    name, kind, object_id = subject(found.subject, before)
    return access_shapes.Difference(
        name=name,
        kind=kind,
        object_id=object_id,
        gains=found.gains,
        action=word(found.action),
        permission=permission_named(found.action, law.registry.mode),
        resources=[resource(r) for r in there[:MOST_RESOURCES]],
        more_resources=max(0, len(there) - MOST_RESOURCES),
        examples=[resource(r) for r in examples[:MOST_RESOURCES]],
        why=grounds(new) if isinstance(new, Allowed) else cause(new, law),
        before=grounds(old) if isinstance(old, Allowed) else cause(old, trial.before),
    )


def finding(found: Finding, snapshot: Snapshot, days: int) -> access_shapes.Finding:
    """A grant that is worth a look."""
    return access_shapes.Finding(
        fault=found.fault,
        assignment=views.assignment(found.assignment, snapshot),
        last_used=found.last_used.isoformat() if found.last_used else None,
        narrower=found.narrower.name if found.narrower else None,
        other=views.assignment(found.other, snapshot) if found.other else None,
        says=_SAYS[found.fault].format(
            days=days, narrower=found.narrower.name if found.narrower else ""
        ),
        command=_command(found, snapshot),
    )


def subject(who: Subject, snapshot: Snapshot) -> tuple[str, str, str | None]:
    """Name, kind and object id of somebody who can ask; no id where the directory has none."""
    match who:
        case DirectoryPrincipal(object_id):
            principal = snapshot.law.principals.get(object_id)
            kind = principal.kind.value if principal else "Unknown"
            name = principal.display_name if principal else object_id
            return name, kind, object_id
        case RepositoryToken(name):
            return name, "Token", None
        case AdminUser():
            return snapshot.registry.name, "AdminUser", None
        case Anonymous():
            return "anonymous", "Anonymous", None
        case _:
            return "folder owner", "FolderOwner", None


def word(action: RegistryAction | ControlAction) -> str:
    """How an action is asked for."""
    return action.permission if isinstance(action, ControlAction) else action.word


def resource(asked: Resource) -> str:
    """How a resource is asked for."""
    if asked is THE_REGISTRY:
        return "registry"
    return "*" if asked is EVERY_REPOSITORY else str(asked)


def _is_repository(asked: Resource) -> bool:
    return isinstance(asked, RepositoryName)


def _through(found: Holder, snapshot: Snapshot) -> str:
    match found.allowed.reason:
        case Reason.ROLE_ASSIGNMENT:
            rule = found.allowed.consulted[-1]
            group = rule.through_group
            by = f" through the group {views.name_of(group, snapshot)}" if group else ""
            return f"{rule.role_name}{by}"
        case Reason.SCOPE_MAP if isinstance(found.subject, RepositoryToken):
            return f"the scope map {snapshot.law.tokens[found.subject.name].scope_map}"
        case Reason.ADMIN_USER:
            return "the admin user being enabled"
        case _:
            return "anonymous pull being on"


_SAYS = {
    Fault.UNUSED: "not used in {days} days",
    Fault.BROADER_THAN_USED: "the role `{narrower}` would do for what it was used for",
    Fault.ORPHANED: "its principal is not there any more",
    Fault.ROLE_MISSING: "its role is not there any more",
    Fault.EXPIRED: "its condition can never be met again",
    Fault.UNREADABLE: "its condition cannot be read, so it grants nothing",
    Fault.NOT_HONOURED: "it grants nothing in the registry's role mode",
    Fault.HOLDER_DISABLED: "its principal is disabled",
    Fault.DUPLICATED: "another assignment grants all of it",
}


def _command(found: Finding, snapshot: Snapshot) -> str | None:
    held = found.assignment
    if found.fault is Fault.HOLDER_DISABLED:
        return None
    role = snapshot.law.roles.get(held.role_id)
    if role is None or found.fault is Fault.ORPHANED:
        return shlex.join(("pratique", "role", "unassign", "--id", held.assignment_id))
    here = held.scope.key == snapshot.registry.scope.key
    at = () if here else ("--scope", str(held.scope))
    take = ("pratique", "role", "unassign", role.name, "--from", held.principal_id, *at)
    if found.narrower is None:
        return shlex.join(take)
    held_there = snapshot.law.held_at(held.scope.key, held.principal_id)
    if any(a.role_id == found.narrower.role_id for a in held_there):
        return shlex.join(take)
    # What limited the broader role limits the narrower one.
    under = () if held.condition is None else ("--condition", held.condition)
    name = found.narrower.name
    give = ("pratique", "role", "assign", name, "--to", held.principal_id, *at, *under)
    return f"{shlex.join(give)} && {shlex.join(take)}"
