"""The registry: list, show, change, and what else is asked about it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pratique.admission import Unacceptable
from pratique.admission.changes import registry as changes
from pratique.http.arm.answers import Done, Listed, Shown, Told
from pratique.http.arm.container_registry.registry_view import REGISTRY_TYPE, registry_view
from pratique.http.arm.container_registry.settings import RegistryContent, wanted_settings
from pratique.http.arm.lists import listed
from pratique.http.arm.places import own_group, own_subscription
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import Response, json_response
from pratique.naming import InvalidName, RegistryName
from pratique.naming.errors import printable

REGISTRY_READ: Final = "Microsoft.ContainerRegistry/registries/read"
# ACR's own bounds (reference 6); this server has none.
_MOST_TOKENS: Final = 50_000


class NameToCheck(msgspec.Struct, frozen=True):
    """A name that somebody would like to give a registry."""

    name: str
    type: str = REGISTRY_TYPE


async def list_registries(visit: Visit) -> Listed:
    """The registry, for whoever may read it."""
    registry = own_group(visit) if "group" in visit.parts else own_subscription(visit)
    may = visit.may(REGISTRY_READ, registry.scope)
    return listed(visit, [_shown(visit)] if may else [])


async def show_registry(visit: Visit) -> Shown:
    """The registry."""
    visit.registry()
    return json_response(200, _shown(visit))


async def put_registry(visit: Visit, wanted: RegistryContent) -> Shown:
    """The registry as it is wanted; another one cannot be made beside it."""
    registry = visit.snapshot.registry
    if visit.scope.key != registry.scope.key:
        raise Unacceptable(
            f"this server keeps the registry `{registry.name}` alone; no other can be made"
        )
    return await _change(visit, wanted, anew=True)


async def update_registry(visit: Visit, wanted: RegistryContent) -> Shown:
    """Change settings; what is left out stays."""
    visit.registry()
    return await _change(visit, wanted, anew=False)


async def _change(visit: Visit, content: RegistryContent, *, anew: bool) -> Response:
    wanted = wanted_settings(content, _shown(visit), anew=anew)
    await visit.change(
        lambda draft: changes.update(
            draft,
            mode=wanted.mode,
            anonymous_pull=wanted.anonymous_pull,
            accepts_arm_tokens=wanted.accepts_arm_tokens,
            admin_user=wanted.admin_user,
        )
    )
    return json_response(200, _shown(visit))


async def delete_registry(visit: Visit) -> Done:
    """Nobody deletes all of a server's content with one request."""
    registry = visit.registry()
    raise Unacceptable(
        f"the registry `{registry.name}` is all that this server keeps, and is not deleted over "
        "the wire; stop the server and remove its folder"
    )


async def check_name(visit: Visit, wanted: NameToCheck) -> Told:
    """Whether a registry could get this name."""
    registry = own_subscription(visit)
    if wanted.name.casefold() == registry.name.casefold():
        return _availability("AlreadyExists", f"The registry {registry.name} is already in use.")
    try:
        RegistryName(wanted.name)
    except InvalidName as error:
        return _availability("Invalid", str(error))
    return _availability(
        "Invalid",
        f"`{printable(wanted.name)}` is free, but this server keeps the registry "
        f"`{registry.name}` alone",
    )


async def list_usages(visit: Visit) -> Listed:
    """How many scope maps and tokens there are; how much content is not counted."""
    visit.registry()
    snapshot = visit.snapshot
    held = (
        ("ScopeMaps", len(snapshot.law.scope_maps)),
        ("Tokens", len(snapshot.directory.tokens)),
    )
    return listed(
        visit,
        (
            {"name": name, "limit": _MOST_TOKENS, "currentValue": number, "unit": "Count"}
            for name, number in held
        ),
    )


async def list_replications(visit: Visit) -> Listed:
    """None: nodes of one registry are no replications."""
    visit.registry()
    return listed(visit, [])


def _availability(reason: str, message: str) -> Response:
    content = {"nameAvailable": False, "reason": reason, "message": message}
    return json_response(200, content)


def _shown(visit: Visit) -> dict[str, Any]:
    return registry_view(visit.snapshot, visit.arrival.front.service)
