"""The one subscription of this server and its resource groups, and whether a path is in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pratique.admission import RegistryRecord, Snapshot
from pratique.admission.changes import groups
from pratique.admission.holdings import HOME
from pratique.http.arm.errors import ArmError
from pratique.http.arm.visit import Visit
from pratique.naming.errors import printable

LOCATION: Final = "local"


def own_subscription(visit: Visit) -> RegistryRecord:
    """The registry that is asked, when the path is of its subscription.

    Raises:
        ArmError: it is of another one.
    """
    registry = visit.snapshot.registry
    if visit.parts["subscription"].casefold() != registry.subscription_id.casefold():
        raise unknown_subscription(visit)
    return registry


def unknown_subscription(visit: Visit) -> ArmError:
    """The refusal of a path's subscription that is not there for the caller."""
    shown = printable(visit.parts["subscription"])
    return ArmError(
        404, "SubscriptionNotFound", f"The subscription `{shown}` could not be found by you"
    )


def own_group(visit: Visit) -> str:
    """The name of the resource group that the path names.

    Raises:
        ArmError: there is none of that name.
    """
    own_subscription(visit)
    found = groups.names(visit.snapshot).get(visit.parts["group"].casefold())
    if found is None:
        raise ArmError(
            404,
            "ResourceGroupNotFound",
            f"Resource group `{printable(visit.parts['group'])}` could not be found",
        )
    return found


def home_group(visit: Visit) -> RegistryRecord:
    """The home registry, when the path is of its resource group, where identities stand.

    Raises:
        ArmError: it is of another one, or of none.
    """
    group, home = own_group(visit), visit.snapshot.at(HOME).registry
    if group.casefold() != home.resource_group.casefold():
        raise ArmError(
            404,
            "ResourceNotFound",
            f"managed identities of this server stand in the resource group "
            f"`{home.resource_group}` alone",
        )
    return home


def registries_of(visit: Visit, group: str | None) -> Iterator[Snapshot]:
    """The registries of a resource group, or all for None, each as seen from it."""
    for seen in visit.snapshot.each():
        if group is None or seen.registry.resource_group.casefold() == group.casefold():
            yield seen


def holds_anything(visit: Visit) -> bool:
    """Whether the caller holds any role assignment, wherever; the owner of the folder does."""
    return not visit.object_id or visit.snapshot.law.reach(visit.object_id).has_any
