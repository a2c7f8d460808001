"""Manifests and referrers (OCI end-3, end-7, end-9, end-12)."""

from __future__ import annotations

from typing import Any

from pratique.http.dataplane.visit import Visit
from pratique.http.wire.messages import BodyTooLarge, Response, json_response
from pratique.naming import Digest, MediaType, Tag, parse_reference
from pratique.registry import MAX_MANIFEST_SIZE, ManifestTooLarge, Referrer

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MAX_TAGS = 100


class TooManyTags(ValueError):
    """More `tag` parameters than a push may carry."""


async def get_manifest(visit: Visit) -> Response:
    """Give a manifest by tag or digest, 304 when the client has it already."""
    stored = await visit.registry.manifests.locate(
        visit.allowed, parse_reference(visit.parts["reference"])
    )
    digest = stored.digest.text
    etag = f'"{digest}"'
    headers = [("docker-content-digest", digest), ("etag", etag)]
    if matches(visit.request.header("if-none-match"), etag):
        return Response(304, headers)
    headers.append(("content-type", stored.media_type))
    return visit.offer(Response(200, headers, stored.content))


async def put_manifest(visit: Visit) -> Response:
    """Store a manifest under a tag, or under its digest with any number of `tag` parameters."""
    reference = parse_reference(visit.parts["reference"])
    content_type = visit.request.header("content-type")
    try:
        content = await visit.request.read(MAX_MANIFEST_SIZE)
    except BodyTooLarge as error:
        announced = visit.request.content_length or MAX_MANIFEST_SIZE + 1
        raise ManifestTooLarge(announced, MAX_MANIFEST_SIZE) from error
    wanted = visit.request.parameters().get("tag", []) if visit.request.query else []
    if len(wanted) > MAX_TAGS:
        raise TooManyTags(f"a push may set at most {MAX_TAGS} tags; this one asks for more")
    put = await visit.registry.manifests.put(
        visit.allowed,
        reference,
        MediaType(content_type) if content_type else None,
        content,
        tuple(Tag(tag) for tag in wanted),
    )
    headers = [
        ("location", f"/v2/{visit.allowed.repository}/manifests/{put.digest}"),
        ("docker-content-digest", put.digest.text),
    ]
    if put.subject is not None:
        headers.append(("oci-subject", put.subject.text))
    if wanted:
        headers += [("oci-tag", tag) for tag in put.tags]
    return Response(201, headers)


async def delete_manifest(visit: Visit) -> Response:
    """Delete a tag, or a manifest with all its tags."""
    await visit.registry.manifests.delete(visit.allowed, parse_reference(visit.parts["reference"]))
    return Response(202)


async def get_referrers(visit: Visit) -> Response:
    """List the manifests whose subject is this digest, as an image index; never 404."""
    wanted = visit.request.parameter("artifactType")
    found = await visit.registry.manifests.referrers(
        visit.allowed, Digest.parse(visit.parts["digest"]), wanted
    )
    index = {
        "schemaVersion": 2,
        "mediaType": INDEX_TYPE,
        "manifests": [_descriptor(referrer) for referrer in found],
    }
    response = json_response(200, index)
    response.headers = [("content-type", INDEX_TYPE)]
    if wanted:
        response.headers.append(("oci-filters-applied", "artifactType"))
    return response


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether an `If-None-Match` header names `etag` (RFC 9110 section 13.1.2)."""
    if not if_none_match:
        return False
    candidates = (part.strip() for part in if_none_match.split(","))
    return any(c == "*" or c.removeprefix("W/") == etag for c in candidates)


def _descriptor(referrer: Referrer) -> dict[str, Any]:
    descriptor: dict[str, Any] = {
        "mediaType": referrer.media_type,
        "digest": referrer.digest.text,
        "size": referrer.size,
    }
    if referrer.artifact_type is not None:
        descriptor["artifactType"] = referrer.artifact_type
    if referrer.annotations is not None:
        descriptor["annotations"] = dict(referrer.annotations)
    return descriptor
