"""Blobs on their way out: moved aside in one step, and deleted afterwards."""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from pratique.naming import Digest, InvalidName
from pratique.storage.blobs.filesystem.aside import aside
from pratique.storage.blobs.filesystem.contents import FOLDER_MODE, FilesystemBlobs
from pratique.storage.faults import faults_told

FOLDER = "bin"


class FilesystemBin:
    """The port `BlobBin`.

    `FilesystemBlobs.place` touches a file that it finds in the place of its own, so that a file's
    time is when somebody last put it there. The look at that time and the move aside are one step
    by the lock that `place` respects: whoever touched the file before has made it young, and it
    stays; whoever comes later does not find it, and puts its own there.

    What lies in the bin is listed once more, and may be thrown away once more: a process that is
    killed between the move and the commit leaves a row that nobody would forget otherwise.

    Args:
        blobs: whose files these are.
        pool: threads for what blocks.
    """

    def __init__(self, blobs: FilesystemBlobs, pool: ThreadPoolExecutor) -> None:
        self._blobs = blobs
        self._pool = pool

    async def after(self, last: str, limit: int) -> tuple[tuple[Digest, ...], str | None]:
        """See the port. One step is one folder or more, by the first digits of its digests."""
        return await aside(self._pool, self._after, last, limit)

    async def size_if_older(self, digest: Digest, before: datetime) -> int | None:
        """See the port."""
        return await aside(self._pool, _size_if_older, self._blobs.path_of(digest), before)

    def throw_away(self, digest: Digest, before: datetime) -> int | None:
        """See the port."""
        path = self._blobs.path_of(digest)
        moved = f"{self._folder()}/{digest.algorithm}-{digest.hex}"
        with faults_told(), self._blobs.alone():
            size = _size_if_older(path, before)
            if size is not None:
                os.rename(path, moved)  # noqa: PTH104 - strings all the way
                return size
            # Young bytes in the place of a blob are those of a push that will need its row.
            return None if os.path.exists(path) else _size_if_older(moved, before)  # noqa: PTH110

    async def empty(self) -> None:
        """See the port."""
        await aside(self._pool, self._empty)

    def _after(self, last: str, limit: int) -> tuple[tuple[Digest, ...], str | None]:
        found: list[Digest] = []
        with faults_told():
            for folder in self._folders():
                if folder <= last:
                    continue
                found += self._in(folder)
                if len(found) >= limit:
                    return tuple(found), folder
        return tuple(found), None

    def _folders(self) -> list[str]:
        root = self._blobs.root
        folders = [
            f"{algorithm}/{folder}"
            for algorithm in _names_in(root)
            if algorithm != FOLDER
            for folder in _names_in(f"{root}/{algorithm}")
        ]
        return sorted([FOLDER, *folders])

    def _in(self, folder: str) -> list[Digest]:
        names = _names_in(f"{self._blobs.root}/{folder}")
        algorithm = folder.partition("/")[0]
        texts = (
            [name.replace("-", ":", 1) for name in names]
            if folder == FOLDER
            else [f"{algorithm}:{name}" for name in names]
        )
        digests = []
        for text in texts:
            # What is no blob is not ours to delete.
            with contextlib.suppress(InvalidName):
                digests.append(Digest.parse(text))
        return digests

    def _folder(self) -> str:
        folder = f"{self._blobs.root}/{FOLDER}"
        os.makedirs(folder, mode=FOLDER_MODE, exist_ok=True)  # noqa: PTH103
        return folder

    def _empty(self) -> None:
        with faults_told():
            folder = self._folder()
            for name in _names_in(folder):
                # Another collection may empty it at the same time.
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{folder}/{name}")  # noqa: PTH108


def _size_if_older(path: str, before: datetime) -> int | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except FileNotFoundError:
        return None
    return found.st_size if found.st_mtime < before.timestamp() else None


def _names_in(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return []
