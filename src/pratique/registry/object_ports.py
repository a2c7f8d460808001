"""What blobs in an object store need of the rows: which object holds what.

An object store has no rename, no lock and no transaction. So an object has a name that is used
once, is never changed, and counts for nothing until a row says what it is; what must happen in
one step happens to rows. One conformance suite for both ports, in `pratique.testing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from pratique.naming import Digest, RepositoryName
from pratique.registry.content import UploadId


class ObjectName(NamedTuple):
    """The name of an object: the upload that it was written for, and a part of its own."""

    upload: str
    part: str

    @property
    def text(self) -> str:
        """As it stands in a row."""
        return f"{self.upload}/{self.part}"


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk of an upload, which is an object.

    Attributes:
        size: bytes, at least one.
        digest: of its bytes, by SHA-256.
    """

    name: ObjectName
    size: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class BlobPlace:
    """The object that holds a blob.

    Attributes:
        size: bytes.
        placed_at: when somebody last pushed the blob.
    """

    digest: Digest
    name: ObjectName
    size: int
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class Swept:
    """Uploads that were forgotten.

    Attributes:
        uploads: how many.
        names: of their objects, which nothing knows any more.
    """

    uploads: int
    names: tuple[ObjectName, ...]


class UploadSessions(Protocol):
    """How far each upload has come, shared by all nodes, and which request writes to it now.

    Whoever writes holds a lease. One that has run out is anybody's; its former holder is known by
    its name, so that nothing it still does counts.
    """

    async def create(self, repository: RepositoryName, upload_id: UploadId, at: datetime) -> None:
        """Begin an empty upload; `StorageFailed` when there is one of this id."""

    async def received(self, repository: RepositoryName, upload_id: UploadId) -> int:
        """Bytes that count.

        Raises:
            UploadUnknown: the repository has no such upload.
        """
        ...

    async def take(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        holder: str,
        at: datetime,
        until: datetime,
    ) -> tuple[StoredChunk, ...]:
        """Take the lease, or renew one's own, and give the upload's chunks in their order.

        Args:
            repository: that the upload belongs to.
            upload_id: of the upload.
            holder: a name that is used for this lease alone.
            at: the time now.
            until: when the lease runs out.

        Raises:
            UploadUnknown: the repository has no such upload.
            UploadBusy: another holds it.
        """
        ...

    async def let_go(
        self, upload_id: UploadId, holder: str, chunk: StoredChunk | None, at: datetime
    ) -> bool:
        """Add a chunk, if any, and end the lease; False when it was lost, and nothing is added."""
        ...

    async def become(
        self, upload_id: UploadId, holder: str, place: BlobPlace, distrusted: ObjectName | None
    ) -> BlobPlace | None:
        """End the upload and say which object holds its blob, in one step.

        Where another object holds the blob already, that one goes on, as if placed now, unless it
        is `distrusted`.

        Returns:
            The place of the blob; None when the lease was lost, and nothing was changed.
        """
        ...

    async def discard(self, upload_id: UploadId, holder: str) -> bool:
        """Forget the upload and its chunks; False when the lease was lost."""
        ...

    async def sweep(self, idle_since: datetime, at: datetime, limit: int) -> Swept:
        """Forget up to `limit` uploads that got no chunk since then and that nobody holds."""
        ...


class BlobPlaces(Protocol):
    """Which object holds which blob."""

    async def find(self, digest: Digest) -> BlobPlace | None:
        """Where the blob is; None when nowhere."""
        ...

    async def after(self, last: str, limit: int) -> tuple[BlobPlace, ...]:
        """Up to `limit` places, in the order of their digests, after the digest `last`."""
        ...

    async def note(self, place: BlobPlace) -> bool:
        """Say which object holds a blob that was copied; False where another holds it already."""
        ...

    async def forget(self, place: BlobPlace) -> None:
        """Say no more that this object holds the blob; where another does, nothing changes."""
        ...

    async def drop_unlinked(self, digest: Digest, before: datetime) -> BlobPlace | None:
        """Forget a place that is older than that, and whose blob no repository links.

        The look and the deletion are one step: nobody can link or place the blob between them.

        Returns:
            What was forgotten; None when nothing was.
        """
        ...

    async def strays(self, names: Sequence[ObjectName]) -> tuple[ObjectName, ...]:
        """Those that hold no blob, and whose upload there is not: nothing will ever know them."""
        ...
