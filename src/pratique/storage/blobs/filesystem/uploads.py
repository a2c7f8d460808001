"""Uploads as files; the requests of one upload may land in different processes.

Writing and hashing happen in threads, a block at a time; while one block is written, the next
is received, so that an upload holds two blocks in memory at most.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from pratique.naming import Digest, RepositoryName
from pratique.naming.digests import Hasher, new_hasher
from pratique.registry import (
    ContentError,
    DigestMismatch,
    RangeOutOfOrder,
    SizeMismatch,
    UploadId,
)
from pratique.storage.blobs.filesystem.aside import aside, settled, start_aside
from pratique.storage.blobs.filesystem.contents import FOLDER_MODE, FilesystemBlobs
from pratique.storage.blobs.filesystem.sessions import HeldUpload, begin, read_offset
from pratique.storage.blobs.filesystem.sweeping import sweep
from pratique.storage.faults import faults_told

BLOCK_SIZE: Final = 256 * 1024
THREADS: Final = 8
_HASHERS_KEPT: Final = 1024
# Clients name their algorithm only at the end; nearly all of them name this one.
_USUAL_ALGORITHM: Final = "sha256"


class FilesystemUploads:
    """The port `UploadArea`. Open it after a fork, never before.

    Attributes:
        pool: its threads, for what else blocks beside it.
    """

    def __init__(self, folder: Path, blobs: FilesystemBlobs) -> None:
        self._folder = str(folder)
        self._blobs = blobs
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="upload")
        self._hashers = _Hashers()

    @classmethod
    def open(cls, data: Path, blobs: FilesystemBlobs) -> Self:
        """The uploads of the data folder, which is made where needed.

        Raises:
            StorageFull, StorageFailed: the folder cannot be made.
        """
        return cls(uploads_in(data), blobs)

    def close(self) -> None:
        """End the threads, after what they are at."""
        self.pool.shutdown()

    async def create(self, repository: RepositoryName, upload_id: UploadId) -> None:
        """See the port."""
        await aside(self.pool, begin, self._folder, repository, upload_id)

    async def offset(self, repository: RepositoryName, upload_id: UploadId) -> int:
        """See the port."""
        return await aside(self.pool, read_offset, self._folder, repository, upload_id)

    async def append(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        body: AsyncIterator[bytes],
        start: int | None,
        length: int | None,
    ) -> int:
        """See the port."""
        async with self._held(repository, upload_id) as upload:
            _check_order(start, upload.offset)
            hasher = self._hashers.at(upload_id, upload.offset)
            rest = await self._receive(upload, body, length, hasher)
            await aside(self.pool, _count, upload, rest, hasher)
            self._hashers.keep(upload_id, upload.offset, hasher)
            return upload.offset

    async def finish(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        digest: Digest,
        body: AsyncIterator[bytes] | None,
        start: int | None,
        length: int | None,
    ) -> int:
        """See the port. Without a last chunk, one thread does it all at once."""
        if body is None:
            upload = HeldUpload(self._folder, repository, upload_id)
            actual = await aside(self.pool, self._finish_as_it_is, upload, upload_id, digest, start)
            return self._finished(upload, upload_id, digest, actual)
        async with self._held(repository, upload_id) as upload:
            _check_order(start, upload.offset)
            hashed, hasher = self._hashers.best(upload_id, upload.offset, digest.algorithm)
            follows = hashed == upload.offset
            rest = await self._receive(upload, body, length, hasher if follows else None)
            # What was hashed as it came need not be read again.
            unread = None if follows else hashed
            actual = await aside(self.pool, self._conclude, upload, rest, hasher, unread, digest)
            return self._finished(upload, upload_id, digest, actual)

    async def discard(self, repository: RepositoryName, upload_id: UploadId) -> None:
        """See the port."""
        async with self._held(repository, upload_id) as upload:
            await aside(self.pool, upload.remove)
            self._hashers.drop(upload_id)

    async def sweep(self, idle_since: datetime) -> int:
        """See the port."""
        return await aside(self.pool, sweep, self._folder, idle_since)

    @asynccontextmanager
    async def _held(
        self, repository: RepositoryName, upload_id: UploadId
    ) -> AsyncIterator[HeldUpload]:
        """The upload, locked; when the body of the `with` fails, as it was before."""
        upload = HeldUpload(self._folder, repository, upload_id)
        try:
            await aside(self.pool, upload.hold)
            try:
                yield upload
            except BaseException:
                await settled(start_aside(self.pool, upload.cut))
                raise
        finally:
            upload.release()

    async def _receive(
        self,
        upload: HeldUpload,
        body: AsyncIterator[bytes],
        length: int | None,
        hasher: Hasher | None,
    ) -> list[bytes]:
        """Write the body in blocks; what is left of it is the caller's to write."""
        received = 0
        pieces: list[bytes] = []
        waiting = 0
        writing: asyncio.Future[None] | None = None
        try:
            async for piece in body:
                received += len(piece)
                if length is not None and received > length:
                    raise SizeMismatch(length, received)
                pieces.append(piece)
                waiting += len(piece)
                if waiting >= BLOCK_SIZE:
                    if writing is not None:
                        await asyncio.shield(writing)
                    writing = start_aside(self.pool, upload.write, pieces, hasher)
                    pieces, waiting = [], 0
            if length is not None and received != length:
                raise SizeMismatch(length, received)
            if writing is not None:
                await asyncio.shield(writing)
            return pieces
        finally:
            await settled(writing)

    def _finished(
        self, upload: HeldUpload, upload_id: UploadId, digest: Digest, actual: Digest
    ) -> int:
        self._hashers.drop(upload_id)
        if actual != digest:
            raise DigestMismatch(digest, actual)
        return upload.end

    def _finish_as_it_is(
        self, upload: HeldUpload, upload_id: UploadId, digest: Digest, start: int | None
    ) -> Digest:
        """As `_conclude`, of an upload that nobody holds yet and nothing is added to."""
        try:
            upload.hold()
            _check_order(start, upload.offset)
            hashed, hasher = self._hashers.best(upload_id, upload.offset, digest.algorithm)
            unread = None if hashed == upload.offset else hashed
            return self._conclude(upload, [], hasher, unread, digest)
        finally:
            upload.release()

    def _conclude(
        self,
        upload: HeldUpload,
        rest: list[bytes],
        hasher: Hasher,
        unread: int | None,
        digest: Digest,
    ) -> Digest:
        """End the upload, and make it a blob if it has that digest; the digest that it has.

        Args:
            upload: all of whose bytes are written but `rest`.
            rest: bytes that are left to write.
            hasher: has taken in the bytes before `unread`.
            unread: where it must go on reading; None when it has taken in all that is written.
            digest: that the blob should have.
        """
        if rest:
            upload.write(rest, hasher if unread is None else None)
        if unread is not None:
            upload.hash_from(unread, hasher)
        actual = Digest.from_hasher(digest.algorithm, hasher)
        if actual == digest:
            self._place(upload, digest)
        else:
            upload.remove()
        return actual

    def _place(self, upload: HeldUpload, digest: Digest) -> None:
        # INVARIANT: before the file can be seen as a blob; a failure or cancellation that comes
        # later cuts uploads back.
        upload.give_away()
        try:
            with faults_told():
                self._blobs.place(upload.data_path, upload.data, digest, upload.end)
        except ContentError:
            # Where a sync failed, the kernel has let go of what it could not write, and the next
            # one would succeed without it: these bytes must never be tried again.
            with suppress(ContentError):
                upload.remove()
            raise
        upload.end_session()


def uploads_in(data: Path) -> Path:
    """The folder of the data folder for bytes that are no blobs yet, made where needed.

    Raises:
        StorageFull, StorageFailed: it cannot be made.
    """
    folder = data / "uploads"
    with faults_told():
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return folder


class _Hashers:
    """Running digests, so that a blob in chunks is hashed as it comes; a bounded cache.

    Threads may look while the event loop's keeps and drops.

    INVARIANT: bytes that count never change, so a digest of the first n stays true even while
    another process adds more.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[UploadId, tuple[int, Hasher]] = OrderedDict()

    def at(self, upload_id: UploadId, offset: int) -> Hasher | None:
        """A digest of exactly the first `offset` bytes, to go on with; None if there is none."""
        hashed, hasher = self.best(upload_id, offset, _USUAL_ALGORITHM)
        return hasher if hashed == offset else None

    def best(self, upload_id: UploadId, offset: int, algorithm: str) -> tuple[int, Hasher]:
        """The digest of most of the first `offset` bytes, and of how many."""
        kept = self._kept.get(upload_id) if algorithm == _USUAL_ALGORITHM else None
        if kept is None or kept[0] > offset:
            return 0, new_hasher(algorithm)
        return kept[0], kept[1].copy()

    def keep(self, upload_id: UploadId, offset: int, hasher: Hasher | None) -> None:
        """Remember a digest of the first `offset` bytes; None leaves what is remembered."""
        if hasher is not None:
            self._kept[upload_id] = offset, hasher
            self._kept.move_to_end(upload_id)
            if len(self._kept) > _HASHERS_KEPT:
                self._kept.popitem(last=False)

    def drop(self, upload_id: UploadId) -> None:
        """Forget the upload."""
        self._kept.pop(upload_id, None)


def _count(upload: HeldUpload, rest: list[bytes], hasher: Hasher | None) -> None:
    if rest:
        upload.write(rest, hasher)
    upload.count()


def _check_order(start: int | None, offset: int) -> None:
    if start is not None and start != offset:
        raise RangeOutOfOrder(start, offset)
