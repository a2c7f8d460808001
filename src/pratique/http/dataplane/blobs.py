"""Blobs (OCI end-2, end-10)."""

from __future__ import annotations

from pratique.access import Allowed, RegistryAction
from pratique.http.dataplane.manifests import matches
from pratique.http.dataplane.visit import Visit
from pratique.http.wire.messages import FilePart, Response, Stream
from pratique.http.wire.ranges import ByteRange, parse_range
from pratique.naming import Digest
from pratique.registry import BlobElsewhere, StoredBlob


async def get_blob(visit: Visit) -> Response:
    """Give a blob or a range of it; a file is sent by the server itself.

    Where another server holds the blob, the client is sent there for it, with the range that it
    asked for; or, where that is not wanted, the bytes come through here. The head is always
    answered here.
    """
    blobs, digest = visit.registry.blobs, Digest.parse(visit.parts["digest"])
    look = blobs.confirm if _is_about_to_push(visit) else blobs.locate
    blob = await look(visit.allowed, digest)
    etag = f'"{blob.digest}"'
    headers = [("docker-content-digest", blob.digest.text), ("etag", etag)]
    if matches(visit.request.header("if-none-match"), etag):
        return Response(304, headers)
    headers += [("accept-ranges", "bytes"), ("content-type", "application/octet-stream")]
    if blob.elsewhere is None:
        whole = _whole(headers, blob)
        if visit.request.method == "GET":
            whole = visit.offer(whole)
        return part_of(whole, visit.request.header("range"))
    part = parse_range(visit.request.header("range"), blob.size)
    if _may_be_sent_on(visit):
        address = await blob.elsewhere.address()
        if address is not None:
            # Whoever keeps this answer would keep an address that is soon good for nothing.
            kept_by_nobody = ("cache-control", "no-store")
            return Response(307, [("location", address), headers[0], kept_by_nobody])
    status, wanted = 200, part or ByteRange(0, blob.size)
    if part is not None:
        status = 206
        headers.append(_content_range(part, blob.size))
    stream = await _stream(visit.request.method, blob.elsewhere, wanted)
    return Response(status, headers, stream=stream)


def part_of(whole: Response, wanted: str | None) -> Response:
    """The answer with all of a blob, or the one with the part that a `Range` header asks for.

    Args:
        whole: with a file, or with the bytes themselves.
        wanted: the header; None without one.

    Raises:
        UnsatisfiableRange: nothing of the blob lies in it.
    """
    file = whole.file
    size = len(whole.body) if file is None else file.end
    part = parse_range(wanted, size)
    if part is None:
        return whole
    headers = [*whole.headers, _content_range(part, size)]
    if file is None:
        return Response(206, headers, whole.body[part.start : part.end], row=whole.row)
    everything = part.end - part.start == size
    sent = FilePart(file.path, part.start, part.end, everything)
    return Response(206, headers, file=sent, row=whole.row)


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


def _may_be_sent_on(visit: Visit) -> bool:
    """Whether any store answers as this registry would; Azure Blob knows no last bytes."""
    wanted = visit.request.header("range") or ""
    return visit.request.method != "HEAD" and not wanted.startswith("bytes=-")


async def _stream(method: str, elsewhere: BlobElsewhere, part: ByteRange) -> Stream:
    if method == "HEAD":
        # A client that pushes leaves out what it is told is there, so this must be no hearsay.
        await elsewhere.confirm()
        return Stream(part.end - part.start, None)
    return Stream(part.end - part.start, await elsewhere.open(part.start, part.end))


def _whole(headers: list[tuple[str, str]], blob: StoredBlob) -> Response:
    if blob.path is None:
        return Response(200, headers, blob.content or b"")
    return Response(200, headers, file=FilePart(blob.path, 0, blob.size, whole=True))


def _content_range(part: ByteRange, size: int) -> tuple[str, str]:
    return ("content-range", f"bytes {part.start}-{part.end - 1}/{size}")
