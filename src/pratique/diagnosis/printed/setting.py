"""What a text is about: the registry, the image, and who prints it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pratique.diagnosis.logins import ACR_HOST, ECR_HOST, login_to
from pratique.diagnosis.printed.values import SHAPES, checked
from pratique.diagnosis.references import DOCKER_HUB, Misread, Reference, read_reference

_IMAGE = SHAPES["image"]
_HOST = SHAPES["host"]
_IMAGES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"docker://({_IMAGE})",
        rf"failed to pull image \"?({_IMAGE})",
        rf"(?:reference|unpack image) \"({_IMAGE})\"",
        rf"pull access denied for ({_IMAGE})",
        rf"manifest for ({_IMAGE}) not found",
        rf"load metadata for ({_IMAGE})",
        rf"(?:docker|podman|nerdctl|crane|skopeo) (?:image )?pull ({_IMAGE})",
        rf"push refers to repository \[({_IMAGE})\]",
        rf"(?:pulling|pull) (?:image )?\"({_IMAGE})\"",
    )
)
_ADDRESS = re.compile(
    rf"https?://({_HOST})/v2/({SHAPES['repository']})/(?:manifests|blobs|tags)/({SHAPES['tag']})"
)
_HOSTS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"https?://({_HOST})/v2/",
        rf"https?://({_HOST})/v2\b",
        rf"logging into \"?({_HOST})",
        rf"pinging (?:container|docker) registry ({_HOST})",
        rf"docker login (?:-u \S{{1,64}} )?({_HOST}\.[a-z]{{2,24}}(?::[0-9]+)?)",
        r"\b([a-z0-9]{5,50}\.azurecr\.(?:io|cn|us))\b",
        r"\b([0-9]{12}\.dkr\.ecr\.[a-z0-9-]{3,30}\.amazonaws\.com)\b",
        r"\b([a-z0-9-]{2,40}-docker\.pkg\.dev)\b",
        r"\b(ghcr\.io|quay\.io|registry\.gitlab\.com|public\.ecr\.aws|gcr\.io)\b",
    )
)
_SCOPE = re.compile(rf"repository(?::|%3a)({SHAPES['repository']})(?::|%3a)(?:pull|push|\*)")
_HUB: Final = frozenset({"registry-1.docker.io", "index.docker.io", "auth.docker.io", DOCKER_HUB})


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known before a cause is.

    Attributes:
        values: `host`, `repository`, `tag`, `registry`, `region`, where known; all of them checked.
        bare: whether the image was named without a host.
        podman: whether the words are those of podman or its relatives.
        reference: the image as it was given beside the text, in lower case; empty for none.
    """

    values: Mapping[str, str]
    bare: bool = False
    podman: bool = False
    reference: str = ""

    def login(self, host: str) -> str:
        """The command that logs in to `host`, with capitals for what is not known."""
        return login_to(host, podman=self.podman)


def setting_of(text: str, low: str, reference: Reference | None) -> Setting:
    """What a tidied text is about.

    Args:
        text: the text.
        low: the same in lower case.
        reference: the image, when it is known from elsewhere; it comes before the text.
    """
    seen = reference or _image(text, low)
    values: dict[str, str] = {}
    if seen is not None:
        pairs = {"host": seen.host, "repository": seen.repository, "tag": seen.tag or seen.digest}
        values |= {k: v for k, v in pairs.items() if v and checked(k, v) == v}
    for kind, found in _addressed(text, low).items():
        values.setdefault(kind, found)
    host = values.get("host", "")
    acr, ecr = ACR_HOST.fullmatch(host), ECR_HOST.fullmatch(host)
    if acr:
        values["registry"] = acr[1]
    if ecr:
        values["region"] = ecr[2]
    podman = any(word in low for word in ("initializing source", "podman", "skopeo", "buildah"))
    given = "" if reference is None else str(reference).lower()
    return Setting(values, seen is not None and not seen.host_given, podman, given)


def _image(text: str, low: str) -> Reference | None:
    for pattern in _IMAGES:
        match = pattern.search(low)
        named = checked("image", text[match.start(1) : match.end(1)]) if match else None
        if named is not None:
            try:
                return read_reference(named)
            except Misread:
                continue
    return None


def _addressed(text: str, low: str) -> dict[str, str]:
    """What addresses in the text name."""
    found: dict[str, str | None] = {}
    address = _ADDRESS.search(low)
    if address:
        for group, kind in enumerate(("host", "repository", "tag"), start=1):
            found[kind] = checked(kind, text[address.start(group) : address.end(group)])
    for pattern in _HOSTS:
        match = None if found.get("host") else pattern.search(low)
        if match:
            found["host"] = checked("host", text[match.start(1) : match.end(1)])
    scope = None if found.get("repository") else _SCOPE.search(low)
    if scope:
        found["repository"] = checked("repository", text[scope.start(1) : scope.end(1)])
    known = {kind: value for kind, value in found.items() if value}
    if known.get("host") in _HUB:
        known["host"] = DOCKER_HUB
    return known
