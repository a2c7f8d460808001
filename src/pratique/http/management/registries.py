"""The registries of this server: list, create, delete."""

from __future__ import annotations

from typing import Final

import msgspec

from pratique.access import DirectoryPrincipal
from pratique.admission import Demand, NotFound, Snapshot
from pratique.admission.changes import registries
from pratique.http.management import shapes, views
from pratique.http.management.visit import UnreadableBody, Visit
from pratique.http.wire.answers import Given, Made
from pratique.http.wire.challenges import is_host
from pratique.naming import ResourceScope
from pratique.naming.errors import printable

_REGISTRIES: Final = "Microsoft.ContainerRegistry/registries"
READ, DELETE = f"{_REGISTRIES}/read", f"{_REGISTRIES}/delete"


class NewRegistry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A registry to make; in the home registry's resource group when none is given."""

    name: str
    login_server: str
    resource_group: str | None = None


async def list_registries(visit: Visit) -> Given[list[shapes.ListedRegistry]]:
    """Those that the caller may read; the home registry first, then by name."""
    found = [s for s in visit.snapshot.each() if visit.may(READ, s.registry.scope)]
    return Given([_shown(seen) for seen in found])


async def create_registry(visit: Visit, wanted: NewRegistry) -> Made[shapes.ListedRegistry]:
    """Make a registry; the right to is asked at its resource group."""
    if not is_host(wanted.login_server):
        raise UnreadableBody(f"`{wanted.login_server[:100]}` is not a host, or a host and port")
    asked = registries.WantedRegistry(
        wanted.name, wanted.login_server, wanted.resource_group or None
    )

    def demands(snapshot: Snapshot) -> tuple[Demand, ...]:
        return (Demand(_group(snapshot, asked.resource_group)),)

    made = await visit.change(lambda draft: registries.create(draft, asked), demands)
    return Made(_shown(visit.snapshot.named(made.name)))


async def delete_registry(visit: Visit) -> Given[shapes.ListedRegistry]:
    """Delete a registry; for whoever may not read it, there is none of that name."""
    name, before = visit.parts["registry"], visit.snapshot

    def demands(snapshot: Snapshot) -> tuple[Demand, ...]:
        return (Demand(snapshot.named(name).registry.scope),)

    gone = _shown(before.named(name))
    await visit.change(lambda draft: registries.delete(draft, name), demands)
    return Given(gone)


def ask_to_make(visit: Visit) -> None:
    """Turn away whoever may make a registry nowhere.

    Raises:
        Refused: so it is.
    """
    snapshot, subject = visit.snapshot, visit.caller.subject
    if isinstance(subject, DirectoryPrincipal):
        law = snapshot.law
        holders = (subject.object_id, *law.groups_of(subject.object_id))
        places = {key for holder in holders for key in law.where.get(holder, ())}
        if any(visit.may(visit.permission, _above(ResourceScope(key))) for key in places):
            return
    visit.need(visit.permission, _group(snapshot, None))


def ask_to_delete(visit: Visit) -> None:
    """Turn away whoever may not know of the registry that the path names.

    Raises:
        Refused: the caller may know of none.
        NotFound: there is no such registry for the caller.
    """
    name = visit.parts["registry"]
    try:
        scope = visit.snapshot.named(name).registry.scope
    except NotFound:
        visit.view()
        raise
    if not visit.may(READ, scope) and not visit.may(DELETE, scope):
        visit.view()
        raise NotFound(
            f"there is no registry `{printable(name)}`; `pratique registry list` shows them"
        )


def _above(scope: ResourceScope) -> ResourceScope:
    """Where a registry could be made: a scope itself, or the group of one that is a registry's."""
    above = scope.ancestors_within_subscription()
    return above[1] if len(above) == 3 else scope


def _group(snapshot: Snapshot, name: str | None) -> ResourceScope:
    """The scope of a resource group; the home registry's for None."""
    group, subscription = snapshot.at("").registry.scope.ancestors_within_subscription()[1:]
    return group if name is None else ResourceScope(f"{subscription}/resourceGroups/{name}")


def _shown(seen: Snapshot) -> shapes.ListedRegistry:
    return shapes.ListedRegistry.widening(
        views.registry(seen.registry),
        home=not seen.registry_id,
        registry_id=seen.registry_id or None,
    )
