"""The form of App Service (reference 8.2), new and old: proved by a secret in a header."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pratique.agent import imds
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
from pratique.agent.tokens import Failure, NoToken
from pratique.agent.visit import Visit

PATH: Final = "/msi/token"
_STATUS = {Failure.AWAY: 500, Failure.TOO_MANY: 429}


@dataclass(frozen=True, slots=True)
class _Version:
    header: str
    parameters: Mapping[str, str]


_VERSIONS = {
    "2019-08-01": _Version(
        "x-identity-header",
        {
            "client_id": "client_id",
            "object_id": "object_id",
            "principal_id": "object_id",
            "mi_res_id": "resource_id",
            "resource_id": "resource_id",
        },
    ),
    # Azure's older clients write `clientid`; those of today add their own names for the others.
    "2017-09-01": _Version(
        "secret",
        {
            "clientid": "client_id",
            "client_id": "client_id",
            "object_id": "object_id",
            "mi_res_id": "resource_id",
            "msi_res_id": "resource_id",
        },
    ),
}


async def answer(visit: Visit) -> Response:
    """The answer to a request of this form."""
    query = visit.request.query
    version = _VERSIONS.get(query.get("api-version", ""))
    if version is None:
        return error(400, f"the parameter `api-version` is one of {', '.join(_VERSIONS)}")
    secret = visit.request.headers.get(version.header)
    if secret is None:
        return error(400, f"the header `{version.header}` is missing")
    admitted = [i for i in visit.identities if _opens(secret, i)]
    try:
        identity = chosen(admitted, wanted_of(query, version.parameters))
        return await _given(visit, identity)
    except NotAdmitted:
        return error(401, f"the header `{version.header}` holds no secret that is known here")
    except (NotMeant, NoSuchResource) as refusal:
        return error(400, str(refusal))
    except NoToken as refusal:
        status = _STATUS.get(refusal.failure, 400)
        return error(status, str(refusal), imds.retry_after(refusal))


def error(status: int, sentence: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """A refusal in this form."""
    return Response(status, {"statusCode": status, "message": sentence}, headers)


async def _given(visit: Visit, identity: HostedIdentity) -> Response:
    visit.facts["identity"] = identity.name
    resource = resource_of(visit.request.query)
    visit.facts["resource"] = resource
    token = await visit.tokens.token(identity, resource)
    content = {
        "access_token": token.text,
        "expires_on": str(token.expires_at),
        "not_before": str(token.obtained_at),
        "resource": resource,
        "token_type": "Bearer",
        "client_id": identity.client_id,
    }
    return Response(200, content)


def _opens(secret: str, identity: HostedIdentity) -> bool:
    wanted = identity.header_secret
    # Latin-1, as headers are read: every header can be encoded.
    return wanted is not None and hmac.compare_digest(
        secret.encode("latin-1"), wanted.encode("latin-1")
    )
