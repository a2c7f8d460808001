"""`importImage`: an image of another registry, or of another repository, comes into this one."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from pratique.admission import Unacceptable
from pratique.admission.import_requests import (
    ImageReference,
    SourceCredentials,
    WantedImport,
    source_at,
    targets_of,
)
from pratique.admission.import_states import ImportState
from pratique.http.arm.answers import Begun
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import Response
from pratique.identity import NULL_GUID

RETRY_AFTER_SECONDS: Final = 3


class Credentials(msgspec.Struct, frozen=True):
    """For the source's registry; a password alone is a registry's refresh token."""

    password: str
    username: str | None = None


class Source(msgspec.Struct, frozen=True, rename="camel"):
    """Where the image is: in a registry of this server, or at a host."""

    source_image: str
    resource_id: str | None = None
    registry_uri: str | None = None
    credentials: Credentials | None = None


class ImportContent(msgspec.Struct, frozen=True, rename="camel"):
    """The body."""

    source: Source
    target_tags: list[str] | None = None
    untagged_target_repositories: list[str] | None = None
    mode: Literal["NoForce", "Force"] = "NoForce"


async def import_image(visit: Visit, wanted: ImportContent) -> Begun:
    """Import an image; what takes longer than some seconds goes on beside the requests."""
    visit.registry()
    snapshot = visit.snapshot
    state = await visit.imports.begin(
        snapshot,
        visit.caller,
        _wanted(wanted),
        client=visit.request.client,
        server=visit.login_server(snapshot),
    )
    path = visit.request.path.rstrip("/")
    return _told(visit, state, f"{path}/{state.import_id}")


async def show_import(visit: Visit) -> Begun:
    """Whether an import that the caller began goes on; why it failed, if it did."""
    visit.registry()
    import_id = visit.parts["operation"].lower()
    state = await visit.imports.state(visit.caller, visit.registry_id, import_id)
    return _told(visit, state, visit.request.path)


def _told(visit: Visit, state: ImportState, path: str) -> Response:
    if state.ended:
        return Response(200)
    version = visit.request.parameter("api-version")
    return Response(
        202,
        [
            ("location", f"{visit.root}{path}?api-version={version}"),
            ("retry-after", str(RETRY_AFTER_SECONDS)),
        ],
    )


def _wanted(content: ImportContent) -> WantedImport:
    source = content.source
    if (source.resource_id is None) == (source.registry_uri is None):
        raise Unacceptable("the source has either a `resourceId` or a `registryUri`")
    if source.registry_uri is None:
        host, image = "", ImageReference.parse(source.source_image)
    else:
        host = source.registry_uri.removeprefix("https://").rstrip("/")
        host, image = source_at(host, source.source_image)
    given = source.credentials
    credentials = None
    if given is not None:
        credentials = SourceCredentials(given.username or NULL_GUID, given.password)
    return WantedImport(
        image=image,
        targets=targets_of(
            image, content.target_tags or (), content.untagged_target_repositories or ()
        ),
        host=host,
        scope=source.resource_id or "",
        credentials=credentials,
        force=content.mode == "Force",
    )
