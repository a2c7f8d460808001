"""Finished blobs: files named by their digest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from pratique.naming import Digest
from pratique.registry import StorageFailed, StoredBlob
from pratique.storage.faults import faults_told

FOLDER_MODE = 0o750


class FilesystemBlobs:
    """The port `BlobContents`, and the way in for `FilesystemUploads`."""

    def __init__(self, folder: Path) -> None:
        self._root = str(folder)
        self._durable_folders: set[str] = set()

    @classmethod
    def open(cls, data: Path) -> Self:
        """The blobs of the data folder, which is made where needed.

        Raises:
            StorageFull, StorageFailed: the folder cannot be made.
        """
        folder = data / "blobs"
        with faults_told():
            folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            sync_folder(str(data))
        return cls(folder)

    async def locate(self, digest: Digest, size: int) -> StoredBlob:
        """See the port."""
        path = self._path(digest)
        try:
            found = os.stat(path).st_size  # noqa: PTH116 - microseconds, and hot
        except OSError as error:
            raise StorageFailed(f"the file of blob {digest} cannot be used: {error}") from error
        if found != size:
            raise StorageFailed(f"the file of blob {digest} has {found} bytes instead of {size}")
        return StoredBlob(digest, size, path, None)

    def place(self, source: str, descriptor: int, digest: Digest, size: int) -> None:
        """Make a file a blob, durably. Blocks; for threads.

        Args:
            source: the file's path; it is gone afterwards.
            descriptor: of the same file, open.
            digest: that its bytes were found to have.
            size: bytes.

        Raises:
            OSError: it may or may not be in place; if it is, then whole.
        """
        target = self._path(digest)
        folder = os.path.dirname(target)  # noqa: PTH120 - a string all the way
        self._make_durable(folder)
        if _size_of(target) == size:
            os.unlink(source)  # noqa: PTH108
        else:
            os.fsync(descriptor)
            os.rename(source, target)  # noqa: PTH104
        # Also where the blob was there before: another process may just have put it there.
        sync_folder(folder)

    def _path(self, digest: Digest) -> str:
        return f"{self._root}/{digest.algorithm}/{digest.hex[:2]}/{digest.hex}"

    def _make_durable(self, folder: str) -> None:
        """Make the folder, and sync its parents once per process: it may be another's work."""
        if folder in self._durable_folders:
            return
        os.makedirs(folder, mode=FOLDER_MODE, exist_ok=True)  # noqa: PTH103
        algorithm = os.path.dirname(folder)  # noqa: PTH120
        sync_folder(algorithm)
        sync_folder(self._root)
        self._durable_folders.add(folder)


def sync_folder(path: str) -> None:
    """Bring a folder's entries to disk. Blocks; for threads."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size_of(path: str) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except FileNotFoundError:
        return None
