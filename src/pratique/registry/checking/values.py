"""The values that a check takes from the stores, as they are there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pratique.naming import Digest


class ManifestKey(NamedTuple):
    """Where a row of a manifest stands among all."""

    repository: str
    digest: str


class TagRow(NamedTuple):
    """A row of a tag."""

    repository: str
    name: str
    digest: str


class BlobRow(NamedTuple):
    """What the rows know of a blob: its size, unless only links know it, and whether any does."""

    digest: str
    size: int | None
    linked: bool


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """A row of a manifest, and the rows of what it references.

    Attributes:
        references: kinds and digests.
    """

    media_type: str
    size: int
    content: bytes
    references: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Totals:
    """How many rows there are, for whoever waits."""

    blobs: int
    manifests: int
    tags: int


@dataclass(frozen=True, slots=True)
class FileLook:
    """A file of a blob as it was at one moment.

    Attributes:
        identity: of the file; another file in its place has another one.
        size: bytes.
        touched_at: when it was put in place, or found there by a push.
    """

    identity: int
    size: int
    touched_at: datetime

    def is_of_the_same_bytes(self, other: FileLook | None) -> bool:
        """Whether the file is the same: files of blobs are replaced, never written to."""
        return other is not None and (self.identity, self.size) == (other.identity, other.size)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that the disk does not give any more.

    Attributes:
        why: in the system's words.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Part of what lies in the folder of blobs.

    Attributes:
        digests: of the files that are named as blobs.
        strangers: paths of all others.
        next: where the list goes on; None at its end.
    """

    digests: tuple[Digest, ...]
    strangers: tuple[str, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file outside of the blobs that nobody will use any more.

    Attributes:
        path: of the file.
        what: is wrong with it.
        is_upload: whether it belongs to an upload, else it was thrown away.
    """

    path: str
    what: str
    is_upload: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with the bytes of a blob.

    Attributes:
        what: the words for it.
        look: at the file that is damaged; None when there is none.
    """

    what: str
    look: FileLook | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a check has come.

    Attributes:
        stage: what is being looked at.
        done: how many of them were.
        total: how many there are; None when that is not known.
    """

    stage: str
    done: int
    total: int | None
