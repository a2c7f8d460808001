"""Custom security attributes of principals."""

from __future__ import annotations

import msgspec

from pratique.admission import Snapshot
from pratique.admission.changes import attributes
from pratique.http.management import access_shapes
from pratique.http.management.visit import Visit
from pratique.http.wire.answers import Given


class AttributeValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The values that an attribute shall have."""

    values: tuple[str | int | bool, ...]


async def show_attributes(visit: Visit) -> Given[access_shapes.Attributes]:
    """A principal's attributes."""
    snapshot = visit.view()
    return Given(_shown(snapshot, visit.parts["principal"]))


async def set_attribute(visit: Visit, wanted: AttributeValues) -> Given[access_shapes.Attributes]:
    """Give an attribute these values."""
    parts = visit.parts
    await visit.change(
        lambda draft: attributes.set_attribute(
            draft, parts["principal"], parts["attribute"], wanted.values
        )
    )
    return Given(_shown(visit.snapshot, parts["principal"]))


async def remove_attribute(visit: Visit) -> Given[access_shapes.Attributes]:
    """Take an attribute away."""
    parts = visit.parts
    await visit.change(
        lambda draft: attributes.remove_attribute(draft, parts["principal"], parts["attribute"])
    )
    return Given(_shown(visit.snapshot, parts["principal"]))


def _shown(snapshot: Snapshot, reference: str) -> access_shapes.Attributes:
    principal = snapshot.find_principal(reference)
    held = attributes.attributes_of(snapshot, principal.object_id).values
    return access_shapes.Attributes(
        principal=principal.display_name,
        object_id=principal.object_id,
        attributes={name: list(held[name]) for name in sorted(held)},
    )
