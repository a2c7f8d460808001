"""Imports: images of other registries, or of other repositories, come into this one."""

from __future__ import annotations

import msgspec
from msgspec import field

from pratique.admission.import_requests import (
    SourceCredentials,
    WantedImport,
    source_at,
    split_source,
    targets_of,
)
from pratique.admission.import_states import ImportState
from pratique.http.management import shapes
from pratique.http.management.visit import Visit
from pratique.http.wire.answers import Given, Made
from pratique.identity import NULL_GUID


class NewImport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes from where, and under which names.

    `source` is `HOST/NAME:TAG`, or `NAME:TAG` of a registry of this server: the one that `registry`
    names, or this one. Without targets the image keeps its name.
    """

    source: str
    targets: list[str] = field(default_factory=list)
    untagged: list[str] = field(default_factory=list)
    registry: str | None = None
    username: str | None = None
    password: str | None = None
    force: bool = False


async def create_import(visit: Visit, wanted: NewImport) -> Made[shapes.Import]:
    """Import an image; what takes longer than some seconds goes on beside the requests."""
    snapshot = visit.view()
    host, image = ("", wanted.source) if wanted.registry else split_source(wanted.source)
    host, reference = source_at(host, image)
    source = snapshot.named(wanted.registry) if wanted.registry else snapshot
    credentials = None
    if wanted.password is not None:
        credentials = SourceCredentials(wanted.username or NULL_GUID, wanted.password)
    asked = WantedImport(
        image=reference,
        targets=targets_of(reference, wanted.targets, wanted.untagged),
        host=host,
        scope="" if host else str(source.registry.scope),
        credentials=credentials,
        force=wanted.force,
    )
    state = await visit.imports.begin(
        snapshot,
        visit.caller,
        asked,
        client=visit.request.client,
        server=snapshot.registry.login_server or visit.request.host,
    )
    return Made(_shown(state))


async def show_import(visit: Visit) -> Given[shapes.Import]:
    """Whether an import that the caller began goes on; why it failed, if it did."""
    registry_id = visit.view().registry_id
    return Given(
        _shown(await visit.imports.state(visit.caller, registry_id, visit.parts["import"]))
    )


def _shown(state: ImportState) -> shapes.Import:
    return shapes.Import(
        import_id=state.import_id,
        state="succeeded" if state.ended else "running",
        digest=state.digest or None,
        size=state.size if state.ended else None,
    )
