"""Role assignments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from pratique.access import EVERYONE, AboutAssignment, RoleAssignment, RoleDefinition, RoleMode
from pratique.access.conditions import Condition, for_repositories, untargeted
from pratique.access.known_permissions import DATA_BY_ACTIONS, POWERS, repository_data_actions
from pratique.access.steps import widen
from pratique.admission.changes.descriptions import checked_description
from pratique.admission.changes.draft import Draft
from pratique.admission.errors import AlreadyExists, NotFound, Unacceptable
from pratique.admission.records import AttributesRecord, DenyRecord
from pratique.admission.snapshot import Snapshot
from pratique.admission.translation import assignment_record
from pratique.naming import ResourceScope
from pratique.naming.errors import printable

# One assignment for each role, principal and scope, and so many in all (reference 4.5).
MAX_ASSIGNMENTS_OF_ONE = 4000


class WhenPresent(StrEnum):
    """What becomes of an assignment of the same role to the same principal at the same scope."""

    REFUSE = "refuse"
    REPLACE = "replace"
    ALSO = "also"


@dataclass(frozen=True, slots=True)
class WantedAssignment:
    """A role for a principal at a scope, as asked for.

    Attributes:
        role: a name or a GUID.
        principal: whatever names one.
        condition: text in the condition language; None for none.
        repositories: patterns from which the condition is written; not with `condition`.
        when_present: `REPLACE` gives the present assignment this condition, `ALSO` lets it grant
            under this one too.
        assignment_id: a GUID that a new assignment shall have; None to be given one.
        description: what people shall read about it; None to leave it as it is.
    """

    role: str
    principal: str
    scope: ResourceScope
    condition: str | None = None
    repositories: tuple[str, ...] = ()
    when_present: WhenPresent = WhenPresent.REFUSE
    assignment_id: str | None = None
    description: str | None = None


def find_role(snapshot: Snapshot, reference: str) -> RoleDefinition:
    """The role of that name, whatever its case, or of that GUID, alone or at a path's end.

    Raises:
        NotFound: there is none.
    """
    _, path, last = reference.rpartition("/roleDefinitions/")
    key = (last if path else reference).casefold()
    for role in snapshot.law.roles.values():
        if key in {role.role_id, role.name.casefold()}:
            return role
    raise NotFound(
        f"there is no role `{printable(reference)}`; `pratique role definitions` shows them all"
    )


def about(snapshot: Snapshot, role: str, principal: str) -> AboutAssignment:
    """What conditions on the right to assign roles may ask about an assignment.

    Raises:
        NotFound: there is no such role or principal.
    """
    holder = snapshot.find_principal(principal)
    kind = snapshot.law.principals[holder.object_id].kind
    role_id = find_role(snapshot, role).role_id
    return AboutAssignment(role_id, holder.object_id, kind.value)


def about_present(snapshot: Snapshot, assignment: RoleAssignment) -> AboutAssignment:
    """The same of an assignment that stands, whoever held it being there or not."""
    holder = snapshot.law.principals.get(assignment.principal_id)
    kind = holder.kind.value if holder else "Unknown"
    return AboutAssignment(assignment.role_id, assignment.principal_id, kind)


def assign(draft: Draft, wanted: WantedAssignment) -> RoleAssignment:
    """Give a role to a principal at a scope and below.

    Raises:
        NotFound: there is no such role or principal.
        AlreadyExists: the principal holds this very role at this very scope.
        Unacceptable: the role may not be assigned there, or cannot be limited to repositories; or
            the description does not fit.
        InvalidCondition: the condition breaks the grammar, or grows too long.
        InvalidName: a pattern of repositories breaks theirs.
    """
    role, holder = find_role(draft.snapshot, wanted.role), draft.principal(wanted.principal)
    check_assignable(draft.snapshot, role, wanted.scope)
    condition = _condition(draft.snapshot, role, wanted)
    if wanted.description is not None:
        checked_description(wanted.description)
    if condition is None and wanted.when_present is WhenPresent.ALSO:
        raise Unacceptable("`also` widens a condition; give one, or `replace` to take it away")
    present = _held(draft, role.role_id, holder.object_id, wanted.scope)
    if not present:
        if len(draft.snapshot.law.assignments_of(holder.object_id)) >= MAX_ASSIGNMENTS_OF_ONE:
            raise Unacceptable(
                f"`{holder.display_name}` has {MAX_ASSIGNMENTS_OF_ONE} role assignments, and more "
                "are not allowed; put it into a group that has the role"
            )
        text = condition.text if condition else None
        new_id = wanted.assignment_id or draft.new_id()
        made = RoleAssignment(
            new_id,
            role.role_id,
            holder.object_id,
            wanted.scope,
            draft.at,
            text,
            wanted.description or "",
        )
    elif wanted.when_present is WhenPresent.REFUSE:
        raise AlreadyExists(
            f"`{holder.display_name}` has the role `{role.name}` at `{wanted.scope}` already"
            f"{_under_a_condition(present[0])}; `--replace` gives it another condition or none, "
            "`--also` lets it grant under one more"
        )
    else:
        made = _changed(present[0], condition, wanted)
    draft.put(assignment_record(made))
    return made


def holes(snapshot: Snapshot, assignment: RoleAssignment) -> tuple[str, ...]:
    """The permissions, on content or over others, that it grants whatever its condition says.

    An action that a condition does not target is allowed by it (reference 5.2), which is seldom
    what was meant. Empty without a condition, since then nothing pretends to limit it.
    """
    role = snapshot.law.roles.get(assignment.role_id)
    if role is None or assignment.condition is None:
        return ()
    expression = Condition.parse(assignment.condition).expression
    if snapshot.registry.mode is RoleMode.RBAC:
        granted = tuple(p for p in DATA_BY_ACTIONS if role.grants_action(p))
    else:
        granted = repository_data_actions(role)
    powers = tuple(p for p in POWERS if role.grants_action(p) and not p.endswith("/read"))
    return untargeted(expression, (*granted, *powers))


def unassign(draft: Draft, role: str, principal: str, scope: ResourceScope) -> RoleAssignment:
    """Take a role away from a principal at a scope.

    Raises:
        NotFound: the principal does not hold it there.
    """
    definition, holder = find_role(draft.snapshot, role), draft.principal(principal)
    held = _held(draft, definition.role_id, holder.object_id, scope)
    if not held:
        raise NotFound(
            f"`{holder.display_name}` does not have the role `{definition.name}` at `{scope}`; "
            f"`pratique role list --principal {principal}` shows what it has and where"
        )
    for assignment in held:
        draft.delete(assignment_record(assignment))
    return held[0]


def remove(draft: Draft, assignment_id: str) -> RoleAssignment:
    """Take away the role assignment of that id.

    Raises:
        NotFound: there is none.
    """
    assignment = find_assignment(draft.snapshot, assignment_id)
    draft.delete(assignment_record(assignment))
    return assignment


def find_assignment(snapshot: Snapshot, assignment_id: str) -> RoleAssignment:
    """The role assignment of that id.

    Raises:
        NotFound: there is none.
    """
    for assignment in snapshot.law.every_assignment():
        if assignment.assignment_id == assignment_id.casefold():
            return assignment
    raise NotFound(
        f"there is no role assignment `{printable(assignment_id)}`; `pratique role list --json` "
        "shows their ids"
    )


def drop_assignments(draft: Draft, object_id: str) -> None:
    """Remove what hangs on a principal, when the principal itself goes.

    Azure leaves such assignments orphaned; here nothing may wait for a reused id.
    """
    for assignment in draft.snapshot.law.assignments_of(object_id):
        draft.delete(assignment_record(assignment))
    for group in draft.snapshot.directory.groups.values():
        if object_id in group.members:
            members = tuple(m for m in group.members if m != object_id)
            draft.put(msgspec.structs.replace(group, members=members))
    for denial in draft.snapshot.of_kind(DenyRecord):
        if object_id in denial.principals or object_id in denial.excluded:
            _without(draft, denial, object_id)
    attributes = draft.snapshot.records.get(("attributes", object_id))
    if isinstance(attributes, AttributesRecord):
        draft.delete(attributes)


def _without(draft: Draft, denial: DenyRecord, object_id: str) -> None:
    principals = tuple(p for p in denial.principals if p != object_id)
    excluded = tuple(e for e in denial.excluded if e != object_id)
    if not principals:
        draft.delete(denial)
    elif EVERYONE in principals and not excluded:
        raise Unacceptable(
            f"it is the only principal that the deny assignment `{denial.name}` for everyone "
            "excludes; exclude another one, or delete that, first"
        )
    else:
        draft.put(msgspec.structs.replace(denial, principals=principals, excluded=excluded))


def check_assignable(snapshot: Snapshot, role: RoleDefinition, scope: ResourceScope) -> None:
    """Refuse to assign a custom role where its definition does not let it be.

    Raises:
        Unacceptable: none of its assignable scopes is at or above `scope`.
    """
    line = snapshot.law.line_of(scope)
    if not any(assignable.key in line for assignable in role.assignable_scopes):
        places = ", ".join(f"`{s}`" for s in role.assignable_scopes)
        raise Unacceptable(
            f"the role `{role.name}` can be assigned at {places} and below, which `{scope}` is not"
        )


def _condition(
    snapshot: Snapshot, role: RoleDefinition, wanted: WantedAssignment
) -> Condition | None:
    if wanted.condition is not None and wanted.repositories:
        raise Unacceptable("give a condition, or repositories from which one is written, not both")
    if wanted.condition is not None:
        return Condition.parse(wanted.condition)
    if not wanted.repositories:
        return None
    bound = repository_data_actions(role)
    if snapshot.registry.mode is RoleMode.RBAC:
        raise Unacceptable(
            f"the role `{role.name}` cannot be limited to repositories while the registry is in "
            "mode rbac, where roles count for the whole registry. There are two ways out: "
            "`pratique registry update --role-mode abac` and then the role `Container Registry "
            "Repository Reader` (or Writer, or Contributor) with --repository; `pratique access "
            "what-if --mode abac` shows who would lose access. Or a token with a scope map: "
            f"`pratique scope-map create MAP --allow '{wanted.repositories[0]}:content/read'` and "
            "`pratique token create TOKEN --scope-map MAP`"
        )
    if not bound:
        raise Unacceptable(
            f"the role `{role.name}` carries no right on single repositories; the roles "
            "`Container Registry Repository Reader`, `Writer` and `Contributor` do"
        )
    return for_repositories(wanted.repositories, bound)


def _changed(
    present: RoleAssignment, condition: Condition | None, wanted: WantedAssignment
) -> RoleAssignment:
    text = None
    if condition is not None:
        also = wanted.when_present is WhenPresent.ALSO
        text = widen(present.condition, condition) if also else condition.text
    kept = present.description if wanted.description is None else wanted.description
    return replace(present, condition=text, description=kept)


def _under_a_condition(assignment: RoleAssignment) -> str:
    return "" if assignment.condition is None else ", under a condition"


def _held(draft: Draft, role_id: str, object_id: str, scope: ResourceScope) -> list[RoleAssignment]:
    held = draft.snapshot.law.held_at(scope.key, object_id)
    return [a for a in held if a.role_id == role_id]
