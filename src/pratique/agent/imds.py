"""The form of Azure's instance metadata service (reference 8.1): proved by the local user."""

from __future__ import annotations

from typing import Any, Final

from pratique.agent.choosing import (
    NoSuchResource,
    NotAdmitted,
    NotMeant,
    chosen,
    resource_of,
    wanted_of,
)
from pratique.agent.identities import HostedIdentity
from pratique.agent.messages import Response
from pratique.agent.tokens import Failure, NoToken, Token
from pratique.agent.visit import Visit

PATH: Final = "/metadata/identity/oauth2/token"
PARAMETERS: Final = {
    "client_id": "client_id",
    "object_id": "object_id",
    "msi_res_id": "resource_id",
    "mi_res_id": "resource_id",
}
_STATUS_AND_CODE = {
    Failure.AWAY: (500, "unknown"),
    Failure.TOO_MANY: (429, "too_many_requests"),
    Failure.IDENTITY: (400, "invalid_request"),
    Failure.RESOURCE: (400, "invalid_resource"),
    Failure.REQUEST: (400, "invalid_request"),
}


async def answer(visit: Visit) -> Response:
    """The answer to a request of this form, whose `Metadata` header was looked at before."""
    peer = await visit.peer()
    visit.facts["user"] = peer.user
    admitted = [identity for identity in visit.identities if identity.admits(peer)]
    try:
        identity = chosen(admitted, wanted_of(visit.request.query, PARAMETERS))
        return await given(visit, identity)
    except NotAdmitted as refusal:
        return error(403, "access_denied", str(refusal))
    except NotMeant as refusal:
        return error(400, "invalid_request", str(refusal))


async def given(visit: Visit, identity: HostedIdentity) -> Response:
    """The answer that holds a token of `identity`, or why there is none."""
    visit.facts["identity"] = identity.name
    try:
        resource = resource_of(visit.request.query)
        visit.facts["resource"] = resource
        token = await visit.tokens.token(identity, resource)
    except NoSuchResource as refusal:
        return error(400, "invalid_resource", str(refusal))
    except NoToken as refusal:
        status, code = _STATUS_AND_CODE[refusal.failure]
        return error(status, code, str(refusal), retry_after(refusal))
    return Response(200, _content(token, identity, resource, visit.tokens.now()))


def error(
    status: int, code: str, sentence: str, headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    """A refusal in this form."""
    return Response(status, {"error": code, "error_description": sentence}, headers)


def retry_after(refusal: NoToken) -> tuple[tuple[str, str], ...]:
    """The header that says when to ask again, if that is known."""
    seconds = refusal.retry_after
    return () if seconds is None else (("Retry-After", str(seconds)),)


def _content(token: Token, identity: HostedIdentity, resource: str, now: int) -> dict[str, Any]:
    """Numbers are strings here; the ids are those that Arc's clients want repeated."""
    left = max(token.expires_at - now, 0)
    return {
        "access_token": token.text,
        "refresh_token": "",
        "client_id": identity.client_id,
        "object_id": identity.object_id,
        "msi_res_id": identity.resource_id,
        "expires_in": str(left),
        "ext_expires_in": str(left),
        "expires_on": str(token.expires_at),
        "not_before": str(token.obtained_at),
        "resource": resource,
        "token_type": "Bearer",
    }
