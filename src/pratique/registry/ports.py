"""What this room needs of its stores. One conformance suite each, in `pratique.testing`.

Names of repositories are those of `pratique.registry.namespaces`: what several registries keep
lies side by side, and a store takes and gives each name as it stands there (`StoredName`).

What a lock forbids is refused with `Locked`, decided in the transaction that would write.

Every method may raise `StorageFull` or `StorageFailed` of `pratique.registry.errors`; what a
method that writes has returned from is on disk. A method that raises has changed nothing, save
where it says otherwise. Times have a time zone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Protocol

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry.content import (
    DeletedRepository,
    Found,
    LinkPlace,
    ManifestFacts,
    ManifestPlace,
    Referrer,
    RepositoryFacts,
    StoredBlob,
    StoredManifest,
    TagFacts,
    UploadId,
)
from pratique.registry.locks import LockChange, Locks
from pratique.registry.records import ManifestRecord


class ManifestStore(Protocol):
    """Manifests by digest and by tag. Concurrent writers see each other's work whole or not."""

    async def find(
        self, repository: RepositoryName, reference: Tag | Digest
    ) -> StoredManifest | None:
        """The manifest, as pushed; None when there is none."""
        ...

    def moment(self) -> bytes | None:
        """What is another after every change that anybody commits, to content of any kind.

        While it is the same, everything that is read here, and every blob's link, is the same.
        Costs next to nothing; None where it would cost more.
        """
        ...

    async def put(
        self,
        repository: RepositoryName,
        record: ManifestRecord,
        tags: tuple[Tag, ...],
        at: datetime,
    ) -> None:
        """Keep a manifest and let `tags` point to it, after `record.require` let it pass.

        Raises:
            ManifestReferencesUnknown: `record.require` refused.
            Locked: see `refuse_push` and `refuse_moves`.
        """

    async def delete(self, repository: RepositoryName, digest: Digest, at: datetime) -> bool:
        """Forget the manifest and its tags; False when there is none.

        Raises:
            Locked: see `refuse_deletion`; `needing` are the indexes that it is in, at any depth,
                and the tags of those.
        """
        ...

    async def untag(self, repository: RepositoryName, tag: Tag, at: datetime) -> bool:
        """Forget the tag alone; False when there is none.

        Raises:
            Locked: see `refuse_untag`.
        """
        ...

    async def referrers(self, repository: RepositoryName, subject: Digest) -> tuple[Referrer, ...]:
        """All manifests of the repository with this subject, oldest first, then by digest.

        Those that are left out of listings are left out.

        Raises:
            Locked: the repository is locked against being pulled from.
        """
        ...


class BlobLinks(Protocol):
    """Which repository links which blob. Only this makes a blob reachable."""

    async def size(self, repository: RepositoryName, digest: Digest) -> int | None:
        """Bytes of the blob; None when the repository does not link it."""
        ...

    async def size_to_read(self, repository: RepositoryName, digest: Digest) -> int | None:
        """The same, for whoever pulls.

        Raises:
            Locked: the repository links it and is locked against being pulled from.
        """
        ...

    async def link(
        self, repository: RepositoryName, digest: Digest, size: int, at: datetime
    ) -> None:
        """Link a blob whose bytes are stored; linking again renews the link.

        Raises:
            Locked: see `refuse_push`.
        """

    async def unlink(self, repository: RepositoryName, digest: Digest) -> bool:
        """Forget the link; False when there is none. The bytes stay.

        Raises:
            Locked: see `refuse_deletion`; `needing` are the manifests that need the blob, the
                indexes that those are in, and the tags of all.
        """
        ...

    async def renew(
        self, repository: RepositoryName, digest: Digest, at: datetime, older_than: datetime
    ) -> bool:
        """Let a link that was made or renewed before `older_than` count as made at `at`.

        Nothing is written for a younger one. False when there is no such link.
        """
        ...

    async def mount(
        self, target: RepositoryName, source: RepositoryName, digest: Digest, at: datetime
    ) -> bool:
        """Link what `source` links; False when it links no such blob, or may not be pulled from.

        Raises:
            Locked: see `refuse_push`, for `target`.
        """
        ...

    async def holders(
        self, digest: Digest, limit: int, after: str = ""
    ) -> tuple[RepositoryName, ...]:
        """Up to `limit` repositories that link the blob, in lexical order, beyond `after`."""
        ...


class BlobContents(Protocol):
    """The bytes of blobs, by digest."""

    async def locate(self, digest: Digest, size: int) -> StoredBlob:
        """The blob's bytes, or where they are.

        Raises:
            StorageFailed: they are missing or not `size` long.
        """
        ...


class Leftovers(Protocol):
    """Rows that nothing leads to. A step looks at `limit` rows at most, and is short.

    Whoever deletes decides again, in the same transaction, whether it still may.
    """

    async def unneeded_links(
        self, before: datetime, after: LinkPlace | None, limit: int
    ) -> Found[LinkPlace]:
        """Links made or renewed before then whose blob no manifest of the repository needs."""
        ...

    async def drop_links(self, places: Sequence[LinkPlace], before: datetime) -> int:
        """Forget those of them that still are so, and say how many that were."""
        ...

    async def unneeded_manifests(
        self, before: datetime, after: ManifestPlace | None, limit: int
    ) -> Found[ManifestPlace]:
        """Manifests last pushed before then that no tag leads to.

        Neither directly, nor as part of an index that is there, nor by the manifest that is their
        subject. What is locked `AGAINST_DELETION`, or lies in a repository that is, is none.
        """
        ...

    async def drop_manifests(
        self, places: Sequence[ManifestPlace], before: datetime, at: datetime
    ) -> int:
        """Forget those of them that still are so, and say how many that were."""
        ...

    async def unlinked(self, digests: Sequence[Digest]) -> tuple[Digest, ...]:
        """Those that no repository links."""
        ...

    async def forget_unlinked(
        self, digest: Digest, throw_away: Callable[[], int | None]
    ) -> int | None:
        """Forget a blob that no repository links, with its bytes; what `throw_away` gives.

        Nobody can link the blob between the look at its links and the end of this.

        Args:
            digest: of the blob.
            throw_away: called when there is no link; removes the bytes and gives their number,
                or None when they must stay. It may be called again after it has removed them.
        """
        ...


class Remains(Protocol):
    """Repositories by their names in the stores, of whichever registry, and their end.

    Locks count for nothing here: whoever asks knows that the whole registry is gone.
    """

    async def repositories(self, limit: int, last: str) -> tuple[RepositoryName, ...]:
        """Up to `limit` of all there are, in the order of the names' bytes, beyond `last`."""
        ...

    async def drop_part(self, repository: RepositoryName, limit: int) -> int:
        """Forget up to `limit` manifests of a repository of which nothing is wanted any more.

        Once there is none, up to so many links; once there is none either, the repository itself.

        Returns:
            How many rows that were; 0 when nothing is left.
        """
        ...


class BlobBin(Protocol):
    """The bytes of blobs on their way out."""

    async def after(self, last: str, limit: int) -> tuple[tuple[Digest, ...], str | None]:
        """Digests of stored bytes in an order of the store's own, and where to go on, or None.

        Args:
            last: where the step before ended; empty to begin.
            limit: about how many.
        """
        ...

    async def size_if_older(self, digest: Digest, before: datetime) -> int | None:
        """Bytes of a blob that was put in place before then; None when there is none."""
        ...

    def throw_away(self, digest: Digest, before: datetime) -> int | None:
        """Take a blob's bytes away and give their number; None when there are none so old.

        Blocks; for threads. Bytes that are put in place at the same time stay, or are put there
        again by whoever does that.
        """
        ...

    async def empty(self) -> None:
        """Free the room of what was thrown away."""


class UploadArea(Protocol):
    """Bytes on their way to become blobs, shared by all processes.

    Only one request at a time writes to an upload; others meet `UploadBusy`. A chunk counts
    whole or not at all, whatever happens: a failure of the store, of the body or cancellation.
    An upload that belongs to another repository is unknown. No content is whole in memory.
    """

    async def create(self, repository: RepositoryName, upload_id: UploadId) -> None:
        """Begin an empty upload under a new id."""

    async def offset(self, repository: RepositoryName, upload_id: UploadId) -> int:
        """Bytes that count.

        Raises:
            UploadUnknown: there is no such upload.
        """
        ...

    async def append(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        body: AsyncIterator[bytes],
        start: int | None,
        length: int | None,
    ) -> int:
        """Add a chunk and give the new offset.

        Args:
            repository: that the upload belongs to.
            upload_id: of the upload.
            body: the chunk; what it raises is passed on.
            start: where the chunk should begin, or None for the end of the upload.
            length: bytes that `body` should have, or None for as many as it has.

        Raises:
            UploadUnknown, UploadBusy: as they say.
            RangeOutOfOrder: the upload does not end at `start`; the body was not read.
            SizeMismatch: `body` is shorter or longer than `length`.
        """
        ...

    async def finish(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        digest: Digest,
        body: AsyncIterator[bytes] | None,
        start: int | None,
        length: int | None,
    ) -> int:
        """Add the last chunk, if any, make the upload a blob, end it, and give the blob's size.

        Raises:
            UploadUnknown, UploadBusy, RangeOutOfOrder, SizeMismatch: as `append`.
            DigestMismatch: the bytes have another digest; the upload is gone.
        """
        ...

    async def discard(self, repository: RepositoryName, upload_id: UploadId) -> None:
        """End the upload and forget its bytes.

        Raises:
            UploadUnknown, UploadBusy: as they say.
        """

    async def sweep(self, idle_since: datetime) -> int:
        """Forget all uploads that nobody wrote to since then, and say how many."""
        ...


class Items(Protocol):
    """Single items, those too that are left out of listings, and the changing of their locks."""

    async def tag(self, repository: RepositoryName, tag: Tag) -> TagFacts | None:
        """What is known of a tag; None when there is none."""
        ...

    async def manifest(self, repository: RepositoryName, digest: Digest) -> ManifestFacts | None:
        """What is known of a manifest; None when there is none."""
        ...

    async def locks(self, repository: RepositoryName) -> Locks:
        """Of the repository; none when it does not exist."""
        ...

    async def change_locks(
        self, repository: RepositoryName, item: Tag | Digest | None, change: LockChange
    ) -> bool:
        """Change the locks of an item, the repository for None; False when there is none."""
        ...


class Catalogue(Protocol):
    """Listings, in the order of the names' bytes, strictly after `last`, `limit` items at most.

    What has `Locks.LIST` is left out of them.
    """

    async def tags(self, repository: RepositoryName, limit: int, last: str) -> tuple[Tag, ...]:
        """Names of tags."""
        ...

    async def repositories(self, limit: int, last: str) -> tuple[RepositoryName, ...]:
        """Names of repositories."""
        ...

    async def repository(self, repository: RepositoryName) -> RepositoryFacts | None:
        """What is known of it; None when it does not exist."""
        ...

    async def tag_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[TagFacts, ...]:
        """What is known of tags, by name."""
        ...

    async def manifest_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[ManifestFacts, ...]:
        """What is known of manifests, by digest."""
        ...

    async def delete_repository(self, repository: RepositoryName) -> DeletedRepository | None:
        """Forget the repository, its manifests, tags and links; None when it does not exist.

        Raises:
            Locked: it, or a tag or manifest of it, is locked `AGAINST_DELETION`.
        """
        ...
