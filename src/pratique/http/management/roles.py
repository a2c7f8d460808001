"""Role definitions and role assignments."""

from __future__ import annotations

import msgspec

from pratique.admission.changes import roles
from pratique.admission.errors import NotFound
from pratique.http.management import views
from pratique.http.management.visit import UnreadableBody, Visit
from pratique.http.wire.messages import Response, json_response
from pratique.naming import ResourceScope


class NewAssignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which role, to whom, where; the registry itself when no scope is given."""

    role: str
    principal: str
    scope: str | None = None


async def list_role_definitions(visit: Visit) -> Response:
    """All roles by name."""
    definitions = visit.view().law.roles.values()
    return json_response(200, [views.role(r) for r in sorted(definitions, key=lambda r: r.name)])


async def list_role_assignments(visit: Visit) -> Response:
    """All assignments, or one principal's own and those that reach it through groups."""
    snapshot = visit.view()
    reference = visit.request.parameter("principal")
    if reference is None:
        holders = list(snapshot.law.assignments)
    else:
        principal = snapshot.directory.principal(reference)
        if principal is None:
            raise NotFound(f"no user, group or service principal answers to `{reference}`")
        groups = snapshot.law.groups_of.get(principal.object_id, ())
        holders = [principal.object_id, *groups]
    found = [
        views.assignment(a, snapshot.law, snapshot.directory)
        for holder in holders
        for a in snapshot.law.assignments.get(holder, ())
    ]
    return json_response(200, sorted(found, key=lambda a: (a["created"], a["assignment_id"])))


async def assign_role(visit: Visit) -> Response:
    """Assign a role."""
    wanted = await visit.body(NewAssignment)
    scope = ResourceScope(wanted.scope) if wanted.scope else visit.scope
    made = await visit.change(
        lambda draft: roles.assign(draft, wanted.role, wanted.principal, scope), scope
    )
    snapshot = visit.gate.snapshot()
    return json_response(201, views.assignment(made, snapshot.law, snapshot.directory))


async def unassign_role(visit: Visit) -> Response:
    """Take a role assignment away; `role`, `principal` and `scope` stand in the query."""
    role, principal = visit.request.parameter("role"), visit.request.parameter("principal")
    if not role or not principal:
        raise UnreadableBody("say which assignment: `?role=ROLE&principal=PRINCIPAL`")
    scope_text = visit.request.parameter("scope")
    scope = ResourceScope(scope_text) if scope_text else visit.scope
    law, directory = visit.gate.snapshot().law, visit.gate.snapshot().directory
    gone = await visit.change(lambda draft: roles.unassign(draft, role, principal, scope), scope)
    return json_response(200, views.assignment(gone, law, directory))
