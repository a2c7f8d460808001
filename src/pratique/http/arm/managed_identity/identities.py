"""User-assigned identities (az-cli-wire 10)."""

from __future__ import annotations

from pratique.admission import Draft, NotFound, Snapshot
from pratique.admission.changes import managed_identities
from pratique.http.arm.answers import Gone, Listed, Shown, ShownOrMade
from pratique.http.arm.lists import listed
from pratique.http.arm.managed_identity.identity_view import identity_view
from pratique.http.arm.places import home_group, own_subscription
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import Response, json_response
from pratique.identity import Application
from pratique.naming.errors import printable


async def list_identities(visit: Visit) -> Listed:
    """All user-assigned identities by name."""
    registry = home_group(visit) if "group" in visit.parts else own_subscription(visit)
    found = filter(
        managed_identities.is_user_assigned, visit.snapshot.directory.applications.values()
    )
    by_name = sorted(found, key=lambda i: i.display_name)
    return listed(visit, (identity_view(identity, registry) for identity in by_name))


async def show_identity(visit: Visit) -> Shown:
    """One identity."""
    registry = home_group(visit)
    found = _find(visit.snapshot, visit.parts["identity"])
    if found is None:
        raise NotFound(f"there is no managed identity `{printable(visit.parts['identity'])}`")
    return json_response(200, identity_view(found, registry))


async def put_identity(visit: Visit) -> ShownOrMade:
    """Make an identity; nothing of one that is there can be changed."""
    registry, name = home_group(visit), visit.parts["identity"]

    def write(draft: Draft) -> tuple[Application, bool]:
        present = _find(draft.snapshot, name)
        if present is not None:
            return present, False
        return managed_identities.create(draft, name, None), True

    identity, is_new = await visit.change(write)
    return json_response(201 if is_new else 200, identity_view(identity, registry))


async def delete_identity(visit: Visit) -> Gone:
    """Delete an identity with its role assignments."""
    home_group(visit)
    name = visit.parts["identity"]

    def remove(draft: Draft) -> None:
        found = _find(draft.snapshot, name)
        if found is None:
            raise NotFound(f"there is no managed identity `{printable(name)}`")
        managed_identities.delete(draft, found.object_id)

    try:
        await visit.change(remove)
    except NotFound:
        return Response(204)
    return Response(200)


def _find(snapshot: Snapshot, name: str) -> Application | None:
    for application in snapshot.directory.applications.values():
        if (
            managed_identities.is_user_assigned(application)
            and application.display_name.casefold() == name.casefold()
        ):
            return application
    return None
