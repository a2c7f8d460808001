"""Role assignments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from pratique.access import RoleAssignment
from pratique.admission import Demand, Snapshot
from pratique.admission.changes import roles
from pratique.http.management import views
from pratique.http.management.visit import UnreadableBody, Visit
from pratique.http.wire.messages import Response, json_response
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


async def list_role_assignments(visit: Visit) -> Response:
    """All assignments, or one principal's own and those that reach it through groups."""
    snapshot = visit.view()
    reference = visit.request.parameter("principal")
    if reference is None:
        found = list(snapshot.law.every_assignment())
    else:
        object_id = snapshot.find_principal(reference).object_id
        holders = (object_id, *snapshot.law.groups_of(object_id))
        found = [a for holder in holders for a in snapshot.law.assignments_of(holder)]
    shown = [views.assignment(a, snapshot) for a in found]
    return json_response(200, sorted(shown, key=lambda a: (a["created"], a["assignment_id"])))


async def assign_role(visit: Visit) -> Response:
    """Assign a role."""
    wanted = (await visit.body(NewAssignment)).wanted(visit.scope)
    demands = _demands(wanted.role, wanted.principal, wanted.scope)
    made = await visit.change(lambda draft: roles.assign(draft, wanted), demands)
    return json_response(201, _with_holes(made, visit.gate.snapshot()))


async def unassign_role(visit: Visit) -> Response:
    """Take a role assignment away; `role`, `principal` and `scope` stand in the query."""
    role, principal = visit.request.parameter("role"), visit.request.parameter("principal")
    if not role or not principal:
        raise UnreadableBody("say which assignment: `?role=ROLE&principal=PRINCIPAL`")
    scope_text = visit.request.parameter("scope")
    scope = ResourceScope(scope_text) if scope_text else visit.scope
    before = visit.gate.snapshot()
    gone = await visit.change(
        lambda draft: roles.unassign(draft, role, principal, scope),
        _demands(role, principal, scope),
    )
    return json_response(200, views.assignment(gone, before))


async def remove_role_assignment(visit: Visit) -> Response:
    """Take away the role assignment of an id, also one whose principal or role is gone."""
    assignment_id = visit.parts["assignment"]
    before = visit.gate.snapshot()

    def demands(snapshot: Snapshot) -> tuple[Demand, ...]:
        found = roles.find_assignment(snapshot, assignment_id)
        return (Demand(found.scope, roles.about_present(snapshot, found)),)

    gone = await visit.change(lambda draft: roles.remove(draft, assignment_id), demands)
    return json_response(200, views.assignment(gone, before))


def _demands(
    role: str, principal: str, scope: ResourceScope
) -> Callable[[Snapshot], tuple[Demand, ...]]:
    # Conditions on the right to assign roles ask which one, and to whom.
    return lambda snapshot: (Demand(scope, roles.about(snapshot, role, principal)),)


def _with_holes(made: RoleAssignment, snapshot: Snapshot) -> dict[str, Any]:
    return {**views.assignment(made, snapshot), "holes": list(roles.holes(snapshot, made))}
