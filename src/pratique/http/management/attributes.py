"""Custom security attributes of principals."""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.admission import Snapshot
from pratique.admission.changes import attributes
from pratique.http.management.visit import Visit
from pratique.http.wire.messages import Response, json_response


class AttributeValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The values that an attribute shall have."""

    values: tuple[str | int | bool, ...]


async def show_attributes(visit: Visit) -> Response:
    """A principal's attributes."""
    snapshot = visit.view()
    return json_response(200, _shown(snapshot, visit.parts["principal"]))


async def set_attribute(visit: Visit) -> Response:
    """Give an attribute these values."""
    wanted, parts = await visit.body(AttributeValues), visit.parts
    await visit.change(
        lambda draft: attributes.set_attribute(
            draft, parts["principal"], parts["attribute"], wanted.values
        )
    )
    return json_response(200, _shown(visit.snapshot, parts["principal"]))


async def remove_attribute(visit: Visit) -> Response:
    """Take an attribute away."""
    parts = visit.parts
    await visit.change(
        lambda draft: attributes.remove_attribute(draft, parts["principal"], parts["attribute"])
    )
    return json_response(200, _shown(visit.snapshot, parts["principal"]))


def _shown(snapshot: Snapshot, reference: str) -> dict[str, Any]:
    principal = snapshot.find_principal(reference)
    held = attributes.attributes_of(snapshot, principal.object_id).values
    return {
        "principal": principal.display_name,
        "object_id": principal.object_id,
        "attributes": {name: list(held[name]) for name in sorted(held)},
    }
