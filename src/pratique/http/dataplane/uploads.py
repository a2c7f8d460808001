"""Uploads of blobs (OCI end-4, end-5, end-6, end-11, end-13, end-14)."""

from __future__ import annotations

from pratique.access import Allowed, Denied, Reason, RegistryAction
from pratique.http.dataplane.visit import Visit
from pratique.http.edge import Turned
from pratique.http.wire.messages import Response
from pratique.http.wire.ranges import ByteRange, parse_chunk_range
from pratique.http.wire.refusals import scope_text
from pratique.naming import Digest, InvalidName, RepositoryName
from pratique.registry import SizeMismatch, StoredBlob, UploadStatus

# Repositories that are asked about when a mount names no source.
_CANDIDATES = 64


class DigestMissing(ValueError):
    """An upload is to be finished, and the request does not say as what."""


async def open_upload(visit: Visit) -> Response:
    """Begin an upload; or store a whole blob at once; or take one over from another repository."""
    parameters = visit.request.parameters() if visit.request.query else {}
    mount = parameters.get("mount", [""])[0]
    if mount:
        mounted = await _mount(visit, Digest.parse(mount), parameters.get("from", [""])[0])
        if mounted is not None:
            return mounted
    digest = parameters.get("digest", [""])[0]
    if digest and not mount:
        wanted = Digest.parse(digest)
        status = await visit.registry.uploads.open(visit.allowed)
        blob = await visit.registry.uploads.finish(
            visit.allowed,
            status.upload_id,
            wanted,
            visit.request.body.chunks(),
            None,
            visit.request.content_length,
        )
        return _created(visit, blob)
    return _accepted(visit, await visit.registry.uploads.open(visit.allowed))


async def get_upload(visit: Visit) -> Response:
    """Say how far an upload has come."""
    status = await visit.registry.uploads.status(visit.allowed, visit.parts["upload"])
    return Response(204, _progress(visit, status))


async def append_to_upload(visit: Visit) -> Response:
    """Add a chunk, in order when it says where it begins."""
    part, length = _announced(visit)
    status = await visit.registry.uploads.append(
        visit.allowed,
        visit.parts["upload"],
        visit.request.body.chunks(),
        part.start if part else None,
        length,
    )
    return _accepted(visit, status)


async def finish_upload(visit: Visit) -> Response:
    """Add the last chunk, if there is one, and store the blob under its digest."""
    digest = visit.request.parameter("digest")
    if not digest:
        raise DigestMissing("an upload is finished with `?digest=`; this request has none")
    part, length = _announced(visit)
    blob = await visit.registry.uploads.finish(
        visit.allowed,
        visit.parts["upload"],
        Digest.parse(digest),
        # Most clients have sent everything before.
        None if visit.request.content_length == 0 else visit.request.body.chunks(),
        part.start if part else None,
        length,
    )
    return _created(visit, blob)


async def cancel_upload(visit: Visit) -> Response:
    """Forget an upload."""
    await visit.registry.uploads.cancel(visit.allowed, visit.parts["upload"])
    return Response(204)


async def _mount(visit: Visit, digest: Digest, source: str) -> Response | None:
    """Link a blob of another repository; None to go on as if it were unknown (rule 3)."""
    blobs = visit.registry.blobs
    try:
        names = (RepositoryName(source),) if source else await blobs.holders(digest, _CANDIDATES)
    except InvalidName:
        return None
    for name in names:
        verdict = visit.entrance.gate.decide(
            visit.arrival.snapshot, visit.caller, RegistryAction.PULL, name
        )
        if isinstance(verdict, Allowed):
            if await blobs.mount(visit.allowed, verdict, digest):
                return Response(201, _stored(visit, digest))
        elif source:
            _ask_for_both(visit, name, verdict)
    return None


def _ask_for_both(visit: Visit, source: RepositoryName, denied: Denied) -> None:
    """Have the client fetch a token for target and source, if its owner may read the source.

    Only for a source that the client named: to name another would tell where a blob lies, and
    clients try again but once.

    Raises:
        Turned: with the challenge.
    """
    told = visit.entrance.beyond_token(visit.arrival, visit.caller, denied)
    if told.reason is Reason.TOKEN_DOES_NOT_COVER:
        wanted = (
            scope_text(visit.allowed.repository, "pull", "push"),
            scope_text(source, "pull"),
        )
        raise Turned(visit.entrance.refuse(visit.arrival, told, " ".join(wanted)))


def _announced(visit: Visit) -> tuple[ByteRange | None, int | None]:
    part = parse_chunk_range(visit.request.header("content-range"))
    length = visit.request.content_length
    if part is None:
        return None, length
    size = part.end - part.start
    if length is not None and length != size:
        raise SizeMismatch(size, length)
    return part, size


def _accepted(visit: Visit, status: UploadStatus) -> Response:
    return Response(202, _progress(visit, status))


def _progress(visit: Visit, status: UploadStatus) -> list[tuple[str, str]]:
    location = f"/v2/{visit.allowed.repository}/blobs/uploads/{status.upload_id}"
    return [
        ("location", location),
        ("range", f"0-{max(0, status.offset - 1)}"),
        ("docker-upload-uuid", status.upload_id),
    ]


def _created(visit: Visit, blob: StoredBlob) -> Response:
    return Response(201, _stored(visit, blob.digest))


def _stored(visit: Visit, digest: Digest) -> list[tuple[str, str]]:
    return [
        ("location", f"/v2/{visit.allowed.repository}/blobs/{digest}"),
        ("docker-content-digest", digest.text),
    ]
