"""Where everything is, and the keys that verify tokens (OpenID Connect Discovery 1.0; RFC 7517)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.http.sts.visit import Endpoint, Visit
from pratique.http.wire.messages import Response, json_response
from pratique.identity.directory_tokens import issuer

# Keys are looked up anew for a `kid` that is not known, so a short life is only a courtesy.
_PUBLIC = ("cache-control", "public, max-age=300")
_READ = frozenset({"GET", "HEAD"})


def discovery_endpoints() -> Mapping[str, Endpoint]:
    """The rows that everybody may read."""
    return {
        "v2.0/.well-known/openid-configuration": Endpoint(_READ, _configuration),
        ".well-known/openid-configuration": Endpoint(_READ, _first_configuration),
        "discovery/v2.0/keys": Endpoint(_READ, _keys),
        "discovery/keys": Endpoint(_READ, _keys),
        "discovery/instance": Endpoint(_READ, _instance),
        "userrealm/*": Endpoint(_READ, _user_realm),
    }


async def _configuration(visit: Visit) -> Response:
    """The document of the v2 endpoints.

    Every address in it has the tenant's id, whichever name was asked for: MSAL and az take the
    tenant from the first segment of the token endpoint and of the issuer.
    """
    return json_response(200, _document(visit, "/v2.0"), _PUBLIC)


async def _first_configuration(visit: Visit) -> Response:
    """The document of the v1 endpoints, which take `resource` in place of `scope`.

    There is one issuer for both.
    """
    return json_response(200, _document(visit, ""), _PUBLIC)


def _document(visit: Visit, version: str) -> dict[str, Any]:
    root = f"{visit.base_url}/{visit.tenant}"
    return {
        "issuer": issuer(visit.base_url, visit.tenant),
        "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
        "token_endpoint": f"{root}/oauth2{version}/token",
        "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
        "end_session_endpoint": f"{root}/oauth2/v2.0/logout",
        "jwks_uri": f"{root}/discovery{version}/keys",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "client_secret_basic",
            "private_key_jwt",
        ],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256"],
        "scopes_supported": ["openid", "profile", "offline_access"],
    }


async def _keys(visit: Visit) -> Response:
    """The public parts of all keys that verify at this moment, youngest first."""
    ring = visit.arrival.snapshot.keys
    keys = []
    for record in ring.records:
        key = ring.verifying(record.key_id, visit.at)
        if key is not None:
            public = key.as_dict(private=False)
            keys.append({**public, "kid": record.key_id, "use": "sig", "alg": "ES256"})
    return json_response(200, {"keys": keys}, _PUBLIC)


async def _user_realm(visit: Visit) -> Response:
    """Where a person's password is checked: here, whoever it is about.

    MSAL asks before the password grant, to find people whose company signs them in by itself. The
    answer is one for everybody, so that it tells nobody who is known here.
    """
    host = visit.base_url.partition("://")[2]
    content = {
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": visit.arrival.snapshot.registry.tenant_domain or host,
        "cloud_instance_name": host,
        "cloud_audience_urn": visit.base_url,
    }
    return json_response(200, content, _PUBLIC)


async def _instance(visit: Visit) -> Response:
    """Which hosts are one authority: this one is alone (MSAL's instance discovery)."""
    host = visit.base_url.partition("://")[2]
    where = f"{visit.base_url}/{visit.tenant}/v2.0/.well-known/openid-configuration"
    content = {
        "tenant_discovery_endpoint": where,
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }
    return json_response(200, content, _PUBLIC)
