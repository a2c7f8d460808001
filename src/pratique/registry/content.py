"""The values that operations on content take and give. All are valid once they exist."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, Self, TypeVar

from pratique.naming import Digest, InvalidName, MediaType, RepositoryName, Tag
from pratique.registry.locks import OPEN, Locks

T = TypeVar("T")

_UPLOAD_ID = re.compile(r"[0-9a-f]{8,64}(?:-[0-9a-f]{4,64}){0,8}")


class UploadId(str):
    """The name of an upload: hexadecimal digits, with dashes as a UUID has them.

    Raises:
        InvalidName: the text is not of this form; it never reaches a path.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Parse `text` or refuse it."""
        if len(text) > 64 or _UPLOAD_ID.fullmatch(text) is None:
            raise InvalidName("upload id", text, "use the address that the registry gave")
        return super().__new__(cls, text)


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest as it was pushed, byte for byte.

    Attributes:
        closed_by: what of it is locked against being pulled: `repository`, `tag` or `manifest`;
            None when nothing is.
    """

    digest: Digest
    media_type: MediaType
    content: bytes
    closed_by: str | None = None


class BlobElsewhere(Protocol):
    """A blob that another server holds. All raise `StorageFailed` when it cannot be asked."""

    async def address(self) -> str | None:
        """Where the client may get the blob itself, for a short time; None when it may not.

        Whoever has the address needs no other credential.
        """
        ...

    async def open(self, start: int, end: int) -> AsyncIterator[bytes]:
        """Begin to read bytes from `start` to before `end`.

        The pieces raise `StorageFailed` when they break off.
        """
        ...

    async def confirm(self) -> None:
        """Raise `StorageFailed` when the blob is not there, or not as long as it should be."""


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob that the repository links.

    Attributes:
        size: bytes.
        path: of a file that holds exactly the blob, where the store has files.
        content: the blob itself, where the store has it in memory.
        elsewhere: the way to it, where another server holds it.
    """

    digest: Digest
    size: int
    path: str | None
    content: bytes | None
    elsewhere: BlobElsewhere | None = None


@dataclass(frozen=True, slots=True)
class UploadStatus:
    """How far an upload has come.

    Attributes:
        offset: bytes received; where the next chunk begins.
    """

    upload_id: UploadId
    offset: int


@dataclass(frozen=True, slots=True)
class PutManifest:
    """What a push of a manifest did.

    Attributes:
        subject: of the manifest, which the answer repeats as `OCI-Subject`.
        tags: that point to it now through this push.
    """

    digest: Digest
    subject: Digest | None
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Referrer:
    """A manifest whose subject was asked about; a descriptor of distribution-spec 1.1.

    Attributes:
        size: bytes of the manifest.
        artifact_type: its own, or its config's media type; None when it has neither.
        annotations: of the manifest; None when it has none.
    """

    digest: Digest
    media_type: MediaType
    size: int
    artifact_type: str | None
    annotations: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a listing.

    Attributes:
        more: whether something follows the last item.
    """

    items: tuple[T, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """What is known of a repository. Times are in UTC."""

    name: RepositoryName
    created_at: datetime
    updated_at: datetime
    manifest_count: int
    tag_count: int
    locks: Locks = OPEN


@dataclass(frozen=True, slots=True)
class TagFacts:
    """What is known of a tag. `updated_at` is when it was last pushed. Times are in UTC."""

    name: Tag
    digest: Digest
    created_at: datetime
    updated_at: datetime
    locks: Locks = OPEN


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """What is known of a manifest. Times are in UTC.

    Attributes:
        size: bytes of the manifest and of the config and layers that it describes.
        tags: that point to it and are not left out of listings, in lexical order.
    """

    digest: Digest
    media_type: MediaType
    artifact_type: str | None
    config_media_type: str | None
    size: int
    created_at: datetime
    updated_at: datetime
    tags: tuple[Tag, ...]
    locks: Locks = OPEN


@dataclass(frozen=True, slots=True)
class DeletedRepository:
    """What went with a repository."""

    manifests: tuple[Digest, ...]
    tags: tuple[Tag, ...]


class LinkPlace(NamedTuple):
    """Where a link between a repository and a blob stands among all: by name, then by digest."""

    repository: RepositoryName
    digest: Digest


class ManifestPlace(NamedTuple):
    """Where a manifest stands among all: by repository, then by digest."""

    repository: RepositoryName
    digest: Digest


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What a step of a search found.

    Attributes:
        places: in their order.
        next: after which the next step begins; None when the search has come to its end.
    """

    places: tuple[T, ...]
    next: T | None
