"""The one resource group, in which the registry stands."""

from __future__ import annotations

from typing import Any, Final

from pratique.admission import RegistryRecord, Unacceptable
from pratique.http.arm.answers import Listed, Shown
from pratique.http.arm.lists import listed
from pratique.http.arm.places import LOCATION, own_group, own_subscription, scope_of_group
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import json_response

GROUP_READ: Final = "Microsoft.Resources/subscriptions/resourceGroups/read"


async def list_groups(visit: Visit) -> Listed:
    """The group, for whoever may read it."""
    registry = own_subscription(visit)
    shown = [_shown(registry)] if visit.may(GROUP_READ, scope_of_group(registry)) else []
    return listed(visit, shown)


async def show_group(visit: Visit) -> Shown:
    """The group."""
    return json_response(200, _shown(own_group(visit)))


async def put_group(visit: Visit) -> Shown:
    """The group as it is, since it is there; another one cannot be made."""
    registry = own_subscription(visit)
    if visit.parts["group"].casefold() != registry.resource_group.casefold():
        raise Unacceptable(
            f"this server keeps the resource group `{registry.resource_group}` alone; no other "
            "can be made"
        )
    return json_response(200, _shown(registry))


def _shown(registry: RegistryRecord) -> dict[str, Any]:
    return {
        "id": str(scope_of_group(registry)),
        "name": registry.resource_group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": LOCATION,
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }
