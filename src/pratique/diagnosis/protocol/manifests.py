"""Manifests and blobs, as far as a pull depends on them (OCI distribution-spec, "Pulling")."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pratique.diagnosis.facts.conversation import Answer, Exchange
from pratique.diagnosis.facts.examination import BlobRequest, ManifestRequest
from pratique.diagnosis.network.following import follow, joined, origin_of
from pratique.diagnosis.network.requests import Request, Requests

ACCEPTED: Final = (
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.v1+prettyjws"
)
_OF_MANIFESTS: Final = ("config", "layers", "manifests", "fsLayers")
_LONGEST_PART: Final = 64
_MANIFEST_LIMIT: Final = 4 * 1024 * 1024
_MOST_PLATFORMS: Final = 50
_DIGEST = re.compile(r"[a-z0-9+._-]{1,32}:[0-9a-f]{32,128}")
_HASHES: Final = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}


class Repository:
    """One repository of a registry.

    Args:
        requests: sends them.
        url: of the registry.
        name: of the repository.
    """

    def __init__(self, requests: Requests, url: str, name: str) -> None:
        self._requests = requests
        self._url = url
        self._base = f"{url}/v2/{name}"

    def manifest(self, method: str, reference: str, request: Request) -> ManifestRequest:
        """A manifest, and what it says.

        Args:
            method: `GET` or `HEAD`.
            reference: tag or digest.
            request: whose authorization is sent.
        """
        asked = Request(
            method,
            f"{self._base}/manifests/{reference}",
            request.authorization,
            request.sent,
            {"Accept": ACCEPTED},
            limit=_MANIFEST_LIMIT,
        )
        exchange = follow(self._requests, asked)[-1]
        answer = exchange.answer
        if answer is None or answer.status != 200:
            return ManifestRequest(reference, exchange)
        content = answer.object() if method == "GET" else {}
        kind = answer.header("content-type").partition(";")[0].strip()
        return ManifestRequest(
            reference,
            exchange,
            kind or str(content.get("mediaType") or ""),
            method == "HEAD" or any(name in content for name in _OF_MANIFESTS),
            _platforms(content),
            _digest_matches(answer, reference) if method == "GET" else None,
            _foreign_hosts(content),
        )

    def tags(self, request: Request) -> Exchange:
        """The first thousand tags."""
        return self._requests.send(
            Request("GET", f"{self._base}/tags/list?n=1000", request.authorization, request.sent)
        )

    def blob(self, digest: str, request: Request) -> BlobRequest:
        """The first byte of a blob; redirects are followed without the authorization."""
        asked = Request(
            "GET",
            f"{self._base}/blobs/{digest}",
            request.authorization,
            request.sent,
            {"Range": "bytes=0-0"},
            limit=4096,
        )
        first, *followed = follow(self._requests, asked)
        return BlobRequest(digest, first, tuple(followed))

    def begin_upload(self, request: Request) -> Exchange:
        """Begin an upload, which says whether pushing is allowed, and give it up at once."""
        address = f"{self._base}/blobs/uploads/"
        begun = self._requests.send(Request("POST", address, request.authorization, request.sent))
        place = begun.answer.header("location") if begun.answer else ""
        goal = joined(address, place)
        if begun.status == 202 and goal and origin_of(goal) == origin_of(self._url):
            self._requests.send(Request("DELETE", goal, request.authorization, request.sent))
        return begun


def image_for(answer: Answer, wanted: tuple[str, str, str]) -> str:
    """The digest of an index's manifest for a platform; empty when it has none.

    Args:
        answer: with the index.
        wanted: operating system, architecture and variant; what also runs there comes after it
            (containerd's `platforms.Only`).
    """
    system, architecture, variant = wanted
    listed = [
        (entry, _runs_as(platform))
        for entry in _entries(answer.object())
        if isinstance(platform := entry.get("platform"), dict) and platform.get("os") == system
    ]
    for good in _good_ones(architecture, variant):
        for entry, runs_as in listed:
            if runs_as == good:
                return _digest(entry)
    return ""


def _runs_as(platform: Mapping[str, Any]) -> tuple[str, str]:
    return _normal(str(platform.get("architecture")), str(platform.get("variant") or ""))


def _normal(architecture: str, variant: str) -> tuple[str, str]:
    usual = {"arm": "v7", "arm64": "v8", "amd64": "v1"}
    return architecture, variant or usual.get(architecture, "")


def _good_ones(architecture: str, variant: str) -> Iterator[tuple[str, str]]:
    """Architectures and variants that run where this one is wanted, the best first."""
    wanted, version = _normal(architecture, variant)
    yield wanted, version
    oldest = {"arm": 5, "arm64": 8, "amd64": 1}.get(wanted)
    number = version.removeprefix("v")
    if oldest is not None and number.isdecimal() and len(number) < 3:
        for older in range(int(number) - 1, oldest - 1, -1):
            yield wanted, f"v{older}"
    if wanted == "amd64":
        yield "386", ""
    if wanted == "arm64":
        yield from (("arm", f"v{older}") for older in (8, 7, 6, 5))


def smallest_blob(answer: Answer) -> str:
    """The digest of a layer of an image, or of its configuration; empty when it has neither."""
    content = answer.object()
    near = [layer for layer in _objects(content.get("layers")) if not layer.get("urls")]
    config = content.get("config")
    if isinstance(config, dict):
        near.append(config)
    near = [each for each in near if isinstance(each.get("size"), int)]
    return _digest(min(near, key=lambda each: int(each["size"]))) if near else ""


def _platforms(content: Mapping[str, Any]) -> tuple[str, ...]:
    shown = []
    for entry in _entries(content)[:_MOST_PLATFORMS]:
        platform = entry.get("platform")
        if isinstance(platform, dict) and platform.get("os") != "unknown":
            parts = (platform.get("os"), platform.get("architecture"), platform.get("variant"))
            shown.append("/".join(str(part)[:_LONGEST_PART] for part in parts if part))
    return tuple(shown)


def _entries(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _objects(content.get("manifests"))


def _objects(listed: object) -> list[dict[str, Any]]:
    return (
        [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    )


def _digest(entry: Mapping[str, Any]) -> str:
    found = entry.get("digest")
    return found if isinstance(found, str) and _DIGEST.fullmatch(found) else ""


def _digest_matches(answer: Answer, reference: str) -> bool | None:
    announced = reference if ":" in reference else answer.header("docker-content-digest")
    algorithm, _, expected = announced.partition(":")
    make = _HASHES.get(algorithm)
    return None if make is None else make(answer.body).hexdigest() == expected


def _foreign_hosts(content: Mapping[str, Any]) -> tuple[str, ...]:
    hosts: dict[str, None] = {}
    for layer in _objects(content.get("layers")):
        addresses = layer.get("urls")
        for address in addresses if isinstance(addresses, list) else []:
            hosts[origin_of(str(address))] = None
    return tuple(host for host in hosts if host)
