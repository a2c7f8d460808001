"""Resources of any kind by one list, and what kinds there are (az-cli-wire, 6.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pratique.admission.changes import managed_identities
from pratique.http.arm.answers import Listed, Told
from pratique.http.arm.container_registry.registry_view import registry_view
from pratique.http.arm.directory_permissions import PRINCIPALS_READ
from pratique.http.arm.errors import ArmError
from pratique.http.arm.filters import filter_of
from pratique.http.arm.lists import listed
from pratique.http.arm.managed_identity.identity_view import identity_view
from pratique.http.arm.places import LOCATION, own_group, own_subscription, registries_of
from pratique.http.arm.visit import DIRECTORY_SCOPE, Visit
from pratique.http.wire.messages import json_response
from pratique.naming.errors import printable

REGISTRY_READ: Final = "Microsoft.ContainerRegistry/registries/read"
_KNOWN = frozenset({("eq", "resourceType"), ("eq", "name"), ("eq", "resourceGroup")})
_TYPES: Final = {
    "Microsoft.ContainerRegistry": (
        *("registries", "registries/tokens", "registries/scopeMaps"),
        "checkNameAvailability",
    ),
    "Microsoft.Authorization": (
        *("roleAssignments", "roleDefinitions", "denyAssignments", "permissions"),
    ),
    "Microsoft.ManagedIdentity": ("userAssignedIdentities",),
    "Microsoft.Resources": ("subscriptions", "resourceGroups", "tenants"),
}
_VERSIONS: Final = ("2025-11-01", "2022-04-01")


async def list_resources(visit: Visit) -> Listed:
    """What the caller may read; whoever may read nothing gets an empty list.

    `az acr login` of somebody who may pull, and not read the registry's settings, needs that.
    """
    known_here = visit.parts["subscription"].casefold() in {
        visit.snapshot.registry.subscription_id.casefold(),
        # az takes the tenant for a subscription where it was shown none.
        visit.snapshot.registry.tenant.casefold(),
    }
    if not known_here:
        own_subscription(visit)
    group = own_group(visit) if "group" in visit.parts else None
    clauses = filter_of(visit.request, _KNOWN)
    fields = {"resourceType": "type", "name": "name", "resourceGroup": "resourceGroup"}
    return listed(
        visit,
        (
            resource
            for resource in _readable(visit, group)
            if all(clause.fits(resource[fields[clause.field]]) for clause in clauses)
        ),
    )


async def list_providers(visit: Visit) -> Listed:
    """What kinds of resources there are."""
    own_subscription(visit)
    return listed(visit, (_provider(visit, namespace) for namespace in _TYPES))


async def show_provider(visit: Visit) -> Told:
    """One provider, always registered."""
    own_subscription(visit)
    wanted = visit.parts["provider"].casefold()
    namespace = next((n for n in _TYPES if n.casefold() == wanted), None)
    if namespace is None:
        raise ArmError(
            404,
            "InvalidResourceNamespace",
            f"The resource namespace `{printable(visit.parts['provider'])}` is invalid; this "
            f"server has {', '.join(f'`{n}`' for n in _TYPES)}",
        )
    return json_response(200, _provider(visit, namespace))


def _readable(visit: Visit, group: str | None) -> Iterator[dict[str, Any]]:
    snapshot = visit.snapshot
    for seen in registries_of(visit, group):
        if visit.may(REGISTRY_READ, seen.registry.scope):
            shown = registry_view(seen, visit.login_server(seen))
            yield _short(shown, seen.registry.resource_group)
    registry = snapshot.registry
    own = group is None or group.casefold() == registry.resource_group.casefold()
    if own and visit.may(PRINCIPALS_READ, DIRECTORY_SCOPE):
        for application in snapshot.directory.applications.values():
            if managed_identities.is_user_assigned(application):
                shown = identity_view(application, registry)
                yield _short(shown, registry.resource_group)


def _short(resource: dict[str, Any], group: str) -> dict[str, Any]:
    kept = {key: resource[key] for key in ("id", "name", "type", "location")}
    sku = {"sku": resource["sku"]} if "sku" in resource else {}
    return {**kept, **sku, "tags": {}, "resourceGroup": group}


def _provider(visit: Visit, namespace: str) -> dict[str, Any]:
    subscription = visit.snapshot.registry.subscription_id
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationFree",
        "resourceTypes": [
            {
                "resourceType": kind,
                "locations": [LOCATION],
                "apiVersions": list(_VERSIONS),
                "capabilities": "None",
            }
            for kind in _TYPES[namespace]
        ],
    }
