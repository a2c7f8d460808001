"""What the caller holds at a scope, for everybody to know about themselves (acr-access 10.3)."""

from __future__ import annotations

from pratique.http.arm.answers import Listed
from pratique.http.arm.lists import listed
from pratique.http.arm.visit import Visit


async def list_permissions(visit: Visit) -> Listed:
    """The permission sets of all roles that reach the caller there, each once."""
    law = visit.snapshot.law
    reach = law.reach_at(visit.object_id, law.line_of(visit.scope))
    held = [p for grant in reach.grants if grant.role for p in grant.role.permissions]
    return listed(
        visit,
        (
            {
                "actions": list(p.actions),
                "notActions": list(p.not_actions),
                "dataActions": list(p.data_actions),
                "notDataActions": list(p.not_data_actions),
            }
            for p in dict.fromkeys(held)
        ),
    )
