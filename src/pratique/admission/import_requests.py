"""What is to be imported, as somebody asked for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pratique.admission.errors import Unacceptable
from pratique.naming import Digest, RepositoryName, Tag

MOST_TARGETS: Final = 100
_LATEST: Final = "latest"
_DOCKER_HUB: Final = frozenset({"docker.io", "index.docker.io"})
_DOCKER_HUB_ASKED: Final = "registry-1.docker.io"


@dataclass(frozen=True, slots=True)
class SourceCredentials:
    """For the source's registry; never shown, not even in a traceback."""

    user_name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image in a registry.

    Attributes:
        reference: its tag, or its digest where both are given.
    """

    repository: RepositoryName
    reference: Tag | Digest

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Read `NAME`, `NAME:TAG`, `NAME@DIGEST` or `NAME:TAG@DIGEST`.

        Raises:
            InvalidName: it is none of these.
        """
        name, _, digest = text.partition("@")
        name, _, tag = name.partition(":")
        repository = RepositoryName(name)
        if tag:
            Tag(tag)
        return cls(repository, Digest.parse(digest) if digest else Tag(tag or _LATEST))

    def __str__(self) -> str:
        joint = "@" if isinstance(self.reference, Digest) else ":"
        return f"{self.repository}{joint}{self.reference}"


@dataclass(frozen=True, slots=True)
class WantedImport:
    """An import.

    Attributes:
        image: in the source.
        host: of the source's registry; empty where `scope` names it.
        scope: the resource id of a registry of this server; empty for another server's.
        targets: what leads to the image afterwards, by repository; none but its digest where a
            repository has no tag.
        force: whether tags that are there are moved.
    """

    image: ImageReference
    targets: dict[RepositoryName, tuple[Tag, ...]]
    host: str = ""
    scope: str = ""
    credentials: SourceCredentials | None = None
    force: bool = False

    @property
    def told(self) -> str:
        """The source, for people."""
        return f"{self.host or self.scope.rpartition('/')[2]}/{self.image}"


def source_at(host: str, image: str) -> tuple[str, ImageReference]:
    """A registry's host, and an image in it, as people write them.

    Docker Hub is asked under another name than it is called by, and has short names.

    Raises:
        InvalidName: the image is none.
    """
    if host.lower() in _DOCKER_HUB:
        host = _DOCKER_HUB_ASKED
        image = image if "/" in image else f"library/{image}"
    return host, ImageReference.parse(image)


def split_source(text: str) -> tuple[str, str]:
    """Host and image of `HOST/NAME:TAG`; the host is empty where there is none."""
    first, found, rest = text.partition("/")
    if found and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "", text


def targets_of(
    image: ImageReference, tagged: Iterable[str], untagged: Iterable[str]
) -> dict[RepositoryName, tuple[Tag, ...]]:
    """Where an image is to come, by repository.

    Args:
        image: in the source; comes under its own name where nothing else is said.
        tagged: `NAME:TAG` each; a name alone means the tag `latest`.
        untagged: names of repositories that get it by its digest alone.

    Raises:
        InvalidName: one of them is no name.
        Unacceptable: one is a digest, or they are too many.
    """
    found: dict[RepositoryName, tuple[Tag, ...]] = {}
    for text in tagged:
        target = ImageReference.parse(text)
        if isinstance(target.reference, Digest):
            raise Unacceptable(f"`{target}` is a digest; what an image is tagged with is a tag")
        had = found.get(target.repository, ())
        found[target.repository] = tuple(dict.fromkeys((*had, target.reference)))
    for text in untagged:
        found.setdefault(RepositoryName(text), ())
    if not found:
        own = image.reference if isinstance(image.reference, Tag) else Tag(_LATEST)
        found[image.repository] = (own,)
    if len(found) + sum(map(len, found.values())) > MOST_TARGETS:
        raise Unacceptable(f"an import has at most {MOST_TARGETS} targets")
    return found
