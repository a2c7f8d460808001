"""Blobs on their way from one folder to another: whole, or not at all. Blocks."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pratique.naming import Digest
from pratique.naming.digests import new_hasher
from pratique.registry.backup import Copied
from pratique.storage.blobs.filesystem.blob_folders import blobs_in
from pratique.storage.blobs.filesystem.contents import FilesystemBlobs, sync_folder
from pratique.storage.blobs.filesystem.examination import READ_SIZE
from pratique.storage.faults import fault_of, faults_told

_INCOMING: Final = "incoming"
_BLOCK: Final = 4096
# The file systems differ, or this one has no links, or not so many.
_NO_LINKS: Final = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP})


@dataclass(frozen=True, slots=True)
class Manner:
    """How blobs are copied.

    Attributes:
        hard_links: whether one file may stand in both folders, where the file system can do that.
        verify: whether the digest of what is copied is computed.
        folder_mode: of the folders that are made.
        file_mode: of the files that are made.
    """

    hard_links: bool
    verify: bool
    folder_mode: int
    file_mode: int


class FilesystemCopies:
    """The port `BlobCopies`.

    Args:
        source: the data folder or backup that blobs are taken from.
        target: the one that they go to.
        manner: how.
    """

    def __init__(self, source: Path, target: Path, manner: Manner) -> None:
        self._source = FilesystemBlobs(source / "blobs")
        self._target = FilesystemBlobs(target / "blobs")
        self._manner = manner
        self._may_link = manner.hard_links and _device(source) == _device(target)
        self._touched: set[str] = set()

    def has(self, digest: Digest, size: int) -> bool:
        """See the port."""
        return _size_of(self._target.path_of(digest)) == size

    def offers(self, digest: Digest, size: int) -> bool:
        """See the port."""
        return _size_of(self._source.path_of(digest)) == size

    def room(self, size: int) -> int:
        """See the port."""
        return 0 if self._may_link else size + _BLOCK

    def take(self, digest: Digest, size: int) -> Copied:
        """See the port."""
        source, target = self._source.path_of(digest), self._target.path_of(digest)
        folder = os.path.dirname(target)  # noqa: PTH120 - strings all the way
        incoming = f"{self._target.root}/{_INCOMING}"
        with faults_told():
            self._make(folder)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(incoming)  # noqa: PTH108
            try:
                found = os.stat(source).st_size  # noqa: PTH116
                whole = found == size and (
                    self._linked(source, incoming) or self._written(source, incoming, digest)
                )
            except FileNotFoundError:
                return Copied.MISSING
            if whole:
                os.rename(incoming, target)  # noqa: PTH104
                self._touched.add(folder)
        return Copied.COPIED if whole else Copied.DAMAGED

    def settle(self) -> None:
        """See the port."""
        root = self._target.root
        parents = {os.path.dirname(folder) for folder in self._touched}  # noqa: PTH120
        with faults_told():
            self._make(root)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{root}/{_INCOMING}")  # noqa: PTH108
            for folder in (*sorted(self._touched), *sorted(parents), root):
                sync_folder(folder)
            sync_folder(os.path.dirname(root))  # noqa: PTH120
        self._touched.clear()

    def prune(self, knows: Callable[[Digest], bool]) -> tuple[int, int]:
        """See the port."""
        number = size = 0
        for digest in blobs_in(self._target):
            if not knows(digest):
                with faults_told():
                    path = self._target.path_of(digest)
                    size += os.stat(path).st_size  # noqa: PTH116
                    os.unlink(path)  # noqa: PTH108
                number += 1
        return number, size

    def _make(self, folder: str) -> None:
        """Make the folder and those above it, all with the mode that is wanted."""
        if folder in self._touched:
            return
        try:
            os.mkdir(folder, self._manner.folder_mode)  # noqa: PTH102 - strings all the way
        except FileExistsError:
            return
        except FileNotFoundError:
            self._make(os.path.dirname(folder))  # noqa: PTH120
            self._make(folder)

    def _linked(self, source: str, target: str) -> bool:
        if not self._may_link:
            return False
        try:
            os.link(source, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._may_link = False
        return self._may_link

    def _written(self, source: str, target: str, digest: Digest) -> bool:
        """Copy the bytes, on disk when this returns; False when they are not those of the digest.

        Raises:
            FileNotFoundError: there is no source.
        """
        hasher = new_hasher(digest.algorithm)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with open(source, "rb", buffering=0) as reading:  # noqa: PTH123
            descriptor = os.open(target, flags, self._manner.file_mode)
            with os.fdopen(descriptor, "wb", buffering=0) as writing:
                for block in _blocks(reading):
                    if block is None:
                        return False
                    writing.write(block)
                    if self._manner.verify:
                        hasher.update(block)
                os.fsync(descriptor)
        return not self._manner.verify or Digest.from_hasher(digest.algorithm, hasher) == digest


def _blocks(reading: BinaryIO) -> Iterator[bytes | None]:
    """What can be read; None, and the end, where the disk does not give it any more."""
    while True:
        try:
            block = reading.read(READ_SIZE)
        except OSError as error:
            if error.errno != errno.EIO:
                raise fault_of(error) from error
            yield None
            return
        if not block:
            return
        yield block


def _device(path: Path) -> int | None:
    """Of the folder, or of that in which it would be made."""
    for folder in (path.absolute(), *path.absolute().parents):
        with contextlib.suppress(FileNotFoundError):
            return folder.stat().st_dev
    return None


def _size_of(path: str) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except FileNotFoundError:
        return None
