"""Role assignments."""

from __future__ import annotations

import msgspec

from pratique.access import RoleAssignment, RoleDefinition
from pratique.admission.changes.draft import Draft
from pratique.admission.errors import AlreadyExists, NotFound
from pratique.admission.records import AssignmentRecord
from pratique.naming import ResourceScope


def find_role(draft: Draft, reference: str) -> RoleDefinition:
    """The role of that name, whatever its case, or of that GUID, alone or at a path's end.

    Raises:
        NotFound: there is none.
    """
    key = reference.rpartition("/")[2].casefold()
    for role in draft.snapshot.law.roles.values():
        if key in {role.role_id, role.name.casefold()}:
            return role
    raise NotFound(f"there is no role `{reference}`; `pratique role definitions` shows them all")


def assign(draft: Draft, role: str, principal: str, scope: ResourceScope) -> RoleAssignment:
    """Give a role to a principal at a scope and below.

    Raises:
        AlreadyExists: the principal holds this very role at this very scope.
    """
    definition, holder = find_role(draft, role), draft.principal(principal)
    if _held(draft, definition.role_id, holder.object_id, scope):
        raise AlreadyExists(
            f"`{holder.display_name}` has the role `{definition.name}` at `{scope}` already"
        )
    assignment = RoleAssignment(
        draft.new_id(), definition.role_id, holder.object_id, scope, draft.at
    )
    draft.put(_record(assignment))
    return assignment


def unassign(draft: Draft, role: str, principal: str, scope: ResourceScope) -> RoleAssignment:
    """Take a role away from a principal at a scope.

    Raises:
        NotFound: the principal does not hold it there.
    """
    definition, holder = find_role(draft, role), draft.principal(principal)
    held = _held(draft, definition.role_id, holder.object_id, scope)
    if not held:
        raise NotFound(
            f"`{holder.display_name}` does not have the role `{definition.name}` at `{scope}`; "
            f"`pratique role list --principal {principal}` shows what it has and where"
        )
    for assignment in held:
        draft.delete(_record(assignment))
    return held[0]


def drop_assignments(draft: Draft, object_id: str) -> None:
    """Remove a principal's assignments and memberships, when the principal itself goes.

    Azure leaves such assignments orphaned; here nothing may wait for a reused id.
    """
    for assignment in draft.snapshot.law.assignments.get(object_id, ()):
        draft.delete(_record(assignment))
    for group in draft.snapshot.directory.groups.values():
        if object_id in group.members:
            members = tuple(m for m in group.members if m != object_id)
            draft.put(msgspec.structs.replace(group, members=members))


def _held(draft: Draft, role_id: str, object_id: str, scope: ResourceScope) -> list[RoleAssignment]:
    return [
        a
        for a in draft.snapshot.law.assignments.get(object_id, ())
        if a.role_id == role_id and a.scope.key == scope.key
    ]


def _record(assignment: RoleAssignment) -> AssignmentRecord:
    return AssignmentRecord(
        assignment.assignment_id,
        assignment.role_id,
        assignment.principal_id,
        str(assignment.scope),
        assignment.created_at,
    )
