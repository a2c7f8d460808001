"""Scope maps."""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.access import ScopeMap
from pratique.admission import NotFound, Snapshot
from pratique.admission.changes import tokens, tokens_by_name
from pratique.http.arm.answers import Gone, Listed, Shown
from pratique.http.arm.lists import listed
from pratique.http.arm.visit import Visit
from pratique.http.arm.wording import instant
from pratique.http.wire.messages import Response, json_response
from pratique.naming.errors import printable


class ScopeMapProperties(msgspec.Struct, frozen=True):
    """What a scope map shall be; what is left out stays."""

    actions: tuple[str, ...] | None = None
    description: str | None = None


class ScopeMapContent(msgspec.Struct, frozen=True):
    """The body of a scope map."""

    properties: ScopeMapProperties


async def list_scope_maps(visit: Visit) -> Listed:
    """All scope maps by name, the system's too."""
    visit.registry()
    snapshot = visit.snapshot
    maps = sorted(snapshot.law.scope_maps.values(), key=lambda m: m.name)
    return listed(visit, (_shown(m, snapshot) for m in maps))


async def show_scope_map(visit: Visit) -> Shown:
    """One scope map."""
    visit.registry()
    return _one(visit)


async def put_scope_map(visit: Visit, wanted: ScopeMapContent) -> Shown:
    """Let a scope map stand with these actions and no others."""
    visit.registry()
    asked = wanted.properties
    await visit.change(
        lambda draft: tokens_by_name.put_scope_map(
            draft,
            visit.parts["map"],
            actions=asked.actions,
            description=asked.description,
        )
    )
    return _one(visit)


async def update_scope_map(visit: Visit, wanted: ScopeMapContent) -> Shown:
    """The same for one that is there."""
    _named(visit)
    return await put_scope_map(visit, wanted)


async def delete_scope_map(visit: Visit) -> Gone:
    """Delete a scope map that no token uses."""
    visit.registry()
    try:
        await visit.change(lambda draft: tokens.delete_scope_map(draft, visit.parts["map"]))
    except NotFound:
        return Response(204)
    return Response(200)


def _named(visit: Visit) -> ScopeMap:
    """The scope map of the path.

    Raises:
        NotFound: there is none.
    """
    visit.registry()
    wanted = visit.parts["map"].casefold()
    for scope_map in visit.snapshot.law.scope_maps.values():
        if scope_map.name.casefold() == wanted:
            return scope_map
    raise NotFound(f"there is no scope map `{printable(visit.parts['map'])}`")


def _one(visit: Visit) -> Response:
    return json_response(200, _shown(_named(visit), visit.snapshot))


def _shown(scope_map: ScopeMap, snapshot: Snapshot) -> dict[str, Any]:
    of_system = scope_map.system_defined
    record = None if of_system else snapshot.scope_map_record(scope_map.name)
    made = snapshot.registry.created_at if record is None else record.created_at
    return {
        "id": f"{snapshot.registry.scope}/scopeMaps/{scope_map.name}",
        "name": scope_map.name,
        "type": "Microsoft.ContainerRegistry/registries/scopeMaps",
        "properties": {
            "description": scope_map.description,
            "type": "SystemDefined" if scope_map.system_defined else "UserDefined",
            "creationDate": instant(made),
            "provisioningState": "Succeeded",
            "actions": [str(rule) for rule in scope_map.rules],
        },
    }
