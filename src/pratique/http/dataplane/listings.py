"""Lists: tags and catalog of OCI, and the repository, tag and manifest objects of `/acr/v1`.

The latter are those of reference 10.1. What this registry does not keep is left out or null there:
architecture and operating system are unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from pratique.http.dataplane.visit import Visit
from pratique.http.wire.messages import Response, json_response
from pratique.http.wire.paging import PageRequest, next_link
from pratique.naming import Digest, Tag
from pratique.naming.errors import printable
from pratique.registry import Locks, ManifestFacts, Order, TagFacts
from pratique.registry.locks import ATTRIBUTES


class UnknownOrder(ValueError):
    """`orderby` is none of the words that it can be."""


async def list_tags(visit: Visit) -> Response:
    """Names of a repository's tags, in lexical order."""
    page = visit.page()
    found = await visit.registry.listings.tags(visit.allowed, page.n, page.last)
    content = {"name": visit.allowed.repository, "tags": names_as_json(found.items)}
    return _paged(visit, page, content, found.items[-1] if found.more and found.items else None)


async def list_catalog(visit: Visit) -> Response:
    """Names of all repositories, in lexical order."""
    page = visit.page()
    found = await visit.registry.listings.catalog(visit.allowed, page.n, page.last)
    content = {"repositories": names_as_json(found.items)}
    return _paged(visit, page, content, found.items[-1] if found.more and found.items else None)


async def get_repository(visit: Visit) -> Response:
    """What is known of a repository."""
    facts = await visit.registry.listings.repository(visit.allowed)
    return json_response(
        200,
        {
            "registry": visit.arrival.front.service,
            "imageName": facts.name,
            "createdTime": instant(facts.created_at),
            "lastUpdateTime": instant(facts.updated_at),
            "manifestCount": facts.manifest_count,
            "tagCount": facts.tag_count,
            "changeableAttributes": _attributes(facts.locks),
        },
    )


async def delete_repository(visit: Visit) -> Response:
    """Delete a repository with everything in it."""
    gone = await visit.registry.listings.delete_repository(visit.allowed)
    return json_response(
        202,
        {
            "manifestsDeleted": [d.text for d in gone.manifests],
            "tagsDeleted": list(gone.tags),
        },
    )


async def list_tag_objects(visit: Visit) -> Response:
    """A repository's tags with what is known of them; of one digest alone, if that is given."""
    wanted, page = visit.request.parameter("digest"), visit.page()
    if wanted:
        manifest = await visit.registry.listings.manifest(visit.allowed, Digest.parse(wanted))
        names = sorted(name for name in manifest.tags if name > (page.last or ""))
        shown = names[: page.n]
        tags = [await visit.registry.listings.tag(visit.allowed, name) for name in shown]
        content = _within(visit, "tags", [_tag(facts) for facts in tags])
        return _paged(visit, page, content, shown[-1] if 0 < page.n < len(names) else None)
    order = _order(visit)
    found = await visit.registry.listings.tag_facts(visit.allowed, page.n, page.last, order)
    content = _within(visit, "tags", [_tag(facts) for facts in found.items])
    return _paged(
        visit, page, content, found.items[-1].name if found.more and found.items else None
    )


async def get_tag(visit: Visit) -> Response:
    """What is known of a tag."""
    facts = await visit.registry.listings.tag(visit.allowed, Tag(visit.parts["tag"]))
    return json_response(200, _within(visit, "tag", _tag(facts)))


async def delete_tag(visit: Visit) -> Response:
    """Untag: the manifest stays."""
    await visit.registry.manifests.delete(visit.allowed, Tag(visit.parts["tag"]))
    return Response(202)


async def list_manifest_objects(visit: Visit) -> Response:
    """A repository's manifests with what is known of them, in the order of their digests."""
    page, order = visit.page(), _order(visit)
    found = await visit.registry.listings.manifest_facts(visit.allowed, page.n, page.last, order)
    content = _within(visit, "manifests", [_manifest(facts) for facts in found.items])
    last = found.items[-1].digest.text if found.more and found.items else None
    return _paged(visit, page, content, last)


async def get_manifest_object(visit: Visit) -> Response:
    """What is known of a manifest."""
    digest = Digest.parse(visit.parts["digest"])
    facts = await visit.registry.listings.manifest(visit.allowed, digest)
    return json_response(200, _within(visit, "manifest", _manifest(facts)))


def instant(at: datetime) -> str:
    """A time as ACR writes it: UTC with seven digits of the second."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}0Z"


def _order(visit: Visit) -> Order:
    """In which order a list is wanted.

    Raises:
        UnknownOrder: there is no such one.
    """
    text = visit.request.parameter("orderby")
    if not text:
        return Order.BY_NAME
    if text not in {order.value for order in Order}:
        known = ", ".join(f"`{order.value}`" for order in Order)
        raise UnknownOrder(f"`orderby` is one of {known}, not `{printable(text)}`")
    return Order(text)


def _within(visit: Visit, name: str, content: Any) -> dict[str, Any]:
    return {
        "registry": visit.arrival.front.service,
        "imageName": visit.allowed.repository,
        name: content,
    }


def _attributes(locks: Locks) -> dict[str, bool]:
    return {name: lock not in locks for name, lock in ATTRIBUTES.items()}


def _tag(facts: TagFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "digest": facts.digest.text,
        "createdTime": instant(facts.created_at),
        "lastUpdateTime": instant(facts.updated_at),
        "signed": False,
        "changeableAttributes": _attributes(facts.locks),
    }


def _manifest(facts: ManifestFacts) -> dict[str, Any]:
    return {
        "digest": facts.digest.text,
        "imageSize": facts.size,
        "createdTime": instant(facts.created_at),
        "lastUpdateTime": instant(facts.updated_at),
        "architecture": None,
        "os": None,
        "mediaType": facts.media_type,
        "configMediaType": facts.config_media_type,
        "artifactType": facts.artifact_type,
        "tags": list(facts.tags),
        "changeableAttributes": _attributes(facts.locks),
    }


def names_as_json(names: Sequence[str]) -> msgspec.Raw:
    """Tags, or names of repositories, as JSON: none of them holds anything to escape."""
    return msgspec.Raw("".join(('["', '","'.join(names), '"]')).encode() if names else b"[]")


def _paged(visit: Visit, page: PageRequest, content: Any, last: str | None) -> Response:
    if last is None:
        return json_response(200, content)
    path, further = visit.request.path, {}
    if path.startswith("/acr/"):
        given = {name: visit.request.parameter(name) for name in ("orderby", "digest")}
        further = {"orderby": "", **{name: text for name, text in given.items() if text}}
    return json_response(200, content, next_link(path, last, page.n, **further))
