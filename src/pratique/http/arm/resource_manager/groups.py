"""Resource groups, in which registries stand."""

from __future__ import annotations

from typing import Any, Final

from pratique.admission import NotFound
from pratique.admission.changes import groups
from pratique.http.arm.answers import Gone, Listed, Shown, ShownOrMade
from pratique.http.arm.lists import listed
from pratique.http.arm.places import LOCATION, own_group, own_subscription
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import Response, json_response

GROUP_READ: Final = "Microsoft.Resources/subscriptions/resourceGroups/read"


async def list_groups(visit: Visit) -> Listed:
    """Those that the caller may read."""
    own_subscription(visit)
    snapshot = visit.snapshot
    found = groups.names(snapshot).values()
    may = (name for name in found if visit.may(GROUP_READ, groups.scope_of(snapshot, name)))
    return listed(visit, (_shown(visit, name) for name in may))


async def show_group(visit: Visit) -> Shown:
    """One group."""
    return json_response(200, _shown(visit, own_group(visit)))


async def put_group(visit: Visit) -> ShownOrMade:
    """Let a group stand; what location is asked for, there is one."""
    own_subscription(visit)
    name, before = visit.parts["group"], groups.names(visit.snapshot)
    if name.casefold() in before:
        return json_response(200, _shown(visit, before[name.casefold()]))
    made = await visit.change(lambda draft: groups.create(draft, name))
    return json_response(201, _shown(visit, made))


async def delete_group(visit: Visit) -> Gone:
    """Delete an empty group."""
    own_subscription(visit)
    try:
        await visit.change(lambda draft: groups.delete(draft, visit.parts["group"]))
    except NotFound:
        return Response(204)
    return Response(200)


def _shown(visit: Visit, name: str) -> dict[str, Any]:
    return {
        "id": str(groups.scope_of(visit.snapshot, name)),
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": LOCATION,
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }
