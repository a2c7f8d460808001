"""The one subscription and the one resource group of this server, and whether a path is in them."""

from __future__ import annotations

from typing import Final

from pratique.admission import RegistryRecord
from pratique.http.arm.errors import ArmError
from pratique.http.arm.visit import Visit
from pratique.naming import ResourceScope
from pratique.naming.errors import printable

LOCATION: Final = "local"


def own_subscription(visit: Visit) -> RegistryRecord:
    """The registry, when the path is of its subscription.

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


def own_group(visit: Visit) -> RegistryRecord:
    """The registry, when the path is of its resource group.

    Raises:
        ArmError: it is of another one.
    """
    registry = own_subscription(visit)
    if visit.parts["group"].casefold() != registry.resource_group.casefold():
        raise ArmError(
            404,
            "ResourceGroupNotFound",
            f"Resource group `{printable(visit.parts['group'])}` could not be found",
        )
    return registry


def scope_of_group(registry: RegistryRecord) -> ResourceScope:
    """Where the group stands."""
    return registry.scope.ancestors_within_subscription()[1]


def holds_anything(visit: Visit) -> bool:
    """Whether the caller holds any role assignment, wherever; the owner of the folder does."""
    return not visit.object_id or visit.snapshot.law.reach(visit.object_id).has_any
