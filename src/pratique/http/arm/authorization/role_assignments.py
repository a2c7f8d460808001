"""Role assignments (acr-access 10.3, az-cli-wire 9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from pratique.access import RoleAssignment
from pratique.admission import AlreadyExists, Demand, NotFound, Snapshot
from pratique.admission.changes import assignments_by_id, roles
from pratique.http.arm.answers import Listed, Shown, ShownAsGone, ShownAsMade
from pratique.http.arm.authorization.role_definitions import definition_id
from pratique.http.arm.authorization.scopes import Around
from pratique.http.arm.errors import ArmError
from pratique.http.arm.filters import Clause, filter_of
from pratique.http.arm.lists import listed
from pratique.http.arm.visit import Visit
from pratique.http.arm.wording import instant
from pratique.http.wire.messages import Response, json_response
from pratique.naming import ResourceScope

_KNOWN = frozenset({("atScope", ""), ("eq", "principalId"), ("assignedTo", "")})


class AssignmentProperties(msgspec.Struct, frozen=True, rename="camel"):
    """Which role, to whom and under what."""

    role_definition_id: str
    principal_id: str
    condition: str | None = None
    description: str | None = None


class AssignmentContent(msgspec.Struct, frozen=True):
    """The body of a role assignment."""

    properties: AssignmentProperties


async def list_role_assignments(visit: Visit) -> Listed:
    """Those at the scope, above it and, unless `atScope()` is asked for, below it."""
    clauses = filter_of(visit.request, _KNOWN)
    snapshot = visit.snapshot
    return listed(visit, (_shown(a, snapshot) for a in _found(snapshot, visit.scope, clauses)))


async def show_role_assignment(visit: Visit) -> Shown:
    """One role assignment."""
    snapshot = visit.snapshot
    found = roles.find_assignment(snapshot, visit.parts["assignment"])
    if found.scope.key != visit.scope.key:
        raise ArmError(
            404,
            "RoleAssignmentNotFound",
            f"The role assignment `{found.assignment_id}` is not of the scope `{visit.scope}`",
        )
    return json_response(200, _shown(found, snapshot))


async def put_role_assignment(visit: Visit, wanted: AssignmentContent) -> ShownAsMade:
    """Assign a role, or give a present assignment another condition and description."""
    content = wanted.properties
    role, principal = content.role_definition_id, content.principal_id
    assignment_id = visit.parts["assignment"]
    asked = roles.WantedAssignment(
        role,
        principal,
        visit.scope,
        content.condition or None,
        # A PUT is the whole of it: what is left out is taken away.
        description=content.description or "",
    )

    def demands(snapshot: Snapshot) -> tuple[Demand, ...]:
        # Conditions on the right to assign roles ask which one, and to whom.
        return (Demand(visit.scope, roles.about(snapshot, role, principal)),)

    try:
        made = await visit.change(
            lambda draft: assignments_by_id.put_assignment(draft, assignment_id, asked), demands
        )
    except AlreadyExists as error:
        # az lists them on this code, and shows the one that is there.
        raise ArmError(409, "RoleAssignmentExists", str(error)) from error
    return json_response(201, _shown(made, visit.snapshot))


async def delete_role_assignment(visit: Visit) -> ShownAsGone:
    """Take a role assignment away, also one whose principal or role is gone."""
    before, assignment_id = visit.snapshot, visit.parts["assignment"]

    def demands(snapshot: Snapshot) -> tuple[Demand, ...]:
        found = roles.find_assignment(snapshot, assignment_id)
        if found.scope.key != visit.scope.key:
            raise NotFound(f"there is no role assignment `{assignment_id}` at `{visit.scope}`")
        return (Demand(found.scope, roles.about_present(snapshot, found)),)

    try:
        gone = await visit.change(lambda draft: roles.remove(draft, assignment_id), demands)
    except NotFound:
        return Response(204)
    return json_response(200, _shown(gone, before))


def _found(
    snapshot: Snapshot, scope: ResourceScope, clauses: tuple[Clause, ...]
) -> Iterator[RoleAssignment]:
    law = snapshot.law
    above_only = any(clause.form == "atScope" for clause in clauses)
    holders = [h for clause in clauses if (h := _holders(snapshot, clause)) is not None]
    around = Around(law, scope)
    for held in law.assigned.values():
        # All of them stand at one scope, so it is looked at once.
        first = next(iter(held.values()), ())
        if not first or not around.concerns(first[0].scope, above_only=above_only):
            continue
        for holder, assignments in held.items():
            if all(holder in wanted for wanted in holders):
                yield from assignments


def _holders(snapshot: Snapshot, clause: Clause) -> frozenset[str] | None:
    """The holders that a clause leaves; None when it is about something else."""
    key = clause.value.casefold()
    if clause.form == "assignedTo":
        return frozenset({key, *snapshot.law.groups_of(key)})
    return frozenset({key}) if clause.field == "principalId" else None


def _shown(assignment: RoleAssignment, snapshot: Snapshot) -> dict[str, Any]:
    holder = snapshot.law.principals.get(assignment.principal_id)
    scope = "" if assignment.scope == "/" else str(assignment.scope)
    made = instant(assignment.created_at)
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/"
        f"{assignment.assignment_id}",
        "name": assignment.assignment_id,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "scope": str(assignment.scope),
            "roleDefinitionId": definition_id(assignment.role_id, snapshot.registry),
            "principalId": assignment.principal_id,
            "principalType": holder.kind.value if holder else "Unknown",
            "description": assignment.description or None,
            "condition": assignment.condition,
            "conditionVersion": None if assignment.condition is None else "2.0",
            "delegatedManagedIdentityResourceId": None,
            "createdOn": made,
            "updatedOn": made,
            "createdBy": None,
            "updatedBy": None,
        },
    }
