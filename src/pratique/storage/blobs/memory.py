"""Blobs and uploads in the memory of one process: a real store, gone when the process ends.

Blobs are whole in memory, so it is for small content.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from pratique.naming import Digest, RepositoryName
from pratique.registry import (
    DigestMismatch,
    RangeOutOfOrder,
    SizeMismatch,
    StorageFailed,
    StoredBlob,
    UploadBusy,
    UploadId,
    UploadUnknown,
)


class MemoryBlobs:
    """The ports `BlobContents` and `BlobBin`."""

    def __init__(self) -> None:
        self._contents: dict[Digest, bytes] = {}
        self._placed_at: dict[Digest, datetime] = {}

    async def locate(self, digest: Digest, size: int) -> StoredBlob:
        """See the port."""
        content = self._contents.get(digest)
        if content is None or len(content) != size:
            raise StorageFailed(f"the bytes of blob {digest} are missing")
        return StoredBlob(digest, size, None, content)

    def place(self, digest: Digest, content: bytes, at: datetime) -> None:
        """Keep bytes that were found to have this digest."""
        self._contents[digest] = content
        self._placed_at[digest] = at

    async def after(self, last: str, limit: int) -> tuple[tuple[Digest, ...], str | None]:
        """See the port."""
        beyond = sorted((each for each in self._contents if each.text > last), key=str)[:limit]
        return tuple(beyond), beyond[-1].text if len(beyond) == limit else None

    async def size_if_older(self, digest: Digest, before: datetime) -> int | None:
        """See the port."""
        placed = self._placed_at.get(digest)
        return len(self._contents[digest]) if placed is not None and placed < before else None

    def throw_away(self, digest: Digest, before: datetime) -> int | None:
        """See the port."""
        placed = self._placed_at.get(digest)
        if placed is None or placed >= before:
            return None
        del self._placed_at[digest]
        return len(self._contents.pop(digest))

    async def empty(self) -> None:
        """See the port. Nothing is kept aside."""


@dataclass(slots=True)
class _Upload:
    repository: RepositoryName
    content: bytes
    written_at: datetime
    busy: bool = False


class MemoryUploads:
    """The port `UploadArea`.

    Args:
        blobs: where finished uploads go.
        clock: the time now, with a time zone; by it uploads grow old.
    """

    def __init__(self, blobs: MemoryBlobs, clock: Callable[[], datetime]) -> None:
        self._blobs = blobs
        self._clock = clock
        self._uploads: dict[UploadId, _Upload] = {}

    async def create(self, repository: RepositoryName, upload_id: UploadId) -> None:
        """See the port."""
        if upload_id in self._uploads:
            raise StorageFailed(f"the upload id {upload_id} was used before")
        self._uploads[upload_id] = _Upload(repository, b"", self._clock())

    async def offset(self, repository: RepositoryName, upload_id: UploadId) -> int:
        """See the port."""
        return len(self._known(repository, upload_id).content)

    async def append(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        body: AsyncIterator[bytes],
        start: int | None,
        length: int | None,
    ) -> int:
        """See the port."""
        with self._held(repository, upload_id) as upload:
            upload.content = await _longer(upload.content, body, start, length)
            upload.written_at = self._clock()
            return len(upload.content)

    async def finish(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        digest: Digest,
        body: AsyncIterator[bytes] | None,
        start: int | None,
        length: int | None,
    ) -> int:
        """See the port."""
        with self._held(repository, upload_id) as upload:
            content = await _longer(upload.content, body, start, length)
            del self._uploads[upload_id]
            actual = Digest.of(content, digest.algorithm)
            if actual != digest:
                raise DigestMismatch(digest, actual)
            self._blobs.place(digest, content, self._clock())
            return len(content)

    async def discard(self, repository: RepositoryName, upload_id: UploadId) -> None:
        """See the port."""
        with self._held(repository, upload_id):
            del self._uploads[upload_id]

    async def sweep(self, idle_since: datetime) -> int:
        """See the port."""
        idle = [
            upload_id
            for upload_id, upload in self._uploads.items()
            if upload.written_at < idle_since and not upload.busy
        ]
        for upload_id in idle:
            del self._uploads[upload_id]
        return len(idle)

    def _known(self, repository: RepositoryName, upload_id: UploadId) -> _Upload:
        upload = self._uploads.get(upload_id)
        if upload is None or upload.repository != repository:
            raise UploadUnknown(repository)
        return upload

    @contextmanager
    def _held(self, repository: RepositoryName, upload_id: UploadId) -> Iterator[_Upload]:
        upload = self._known(repository, upload_id)
        if upload.busy:
            raise UploadBusy(repository)
        upload.busy = True
        try:
            yield upload
        finally:
            upload.busy = False


async def _longer(
    content: bytes, body: AsyncIterator[bytes] | None, start: int | None, length: int | None
) -> bytes:
    if start is not None and start != len(content):
        raise RangeOutOfOrder(start, len(content))
    if body is None:
        return content
    pieces = [content]
    received = 0
    async for piece in body:
        received += len(piece)
        if length is not None and received > length:
            break
        pieces.append(piece)
    if length is not None and received != length:
        raise SizeMismatch(length, received)
    return b"".join(pieces)
