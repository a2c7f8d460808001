"""Finished blobs: files named by their digest."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pratique.naming import Digest
from pratique.registry import StorageFailed, StoredBlob
from pratique.storage.faults import faults_told

FOLDER_MODE = 0o750
# Nearly all blobs are named by it, so that their folders are made before anybody waits for them.
_USUAL_ALGORITHM = "sha256"


class FilesystemBlobs:
    """The port `BlobContents`, and the way in for `FilesystemUploads`.

    Attributes:
        root: the folder that holds all blobs.
    """

    def __init__(self, folder: Path) -> None:
        self.root = str(folder)
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
            blobs = cls(folder)
            blobs._make_usual_folders()
        return blobs

    async def locate(self, digest: Digest, size: int) -> StoredBlob:
        """See the port."""
        path = self.path_of(digest)
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
        target = self.path_of(digest)
        folder = os.path.dirname(target)  # noqa: PTH120 - a string all the way
        self._make_durable(folder)
        if self._kept_from_collection(target, size):
            os.unlink(source)  # noqa: PTH108
        else:
            os.fsync(descriptor)
            # Its time is that of now and not of its last byte: collection goes by it.
            os.utime(descriptor)
            os.rename(source, target)  # noqa: PTH104
        # Also where the blob was there before: another process may just have put it there.
        sync_folder(folder)

    def renew(self, digest: Digest, size: int) -> bool:
        """Let a blob's file be young, and durable; False when there is none of that size. Blocks.

        Raises:
            OSError: it may or may not be so.
        """
        path = self.path_of(digest)
        if not self._kept_from_collection(path, size):
            return False
        # Whoever put it there may have been killed before its name was on disk.
        folder = os.path.dirname(path)  # noqa: PTH120 - a string all the way
        self._make_durable(folder)
        sync_folder(folder)
        return True

    def path_of(self, digest: Digest) -> str:
        """Where a blob's bytes are, or would be."""
        return f"{self.root}/{digest.algorithm}/{digest.hex[:2]}/{digest.hex}"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else takes a file of this folder for their own meanwhile. Blocks; for threads."""
        with _locked(self.root, fcntl.LOCK_EX):
            yield

    def _kept_from_collection(self, target: str, size: int) -> bool:
        """Whether the blob is there already, and stays: its time is from now on that of now."""
        if _size_of(target) != size:
            return False
        with _locked(self.root, fcntl.LOCK_SH):
            try:
                os.utime(target)
            except FileNotFoundError:
                return False
        return True

    def _make_usual_folders(self) -> None:
        """Make the folders of the usual algorithm, and sync them: they may be another's work."""
        above = f"{self.root}/{_USUAL_ALGORITHM}"
        os.makedirs(above, mode=FOLDER_MODE, exist_ok=True)  # noqa: PTH103
        there = set(os.listdir(above))  # noqa: PTH208
        usual = [f"{number:02x}" for number in range(256)]
        for name in usual:
            if name not in there:
                os.makedirs(f"{above}/{name}", mode=FOLDER_MODE, exist_ok=True)  # noqa: PTH103
        sync_folder(above)
        sync_folder(self.root)
        self._durable_folders.update(f"{above}/{name}" for name in usual)

    def _make_durable(self, folder: str) -> None:
        """Make the folder, and sync its parents once per process: it may be another's work."""
        if folder in self._durable_folders:
            return
        os.makedirs(folder, mode=FOLDER_MODE, exist_ok=True)  # noqa: PTH103
        algorithm = os.path.dirname(folder)  # noqa: PTH120
        sync_folder(algorithm)
        sync_folder(self.root)
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


@contextmanager
def _locked(folder: str, kind: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        # Closing lets go of the lock, as does the end of the process.
        os.close(descriptor)
