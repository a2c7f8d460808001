"""What importing needs of a source, and why it fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pratique.access import Allowed
from pratique.naming import Digest, MediaType, Tag
from pratique.registry.operations import Registry


class Why(StrEnum):
    """Why an import did not succeed."""

    NOT_FOUND = "source-not-found"
    NOT_LET_IN = "source-refuses"
    NOT_REACHED = "source-not-reached"
    NOT_ALLOWED = "host-not-allowed"
    INVALID = "source-invalid"
    TOO_LARGE = "source-too-large"
    TAG_EXISTS = "tag-exists"
    STORAGE = "storage"
    LAW_CHANGED = "law-changed"
    BROKE_OFF = "broke-off"


class ImportFailed(Exception):
    """An import did not succeed; the sentence says what happened, and holds no secret."""

    def __init__(self, why: Why, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why


@dataclass(frozen=True, slots=True)
class SourceManifest:
    """A manifest as a source gives it, not checked.

    Attributes:
        media_type: as it announces; None when it does not.
    """

    content: bytes
    media_type: MediaType | None


class ImageSource(Protocol):
    """One repository from which is imported. All raise `ImportFailed`."""

    async def manifest(self, reference: Tag | Digest) -> SourceManifest:
        """A manifest, of at most `MAX_MANIFEST_SIZE` bytes."""
        ...

    async def hand_over(self, target: Registry, allowed: Allowed, digest: Digest) -> bool:
        """Let the target's repository have a blob without its bytes being sent; False if not."""
        ...

    def blob(self, digest: Digest, size: int) -> AsyncIterator[bytes]:
        """The bytes of a blob, not checked, and never more than `size`."""
        ...
