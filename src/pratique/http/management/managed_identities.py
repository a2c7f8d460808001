"""Managed identities, and the hosts whose agents may ask for their tokens."""

from __future__ import annotations

import msgspec

from pratique.admission import NotFound
from pratique.admission.changes import managed_identities
from pratique.http.management import shapes, views
from pratique.http.management.visit import Visit
from pratique.http.wire.answers import Given, Made
from pratique.identity import Application


class NewManagedIdentity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An identity to make: user-assigned, or the system-assigned one of a host."""

    name: str
    system_host: str | None = None


class NewHost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A host whose agent shall get tokens."""

    host: str


async def list_managed_identities(visit: Visit) -> Given[list[shapes.ManagedIdentity]]:
    """All managed identities by name."""
    found = visit.view().directory.applications.values()
    by_name = sorted(found, key=lambda a: (a.display_name, a.client_id))
    return Given([_shown(a) for a in by_name if managed_identities.is_managed(a)])


async def show_managed_identity(visit: Visit) -> Given[shapes.ManagedIdentity]:
    """One managed identity."""
    reference = visit.parts["identity"]
    found = visit.view().directory.principal(reference)
    if not isinstance(found, Application) or not managed_identities.is_managed(found):
        raise NotFound(f"there is no managed identity `{reference}`")
    return Given(_shown(found))


async def create_managed_identity(
    visit: Visit, wanted: NewManagedIdentity
) -> Made[shapes.ManagedIdentity]:
    """Make a managed identity."""
    made = await visit.change(
        lambda draft: managed_identities.create(draft, wanted.name, wanted.system_host)
    )
    return Made(_shown(made))


async def delete_managed_identity(visit: Visit) -> Given[shapes.ManagedIdentity]:
    """Delete a managed identity."""
    gone = await visit.change(
        lambda draft: managed_identities.delete(draft, visit.parts["identity"])
    )
    return Given(_shown(gone))


async def assign_managed_identity(visit: Visit, wanted: NewHost) -> Made[shapes.AssignedIdentity]:
    """Assign an identity to a host; what the agent there needs is in the answer."""
    made = await visit.change(
        lambda draft: managed_identities.assign(draft, visit.parts["identity"], wanted.host)
    )
    identity = made.application
    return Made(
        shapes.AssignedIdentity(
            tenant=visit.snapshot.registry.tenant,
            host=made.stored.name.partition(":")[2],
            name=identity.display_name,
            client_id=identity.client_id,
            object_id=identity.object_id,
            resource_id=identity.resource_id,
            system_assigned=managed_identities.host_of_system_assigned(identity) is not None,
            secret=made.text,
        )
    )


async def unassign_managed_identity(visit: Visit) -> Given[shapes.ManagedIdentity]:
    """Take an identity away from a host; tokens that its agent has got die."""
    changed = await visit.change(
        lambda draft: managed_identities.unassign(
            draft, visit.parts["identity"], visit.parts["host"]
        )
    )
    return Given(_shown(changed))


def _shown(identity: Application) -> shapes.ManagedIdentity:
    host = managed_identities.host_of_system_assigned(identity)
    dates = {s.name.partition(":")[2]: views.instant(s.created_at) for s in identity.secrets}
    return shapes.ManagedIdentity(
        name=identity.display_name,
        kind="user-assigned" if host is None else "system-assigned",
        client_id=identity.client_id,
        object_id=identity.object_id,
        resource_id=identity.resource_id,
        enabled=identity.enabled,
        created=views.instant(identity.created_at),
        hosts=[
            shapes.Host(host=host, assigned=dates[host])
            for host in managed_identities.hosts(identity)
        ],
    )
