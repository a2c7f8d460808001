"""Principals as Graph shows them; never a hash or a secret."""

from __future__ import annotations

from typing import Any

from pratique.admission.changes import managed_identities
from pratique.http.arm.wording import instant
from pratique.identity import (
    Application,
    FederatedCredential,
    Group,
    StoredCertificate,
    StoredSecret,
    User,
)

_CERTIFICATE = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": None}


def application(record: Application) -> dict[str, Any]:
    """An application."""
    return {
        "id": record.object_id,
        "appId": record.client_id,
        "displayName": record.display_name,
        "createdDateTime": instant(record.created_at),
        "identifierUris": [],
        "signInAudience": "AzureADMyOrg",
        **_credentials(record),
    }


def service_principal(record: Application) -> dict[str, Any]:
    """A service principal; a managed identity is one too."""
    managed = managed_identities.is_managed(record)
    return {
        "id": record.object_id,
        "appId": record.client_id,
        "displayName": record.display_name,
        "appDisplayName": record.display_name,
        "accountEnabled": record.enabled,
        "createdDateTime": instant(record.created_at),
        "servicePrincipalNames": [record.client_id],
        "servicePrincipalType": "ManagedIdentity" if managed else "Application",
        "alternativeNames": [record.resource_id] if managed else [],
        "appRoles": [],
        "tags": [],
        **_credentials(record),
    }


def user(record: User) -> dict[str, Any]:
    """A user; the user name is the user principal name, as in tokens."""
    return {
        "id": record.object_id,
        "userPrincipalName": record.user_name,
        "displayName": record.display_name,
        "accountEnabled": record.enabled,
        "createdDateTime": instant(record.created_at),
        "mail": None,
        "userType": "Member",
    }


def group(record: Group) -> dict[str, Any]:
    """A group."""
    return {
        "id": record.object_id,
        "displayName": record.display_name,
        "createdDateTime": instant(record.created_at),
        "mailEnabled": False,
        "securityEnabled": True,
        "groupTypes": [],
    }


def typed(record: Application | User | Group) -> dict[str, Any]:
    """Any of them with its type, which az takes for the kind of principal."""
    match record:
        case Application():
            return {"@odata.type": "#microsoft.graph.servicePrincipal", **service_principal(record)}
        case User():
            return {"@odata.type": "#microsoft.graph.user", **user(record)}
        case Group():
            return {"@odata.type": "#microsoft.graph.group", **group(record)}


def federated_credential(record: FederatedCredential) -> dict[str, Any]:
    """A federated credential."""
    return {
        "id": record.credential_id,
        "name": record.name,
        "issuer": record.issuer,
        "subject": record.subject,
        "audiences": [record.audience],
        "description": None,
    }


def password(record: StoredSecret) -> dict[str, Any]:
    """A secret without the secret."""
    return {
        "keyId": record.secret_id,
        "displayName": record.name,
        "startDateTime": instant(record.created_at),
        "endDateTime": record.expires_at and instant(record.expires_at),
        "customKeyIdentifier": None,
        "hint": None,
        "secretText": None,
    }


def certificate(record: StoredCertificate) -> dict[str, Any]:
    """A certificate, by its thumbprint."""
    return {
        "keyId": record.certificate_id,
        "displayName": record.name,
        "customKeyIdentifier": record.thumbprint,
        "startDateTime": instant(record.created_at),
        "endDateTime": instant(record.expires_at),
        **_CERTIFICATE,
    }


def _credentials(record: Application) -> dict[str, Any]:
    # The secrets of a managed identity are those of its hosts.
    secrets = () if managed_identities.is_managed(record) else record.secrets
    return {
        "passwordCredentials": [password(s) for s in secrets],
        "keyCredentials": [certificate(c) for c in record.certificates],
    }
