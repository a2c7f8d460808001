"""Registries: list, show, make, change, delete, and what else is asked about one."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pratique.access import RoleMode
from pratique.admission import Snapshot, Unacceptable
from pratique.admission.changes import registries
from pratique.admission.changes import registry as changes
from pratique.admission.changes.names import names_of_registries
from pratique.admission.holdings import HOME
from pratique.http.arm.answers import Gone, Listed, Shown, ShownOrMade, Told
from pratique.http.arm.cloud import acr_suffix
from pratique.http.arm.container_registry.registry_view import REGISTRY_TYPE, registry_view
from pratique.http.arm.container_registry.settings import RegistryContent, wanted_settings
from pratique.http.arm.lists import listed
from pratique.http.arm.places import own_group, own_subscription, registries_of
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
    """The registries that the caller may read."""
    own_subscription(visit)
    group = own_group(visit) if "group" in visit.parts else None
    found = (s for s in registries_of(visit, group) if visit.may(REGISTRY_READ, s.registry.scope))
    return listed(visit, (registry_view(seen, visit.login_server(seen)) for seen in found))


async def show_registry(visit: Visit) -> Shown:
    """The registry."""
    visit.registry()
    return json_response(200, _shown(visit))


async def put_registry(visit: Visit, wanted: RegistryContent) -> ShownOrMade:
    """Let a registry stand as it is wanted: the one that is there, or a new one."""
    if visit.snapshot.at_scope(visit.scope) is not None:
        return await _change(visit, wanted, anew=True)
    own_subscription(visit)
    group, name = own_group(visit), visit.parts["registry"]
    settings = wanted_settings(wanted, _shown(visit), anew=True)
    asked = registries.WantedRegistry(
        name,
        login_server_of(visit.snapshot, name),
        group,
        mode=settings.mode or RoleMode.RBAC,
        anonymous_pull=bool(settings.anonymous_pull),
        accepts_arm_tokens=settings.accepts_arm_tokens is not False,
        admin_user=bool(settings.admin_user),
        network=settings.network,
    )
    made = await visit.change(lambda draft: registries.create(draft, asked))
    seen = visit.snapshot.named(made.name)
    return json_response(201, registry_view(seen, visit.login_server(seen)))


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
            network=wanted.network,
        )
    )
    return json_response(200, _shown(visit))


async def delete_registry(visit: Visit) -> Gone:
    """Delete a registry with everything in it; the home registry never."""
    if visit.snapshot.at_scope(visit.scope) is None:
        return Response(204)
    name = visit.registry().name
    await visit.change(lambda draft: registries.delete(draft, name))
    return Response(200)


async def check_name(visit: Visit, wanted: NameToCheck) -> Told:
    """Whether a registry could get this name."""
    own_subscription(visit)
    snapshot = visit.snapshot
    # Names of people and tokens, which no registry may have either, are not told here.
    if wanted.name.casefold() in names_of_registries(snapshot):
        return _unavailable("AlreadyExists", f"The registry {wanted.name} is already in use.")
    try:
        login_server_of(snapshot, RegistryName(wanted.name))
    except (InvalidName, Unacceptable) as error:
        return _unavailable("Invalid", str(error))
    return json_response(200, {"nameAvailable": True})


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


def login_server_of(snapshot: Snapshot, name: str) -> str:
    """The login server of a registry that is made without saying which: its name, and the suffix.

    The suffix is what the cloud document announces, so that clients find the registry by its name
    alone.

    Raises:
        Unacceptable: the home registry's login server has no such form.
    """
    home = snapshot.at(HOME).registry
    suffix = acr_suffix(home.name, home.login_server or "")
    if not home.login_server or suffix == home.login_server:
        raise Unacceptable(
            f"the login server of a new registry is its name before what follows `{home.name}.` in "
            f"that of the first one, which is `{home.login_server or 'any host'}`; make it with "
            f"`pratique registry create {printable(name)} --login-server HOST`, or have the first "
            f"one renamed: `pratique registry update --login-server {home.name.lower()}.DOMAIN`"
        )
    return f"{name.lower()}.{suffix}"


def _unavailable(reason: str, message: str) -> Response:
    content = {"nameAvailable": False, "reason": reason, "message": message}
    return json_response(200, content)


def _shown(visit: Visit) -> dict[str, Any]:
    snapshot = visit.snapshot
    return registry_view(snapshot, visit.login_server(snapshot))
