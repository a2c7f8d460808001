"""Service principals (az-cli-wire 10)."""

from __future__ import annotations

import msgspec

from pratique.admission import NotFound
from pratique.http.arm.answers import Listed, Shown, ShownAsMade
from pratique.http.arm.filters import filter_of
from pratique.http.arm.graph import views
from pratique.http.arm.graph.applications import NEXT
from pratique.http.arm.graph.finding import application_of, applications
from pratique.http.arm.lists import listed
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import json_response
from pratique.naming.errors import printable

_KNOWN = frozenset(
    {
        *(("eq", "displayName"), ("startswith", "displayName"), ("eq", "appId")),
        ("any", "servicePrincipalNames"),
    }
)


class NewServicePrincipal(msgspec.Struct, frozen=True, rename="camel"):
    """Of which application."""

    app_id: str


async def list_service_principals(visit: Visit) -> Listed:
    """Service principals by name, managed identities too."""
    found = applications(visit.snapshot, filter_of(visit.request, _KNOWN))
    return listed(visit, (views.service_principal(a) for a in found), NEXT)


async def show_service_principal(visit: Visit) -> Shown:
    """One service principal."""
    return json_response(200, views.service_principal(application_of(visit, managed=True)))


async def create_service_principal(visit: Visit, wanted: NewServicePrincipal) -> ShownAsMade:
    """The service principal of an application, which has it since it was made."""
    found = visit.snapshot.directory.applications.get(wanted.app_id.casefold())
    if found is None:
        raise NotFound(f"there is no application `{printable(wanted.app_id)}`")
    return json_response(201, views.service_principal(found))
