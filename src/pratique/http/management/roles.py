"""Role assignments."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from pratique.access import RoleAssignment
from pratique.admission import Demand, Snapshot
from pratique.admission.changes import roles
from pratique.http.management import access_shapes, views
from pratique.http.management.visit import Visit
from pratique.http.wire.answers import Given, Made
from pratique.naming import ResourceScope


class NewAssignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which role, to whom, where and under what; the registry itself when no scope is given."""

    role: str
    principal: str
    scope: str | None = None
    condition: str | None = None
    repositories: tuple[str, ...] = ()
    when_present: roles.WhenPresent = roles.WhenPresent.REFUSE
    description: str | None = None

    def wanted(self, registry: ResourceScope) -> roles.WantedAssignment:
        """What is asked for, at `registry` when no scope is given.

        Raises:
            InvalidName: the scope is none.
        """
        return roles.WantedAssignment(
            self.role,
            self.principal,
            ResourceScope(self.scope) if self.scope else registry,
            self.condition,
            self.repositories,
            self.when_present,
            description=self.description,
        )


class OfPrincipal(msgspec.Struct, frozen=True):
    """Whose assignments; everybody's when nobody is named."""

    principal: str | None = None


class WhichAssignment(msgspec.Struct, frozen=True):
    """An assignment; at the registry when no scope is given."""

    role: str
    principal: str
    scope: str | None = None


async def list_role_assignments(
    visit: Visit, query: OfPrincipal
) -> Given[list[access_shapes.RoleAssignment]]:
    """All assignments, or one principal's own and those that reach it through groups."""
    snapshot = visit.view()
    if query.principal is None:
        found = list(snapshot.law.every_assignment())
    else:
        object_id = snapshot.find_principal(query.principal).object_id
        holders = (object_id, *snapshot.law.groups_of(object_id))
        found = [a for holder in holders for a in snapshot.law.assignments_of(holder)]
    told = visit.told_of(snapshot)
    shown = [views.assignment(a, snapshot) for a in found if told(a.scope)]
    return Given(sorted(shown, key=lambda a: (a.created, a.assignment_id)))


async def assign_role(visit: Visit, wanted: NewAssignment) -> Made[access_shapes.NewRoleAssignment]:
    """Assign a role."""
    assignment = wanted.wanted(visit.scope)
    demands = _demands(assignment.role, assignment.principal, assignment.scope)
    made = await visit.change(lambda draft: roles.assign(draft, assignment), demands)
    return Made(_with_holes(made, visit.snapshot))


async def unassign_role(
    visit: Visit, query: WhichAssignment
) -> Given[access_shapes.RoleAssignment]:
    """Take a role assignment away; `role`, `principal` and `scope` stand in the query."""
    role, principal = query.role, query.principal
    scope = ResourceScope(query.scope) if query.scope else visit.scope
    before = visit.snapshot
    gone = await visit.change(
        lambda draft: roles.unassign(draft, role, principal, scope),
        _demands(role, principal, scope),
    )
    return Given(views.assignment(gone, before))


async def remove_role_assignment(visit: Visit) -> Given[access_shapes.RoleAssignment]:
    """Take away the role assignment of an id, also one whose principal or role is gone."""
    assignment_id = visit.parts["assignment"]
    before = visit.snapshot

    def demands(snapshot: Snapshot) -> tuple[Demand, ...]:
        found = roles.find_assignment(snapshot, assignment_id)
        return (Demand(found.scope, roles.about_present(snapshot, found)),)

    gone = await visit.change(lambda draft: roles.remove(draft, assignment_id), demands)
    return Given(views.assignment(gone, before))


def _demands(
    role: str, principal: str, scope: ResourceScope
) -> Callable[[Snapshot], tuple[Demand, ...]]:
    # Conditions on the right to assign roles ask which one, and to whom.
    return lambda snapshot: (Demand(scope, roles.about(snapshot, role, principal)),)


def _with_holes(made: RoleAssignment, snapshot: Snapshot) -> access_shapes.NewRoleAssignment:
    return access_shapes.NewRoleAssignment.widening(
        views.assignment(made, snapshot), holes=list(roles.holes(snapshot, made))
    )
