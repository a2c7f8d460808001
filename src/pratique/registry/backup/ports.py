"""What a backup and a restore need of the stores. Everything here blocks.

Every method may raise `StorageFailed` or `StorageFull`. What a method has written need not be on
disk before `settle`, `keep` or `finish` has returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from pratique.naming import Digest
from pratique.registry.backup.records import BackupRecord, Contents


class BlobSize(NamedTuple):
    """A blob that a repository links, and its bytes."""

    digest: Digest
    size: int


class Copied(StrEnum):
    """What became of a blob that was to be copied."""

    COPIED = "copied"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """How far the copying has come, in blobs and in bytes of those that are copied."""

    blobs: int
    blobs_in_all: int
    bytes: int
    bytes_in_all: int


class RowsCopy(Protocol):
    """A copy of all rows that nobody changes."""

    def contents(self) -> Contents:
        """How much there is."""
        ...

    def schema(self) -> tuple[str, bool]:
        """The newest step of the schema, and whether this programme knows all of them."""
        ...

    def damage(self) -> tuple[str, ...]:
        """What the database finds wrong with itself."""
        ...

    def blobs(self, after: str, limit: int) -> tuple[BlobSize, ...]:
        """Linked blobs in the order of their digests, strictly after, `limit` at most."""
        ...

    def knows(self, digest: Digest) -> bool:
        """Whether there is a row of this blob."""
        ...

    def damaged_manifests(self) -> Iterator[str]:
        """Manifests whose content has another digest, as people call them."""
        ...


class RowsCopies(Protocol):
    """Copies of the rows on their way to the destination."""

    def room(self) -> int:
        """Bytes that a copy takes, about."""
        ...

    def copy(self) -> RowsCopy:
        """A copy of the state of now, in the place of an earlier copy that was not kept."""
        ...

    def links(self, digest: Digest) -> bool:
        """Whether a repository links the blob at the source, now."""
        ...

    def keep(self) -> None:
        """Put the copy in the place of what the destination has, durably."""


class BlobCopies(Protocol):
    """Blobs on their way to the destination."""

    def has(self, digest: Digest, size: int) -> bool:
        """Whether the destination has a blob of that digest and size."""
        ...

    def offers(self, digest: Digest, size: int) -> bool:
        """Whether the source has."""
        ...

    def take(self, digest: Digest, size: int) -> Copied:
        """Bring a blob to the destination, whole or not at all."""
        ...

    def room(self, size: int) -> int:
        """Bytes that a blob of that size takes there."""
        ...

    def settle(self) -> None:
        """Return when all that was taken is on disk."""

    def prune(self, knows: Callable[[Digest], bool]) -> tuple[int, int]:
        """Delete blobs at the destination that are not known, and give their number and bytes."""
        ...


class Destination(Protocol):
    """The folder that a copy is made in."""

    def begin(self, at: datetime) -> None:
        """Prepare it, and note that it is not finished.

        Raises:
            BackupRefused: it is in use, or holds something else.
        """

    def free(self) -> int:
        """Bytes that there is room for."""
        ...

    def finish(self, record: BackupRecord) -> None:
        """Say, durably, that all is there."""
