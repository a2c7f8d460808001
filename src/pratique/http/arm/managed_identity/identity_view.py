"""A user-assigned identity as a resource."""

from __future__ import annotations

from typing import Any, Final

from pratique.admission import RegistryRecord
from pratique.identity import Application

IDENTITY_TYPE: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"


def identity_view(identity: Application, registry: RegistryRecord) -> dict[str, Any]:
    """The identity.

    Args:
        identity: a user-assigned one.
        registry: whose directory it is of.
    """
    return {
        "id": identity.resource_id,
        "name": identity.display_name,
        "type": IDENTITY_TYPE,
        "location": "local",
        "tags": {},
        "properties": {
            "tenantId": registry.tenant,
            "principalId": identity.object_id,
            "clientId": identity.client_id,
        },
    }
