"""Every row of this provider."""

from __future__ import annotations

from pratique.http.arm.resource_manager import groups, resources, subscriptions
from pratique.http.arm.routes import GROUP, SUBSCRIPTION, Route, row

_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
_GROUP_LIST = f"{SUBSCRIPTION}/resourceGroups"
_PROVIDER = f"{SUBSCRIPTION}/providers/<provider>"

# What a list shows is what the caller may read of it, so the lists themselves ask for nothing.
ROWS: tuple[Route, ...] = (
    row("GET", "/tenants", "", subscriptions.list_tenants),
    row("GET", "/subscriptions", "", subscriptions.list_subscriptions),
    row("GET", SUBSCRIPTION, "", subscriptions.show_subscription),
    row("GET", f"{SUBSCRIPTION}/locations", "", subscriptions.list_locations),
    row("GET", _GROUP_LIST, "", groups.list_groups),
    row("GET", GROUP, f"{_GROUPS}/read", groups.show_group),
    row("HEAD", GROUP, f"{_GROUPS}/read", groups.show_group),
    row("PUT", GROUP, f"{_GROUPS}/write", groups.put_group),
    row("DELETE", GROUP, f"{_GROUPS}/delete", groups.delete_group),
    row("GET", f"{SUBSCRIPTION}/resources", "", resources.list_resources),
    row("GET", f"{GROUP}/resources", "", resources.list_resources),
    row("GET", f"{SUBSCRIPTION}/providers", "", resources.list_providers),
    row("GET", _PROVIDER, "", resources.show_provider),
    row("POST", f"{_PROVIDER}/register", "", resources.show_provider),
)
