"""Files as what blobs are moved from or to."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

from pratique.naming import Digest
from pratique.naming.digests import new_hasher
from pratique.registry.backup.ports import BlobSize
from pratique.registry.blob_moves import BlobNotWhole
from pratique.storage.blobs.filesystem.aside import aside, settled, start_aside
from pratique.storage.blobs.filesystem.contents import FilesystemBlobs
from pratique.storage.faults import faults_told

BLOCK_SIZE: Final = 1024 * 1024
_FILE_MODE: Final = 0o640


class FilesystemMoving:
    """The ports `BlobSource` and `BlobTarget`.

    A blob grows beside the uploads. What a process that is killed leaves there is swept with those
    that nobody goes on with.

    Args:
        blobs: whose files these are.
        uploads: the folder of files that are no blobs yet.
        pool: threads for what blocks.
        new_id: a fresh id, never given before.
    """

    def __init__(
        self,
        blobs: FilesystemBlobs,
        uploads: Path,
        pool: ThreadPoolExecutor,
        new_id: Callable[[], str],
    ) -> None:
        self._blobs = blobs
        self._uploads = str(uploads)
        self._pool = pool
        self._new_id = new_id

    async def read(self, blob: BlobSize) -> AsyncGenerator[bytes, None]:
        """See the port."""
        file = _File(self._blobs.path_of(blob.digest))
        try:
            found = await aside(self._pool, file.open)
            if found != blob.size:
                raise BlobNotWhole(f"has {found} bytes instead of {blob.size}")
            while block := await aside(self._pool, file.read):
                yield block
        finally:
            file.close()

    async def has(self, blob: BlobSize, *, closely: bool) -> bool:
        """See the port. Closely is to read it through."""
        return await aside(self._pool, self._has, blob, closely)

    async def take(self, blob: BlobSize, content: AsyncIterator[bytes]) -> None:
        """See the port."""
        file = _File(f"{self._uploads}/{self._new_id()}")
        try:
            await aside(self._pool, file.make)
            hasher, size = new_hasher(blob.digest.algorithm), 0

            def write(block: bytes) -> None:
                hasher.update(block)
                file.write(block)

            async for block in content:
                await aside(self._pool, write, block)
                size += len(block)
            if size != blob.size:
                raise BlobNotWhole(f"has {size} bytes instead of {blob.size}")
            if Digest.from_hasher(blob.digest.algorithm, hasher) != blob.digest:
                raise BlobNotWhole("has other bytes than its digest says")
            await aside(self._pool, self._place, file, blob)
        finally:
            await settled(start_aside(self._pool, file.leave))

    def _has(self, blob: BlobSize, closely: bool) -> bool:  # noqa: FBT001 - handed to a thread
        path = self._blobs.path_of(blob.digest)
        with faults_told():
            if closely and not self._is_whole(path, blob):
                return False
            return self._blobs.renew(blob.digest, blob.size)

    def _is_whole(self, path: str, blob: BlobSize) -> bool:
        hasher = new_hasher(blob.digest.algorithm)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            while block := os.read(descriptor, BLOCK_SIZE):
                hasher.update(block)
        finally:
            os.close(descriptor)
        if Digest.from_hasher(blob.digest.algorithm, hasher) == blob.digest:
            return True
        # A copy of the same size would be taken for this one.
        with suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 - strings all the way
        return False

    def _place(self, file: _File, blob: BlobSize) -> None:
        with faults_told():
            self._blobs.place(file.path, file.descriptor, blob.digest, blob.size)


class _File:
    """A file that whoever is cancelled meanwhile can close still. Blocks; for threads."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.descriptor = -1

    def open(self) -> int:
        """Open it to be read, and give its size.

        Raises:
            BlobNotWhole: it is not there, or cannot be read.
        """
        try:
            self.descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            return os.fstat(self.descriptor).st_size
        except FileNotFoundError as error:
            raise BlobNotWhole("is missing: it has no file") from error
        except OSError as error:
            raise _unreadable(error) from error

    def read(self) -> bytes:
        """The next bytes; none at the end.

        Raises:
            BlobNotWhole: it cannot be read.
        """
        try:
            return os.read(self.descriptor, BLOCK_SIZE)
        except OSError as error:
            raise _unreadable(error) from error

    def make(self) -> None:
        """Make it, to be written."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with faults_told():
            self.descriptor = os.open(self.path, flags, _FILE_MODE)

    def write(self, block: bytes) -> None:
        """Add bytes."""
        left = memoryview(block)
        with faults_told():
            while left:
                left = left[os.write(self.descriptor, left) :]

    def close(self) -> None:
        """Close it, if it is open."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def leave(self) -> None:
        """Close and delete it; it is gone already where it became a blob."""
        self.close()
        with suppress(FileNotFoundError):
            os.unlink(self.path)  # noqa: PTH108 - strings all the way


def _unreadable(error: OSError) -> BlobNotWhole:
    return BlobNotWhole(f"cannot be read from its file: {error.strerror}")
