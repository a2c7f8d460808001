"""Blobs (OCI end-2, end-10)."""

from __future__ import annotations

from pratique.access import Allowed, RegistryAction
from pratique.http.dataplane.manifests import matches
from pratique.http.dataplane.visit import Visit
from pratique.http.wire.messages import FilePart, Response
from pratique.http.wire.ranges import ByteRange, parse_range
from pratique.naming import Digest
from pratique.registry import StoredBlob


async def get_blob(visit: Visit) -> Response:
    """Give a blob or a range of it; a file is sent by the server itself."""
    blobs, digest = visit.registry.blobs, Digest.parse(visit.parts["digest"])
    look = blobs.confirm if _is_about_to_push(visit) else blobs.locate
    blob = await look(visit.allowed, digest)
    etag = f'"{blob.digest}"'
    headers = [("docker-content-digest", blob.digest.text), ("etag", etag)]
    if matches(visit.request.header("if-none-match"), etag):
        return Response(304, headers)
    headers += [("accept-ranges", "bytes"), ("content-type", "application/octet-stream")]
    part = parse_range(visit.request.header("range"), blob.size)
    if part is None:
        return _answer(200, headers, blob, ByteRange(0, blob.size))
    headers.append(("content-range", f"bytes {part.start}-{part.end - 1}/{blob.size}"))
    return _answer(206, headers, blob, part)


async def delete_blob(visit: Visit) -> Response:
    """Take a blob out of this repository; others that hold it keep it."""
    await visit.registry.blobs.delete(visit.allowed, Digest.parse(visit.parts["digest"]))
    return Response(202)


def _is_about_to_push(visit: Visit) -> bool:
    """Whether the head alone is asked for by one who may push what needs the blob.

    Whoever may only pull keeps nothing from collection, and causes no write.
    """
    if visit.request.method != "HEAD":
        return False
    verdict = visit.entrance.gate.decide(
        visit.arrival.snapshot, visit.caller, RegistryAction.PUSH, visit.allowed.repository
    )
    return isinstance(verdict, Allowed)


def _answer(
    status: int, headers: list[tuple[str, str]], blob: StoredBlob, part: ByteRange
) -> Response:
    if blob.path is None:
        content = blob.content or b""
        return Response(status, headers, content[part.start : part.end])
    whole = part.end - part.start == blob.size
    return Response(status, headers, file=FilePart(blob.path, part.start, part.end, whole))
