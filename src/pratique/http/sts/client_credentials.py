"""The grant by which an application asks for a token of its own (RFC 6749 section 4.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from pratique.http.sts.client_authentication import ClientAuthentication
from pratique.http.sts.grants import TokenRequest
from pratique.http.sts.resources import known_resource, resource_of_scope
from pratique.http.sts.visit import Visit
from pratique.identity.application_sign_in import ProvedApplication
from pratique.identity.directory_tokens import (
    DIRECTORY_TOKEN_LIFE,
    DirectoryClaims,
    issuer,
    sign_directory_token,
)


class ClientCredentials:
    """Grants tokens to applications for themselves.

    Args:
        clients: proves them.
        new_id: gives the id of a token.
    """

    def __init__(self, clients: ClientAuthentication, new_id: Callable[[], str]) -> None:
        self._clients = clients
        self._new_id = new_id

    async def __call__(self, asked: TokenRequest, /) -> Mapping[str, Any]:
        """As `Grant` says. Who proves nothing learns nothing about resources."""
        proved = await self._clients.prove(asked)
        visit = asked.visit
        resource = _resource(asked)
        life = life_of(proved, visit)
        issued = int(visit.at.timestamp())
        claims = application_claims(proved, visit, resource, life, self._new_id())
        return {
            "token_type": "Bearer",
            **_times(issued, life, resource, first_version=asked.first_version),
            "access_token": sign_directory_token(claims, visit.arrival.snapshot.keys),
        }


def application_claims(
    proved: ProvedApplication, visit: Visit, resource: str, life: timedelta, token_id: str
) -> DirectoryClaims:
    """What a token says of an application that proved itself.

    Args:
        proved: whose token it is.
        visit: in which it was asked for.
        resource: its `aud`.
        life: from the visit's time on.
        token_id: its `uti`.
    """
    application, issued = proved.application, int(visit.at.timestamp())
    return DirectoryClaims(
        iss=issuer(visit.base_url, visit.tenant),
        aud=resource,
        sub=application.object_id,
        oid=application.object_id,
        tid=visit.tenant,
        iat=issued,
        nbf=issued,
        exp=issued + int(life.total_seconds()),
        ver="1.0",
        appid=application.client_id,
        appidacr=proved.method,
        idtyp="app",
        uti=token_id,
        cid=proved.credential_id,
        xms_mirid=application.resource_id or None,
    )


def life_of(proved: ProvedApplication, visit: Visit) -> timedelta:
    """How long a token lives: an hour, or as long as the credential that it was made with."""
    if proved.expires_at is None:
        return DIRECTORY_TOKEN_LIFE
    left = proved.expires_at - visit.at
    return max(timedelta(seconds=1), min(DIRECTORY_TOKEN_LIFE, left))


def _resource(asked: TokenRequest) -> str:
    front = asked.visit.arrival.front
    if "resource" in asked.fields and "scope" not in asked.fields:
        return known_resource(asked.wanted("resource"), front)
    return resource_of_scope(asked.wanted("scope"), front)


def _times(
    issued: int, life: timedelta, resource: str, *, first_version: bool
) -> dict[str, int | str]:
    """The members that say how long; v1 writes numbers as text and says more."""
    seconds = int(life.total_seconds())
    if not first_version:
        return {"expires_in": seconds, "ext_expires_in": seconds}
    return {
        "expires_in": str(seconds),
        "ext_expires_in": str(seconds),
        "expires_on": str(issued + seconds),
        "not_before": str(issued),
        "resource": resource,
    }
