"""Tokens that are not of the directory."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from pratique.admission import NotFound, Snapshot
from pratique.admission.changes import tokens, tokens_by_name
from pratique.http.arm.answers import Gone, Listed, Shown
from pratique.http.arm.lists import listed
from pratique.http.arm.visit import Visit
from pratique.http.arm.wording import instant, last_part
from pratique.http.wire.messages import Response, json_response
from pratique.identity import TokenAccount
from pratique.naming.errors import printable


class TokenProperties(msgspec.Struct, frozen=True, rename="camel"):
    """What a token shall be; what is left out stays."""

    scope_map_id: str | None = None
    status: Literal["enabled", "disabled"] | None = None


class TokenContent(msgspec.Struct, frozen=True):
    """The body of a token."""

    properties: TokenProperties


async def list_tokens(visit: Visit) -> Listed:
    """All tokens by name."""
    visit.registry()
    snapshot = visit.snapshot
    found = sorted(snapshot.directory.tokens.values(), key=lambda t: t.name)
    return listed(visit, (_shown(t, snapshot) for t in found))


async def show_token(visit: Visit) -> Shown:
    """One token."""
    return json_response(200, _shown(_named(visit), visit.snapshot))


async def put_token(visit: Visit, wanted: TokenContent) -> Shown:
    """Let a token stand; a new one has no passwords yet."""
    visit.registry()
    asked = wanted.properties
    token = await visit.change(
        lambda draft: tokens_by_name.put_token(
            draft,
            visit.parts["token"],
            scope_map=asked.scope_map_id and last_part(asked.scope_map_id),
            enabled=None if asked.status is None else asked.status == "enabled",
        )
    )
    return json_response(200, _shown(token, visit.snapshot))


async def update_token(visit: Visit, wanted: TokenContent) -> Shown:
    """The same for one that is there."""
    _named(visit)
    return await put_token(visit, wanted)


async def delete_token(visit: Visit) -> Gone:
    """Delete a token."""
    visit.registry()
    try:
        await visit.change(lambda draft: tokens.delete_token(draft, visit.parts["token"]))
    except NotFound:
        return Response(204)
    return Response(200)


def _named(visit: Visit) -> TokenAccount:
    """The token of the path.

    Raises:
        NotFound: there is none.
    """
    visit.registry()
    found = visit.snapshot.directory.tokens.get(visit.parts["token"].casefold())
    if found is None:
        raise NotFound(f"there is no token `{printable(visit.parts['token'])}`")
    return found


def _shown(token: TokenAccount, snapshot: Snapshot) -> dict[str, Any]:
    registry = snapshot.registry.scope
    return {
        "id": f"{registry}/tokens/{token.name}",
        "name": token.name,
        "type": "Microsoft.ContainerRegistry/registries/tokens",
        "properties": {
            "creationDate": instant(token.created_at),
            "provisioningState": "Succeeded",
            "status": "enabled" if token.enabled else "disabled",
            "scopeMapId": f"{registry}/scopeMaps/{token.scope_map}",
            "credentials": {
                "certificates": [],
                "passwords": [
                    {
                        "name": stored.name,
                        "creationTime": instant(stored.created_at),
                        "expiry": stored.expires_at and instant(stored.expires_at),
                    }
                    for stored in token.passwords
                ],
            },
        },
    }
