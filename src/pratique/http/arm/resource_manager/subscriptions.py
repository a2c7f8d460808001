"""The one tenant and the one subscription of this server (az-cli-wire, 4.5 and 6.1)."""

from __future__ import annotations

from typing import Any

from pratique.admission import RegistryRecord
from pratique.http.arm.answers import Listed, Shown
from pratique.http.arm.lists import listed
from pratique.http.arm.places import (
    LOCATION,
    holds_anything,
    own_subscription,
    unknown_subscription,
)
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import json_response


async def list_tenants(visit: Visit) -> Listed:
    """The directory as a tenant."""
    registry = visit.snapshot.registry
    tenant = {
        "id": f"/tenants/{registry.tenant}",
        "tenantId": registry.tenant,
        "displayName": registry.name,
        "defaultDomain": registry.tenant_domain or registry.tenant,
        "tenantCategory": "Home",
    }
    return listed(visit, [tenant])


async def list_subscriptions(visit: Visit) -> Listed:
    """The subscription, for whoever holds any role; empty for others, as at Azure."""
    return listed(visit, [_shown(visit.snapshot.registry)] if holds_anything(visit) else [])


async def show_subscription(visit: Visit) -> Shown:
    """The subscription, for whoever holds any role."""
    registry = own_subscription(visit)
    if not holds_anything(visit):
        raise unknown_subscription(visit)
    return json_response(200, _shown(registry))


async def list_locations(visit: Visit) -> Listed:
    """The one place that there is."""
    registry = own_subscription(visit)
    place = {
        "id": f"/subscriptions/{registry.subscription_id}/locations/{LOCATION}",
        "name": LOCATION,
        "displayName": "This server",
        "regionalDisplayName": "This server",
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
    }
    return listed(visit, [place])


def _shown(registry: RegistryRecord) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{registry.subscription_id}",
        "subscriptionId": registry.subscription_id,
        "displayName": registry.name,
        "state": "Enabled",
        "tenantId": registry.tenant,
    }
