"""What a check needs of the stores. Everything here blocks.

Rows come as they are, names and digests as plain text, since nothing in a store that is being
checked is believed. Lists come in an order of their own, strictly after `after`, `limit` at most.
Every method may raise `StorageFailed` or `StorageFull`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from pratique.naming import Digest
from pratique.registry.checking.values import (
    BlobRow,
    FileLook,
    Leftover,
    Listing,
    ManifestKey,
    ManifestRow,
    TagRow,
    Totals,
    Unreadable,
)

T = TypeVar("T")


class Structure(Protocol):
    """The database as a file."""

    def damage(self, *, fast: bool) -> tuple[str, ...]:
        """What the database finds wrong with itself; with `fast`, without its indexes."""
        ...

    def loose(self) -> tuple[str, ...]:
        """Rows, counted by table, whose owner is missing; links and tags are not among them."""
        ...

    def totals(self) -> Totals:
        """How many rows there are."""
        ...


class RowsAsTheyAre(Protocol):
    """The rows, one committed state at each call."""

    def blobs(self, after: str, limit: int) -> tuple[BlobRow, ...]:
        """Blobs, by digest."""
        ...

    def blob(self, digest: str) -> BlobRow | None:
        """What is known of one blob; None when neither a row nor a link knows it."""
        ...

    def loose_links(self, after: str, limit: int) -> tuple[str, ...]:
        """Digests that are linked and have no row."""
        ...

    def loose_tags(self, after: TagRow | None, limit: int) -> tuple[TagRow, ...]:
        """Tags without their manifest."""
        ...

    def manifests(self, after: ManifestKey | None, limit: int) -> tuple[ManifestKey, ...]:
        """Keys of manifests."""
        ...

    def manifest(self, key: ManifestKey) -> ManifestRow | None:
        """One manifest."""
        ...

    def lacking(
        self, repository: str, blobs: Sequence[Digest], manifests: Sequence[Digest]
    ) -> tuple[Digest, ...]:
        """Those blobs that the repository does not link, and manifests that it does not have."""
        ...


class Mending(Protocol):
    """Changes of rows, each in one transaction that keeps all other writers out."""

    def quiet(self, work: Callable[[], T]) -> T:
        """Run `work` while nobody writes rows; it may be run again."""
        ...

    def forget_blob(self, digest: str, may: Callable[[], bool]) -> tuple[str, ...] | None:
        """Forget the row of a blob and all links to it, and give the repositories that had one.

        None, and nothing changes, when `may` says so; it is asked inside.
        """
        ...

    def record_blob(self, digest: str, size: Callable[[], int | None], at: datetime) -> bool:
        """Write the row of a blob that has none; False when `size`, asked inside, has none."""
        ...

    def forget_manifest(
        self, key: ManifestKey, keep: Callable[[ManifestRow, tuple[str, ...]], bool], at: datetime
    ) -> tuple[str, ...] | None:
        """Forget a manifest and its tags, and give those.

        None, and nothing changes, when `keep` says so or there is none. `keep` is given the row
        and the tags, inside.
        """
        ...


class BlobFiles(Protocol):
    """The files of blobs."""

    def look(self, digest: Digest) -> FileLook | None:
        """The file now; None when there is none."""
        ...

    def digest_of(self, digest: Digest) -> Digest | Unreadable | None:
        """What the file's bytes really are; None when there is none."""
        ...

    def after(self, last: str) -> Listing:
        """Part of the folder; empty `last` to begin."""
        ...

    def set_aside(self, digest: Digest, look: FileLook, before: datetime) -> str | None:
        """Move a damaged file out of its place, and say where it is now.

        None, and it stays, when it is another one than that at which was looked, or somebody
        touched it since `before`.
        """
        ...

    def put_back(self, digest: Digest) -> bool:
        """Put whole bytes that were thrown away back in place; False when there are none."""
        ...

    def keep_manifest(self, key: ManifestKey, row: ManifestRow, tags: tuple[str, ...]) -> str:
        """Write down a damaged manifest, durably, and say where."""
        ...

    def leftovers(self, before: datetime) -> Iterator[Leftover]:
        """Files of uploads that cannot go on, and what was thrown away before then."""
        ...
