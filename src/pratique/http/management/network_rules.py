"""The registry's network rules."""

from __future__ import annotations

from typing import Literal

import msgspec

from pratique.admission.changes import registry as changes
from pratique.admission.changes.network_rules import NetworkChange, address_ranges
from pratique.http.management import shapes, views
from pratique.http.management.visit import Visit
from pratique.http.wire.answers import Given


class NetworkRulesUpdate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall be different; what is absent stays."""

    public_access: bool | None = None
    default_action: Literal["allow", "deny"] | None = None
    add: list[str] = []
    remove: list[str] = []


async def show_network_rules(visit: Visit) -> Given[shapes.NetworkRules]:
    """From where the registry's content may be reached."""
    return Given(views.network_rules(visit.view().registry))


async def update_network_rules(
    visit: Visit, wanted: NetworkRulesUpdate
) -> Given[shapes.NetworkRules]:
    """Change from where the registry's content may be reached."""
    change = NetworkChange(
        public_access=wanted.public_access,
        allow_by_default=None
        if wanted.default_action is None
        else wanted.default_action == "allow",
        added=address_ranges(wanted.add),
        removed=address_ranges(wanted.remove),
    )
    changed = await visit.change(lambda draft: changes.update(draft, network=change))
    return Given(views.network_rules(changed))
