"""The files of blobs under examination, and the place for what is damaged. Blocks.

Nothing here deletes: `FOLDER/blobs/damaged/` takes in what may not stay where it is.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from pratique.naming import Digest
from pratique.naming.digests import new_hasher
from pratique.registry.checking import (
    FileLook,
    Leftover,
    Listing,
    ManifestKey,
    ManifestRow,
    Unreadable,
)
from pratique.storage.blobs.filesystem.bin import FOLDER as BIN
from pratique.storage.blobs.filesystem.blob_folders import (
    DAMAGED,
    files_in,
    folders_in,
    names_in,
)
from pratique.storage.blobs.filesystem.contents import FOLDER_MODE, FilesystemBlobs, sync_folder
from pratique.storage.blobs.filesystem.sessions import SUFFIX
from pratique.storage.faults import fault_of, faults_told

READ_SIZE: Final = 1024 * 1024
# As `sessions` writes the offset.
OFFSET_DIGITS: Final = 20


def digest_of_file(path: str, algorithm: str) -> Digest | None:
    """What a file's bytes are; None when there is no such file.

    Raises:
        OSError: it cannot be read.
    """
    hasher = new_hasher(algorithm)
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - strings all the way
            while block := file.read(READ_SIZE):
                hasher.update(block)
    except FileNotFoundError:
        return None
    return Digest.from_hasher(algorithm, hasher)


class FilesystemExamination:
    """The port `BlobFiles`.

    Args:
        blobs: whose files these are.
        data: the data folder.
    """

    def __init__(self, blobs: FilesystemBlobs, data: Path) -> None:
        self._blobs = blobs
        self._uploads = str(data / "uploads")

    def look(self, digest: Digest) -> FileLook | None:
        """See the port."""
        with faults_told(), contextlib.suppress(FileNotFoundError):
            return _look_at(os.stat(self._blobs.path_of(digest)))  # noqa: PTH116
        return None

    def digest_of(self, digest: Digest) -> Digest | Unreadable | None:
        """See the port. Only a failing disk makes bytes unreadable, not a lack of permission."""
        try:
            return digest_of_file(self._blobs.path_of(digest), digest.algorithm)
        except OSError as error:
            if error.errno == errno.EIO:
                return Unreadable(str(error.strerror))
            raise fault_of(error) from error

    def after(self, last: str) -> Listing:
        """See the port. One step is one folder, by the first digits of its digests."""
        with faults_told():
            folders, strangers = folders_in(self._blobs.root)
            folder = next((folder for folder in folders if folder > last), None)
            digests, others = ([], []) if folder is None else files_in(self._blobs.root, folder)
        return Listing(tuple(digests), (*others, *([] if last else strangers)), folder)

    def set_aside(self, digest: Digest, look: FileLook, before: datetime) -> str | None:
        """See the port."""
        source = self._blobs.path_of(digest)
        with faults_told():
            folder = self._damaged_folder()
            with self._blobs.alone():
                now = self.look(digest)
                if not look.is_of_the_same_bytes(now) or now is None or now.touched_at >= before:
                    return None
                target = _free(f"{folder}/{digest.algorithm}-{digest.hex}")
                os.rename(source, target)  # noqa: PTH104
            sync_folder(folder)
            sync_folder(os.path.dirname(source))  # noqa: PTH120
        return target

    def put_back(self, digest: Digest) -> bool:
        """See the port."""
        source = f"{self._blobs.root}/{BIN}/{digest.algorithm}-{digest.hex}"
        target = self._blobs.path_of(digest)
        folder = os.path.dirname(target)  # noqa: PTH120
        with faults_told():
            if digest_of_file(source, digest.algorithm) != digest:
                return False
            os.makedirs(folder, mode=FOLDER_MODE, exist_ok=True)  # noqa: PTH103
            try:
                # Collection goes by a file's time; and it may empty the bin at any moment.
                os.utime(source)
                os.link(source, target)
            except FileNotFoundError:
                return False
            except FileExistsError:
                return True
            sync_folder(folder)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(source)  # noqa: PTH108
        return True

    def keep_manifest(self, key: ManifestKey, row: ManifestRow, tags: tuple[str, ...]) -> str:
        """See the port. What belonged to it is written into a second file beside."""
        of_repository = hashlib.sha256(key.repository.encode()).hexdigest()[:12]
        facts = {
            "repository": key.repository,
            "digest": key.digest,
            "tags": list(tags),
            "mediaType": row.media_type,
            "references": sorted(row.references),
        }
        with faults_told():
            folder = self._damaged_folder()
            name = f"{folder}/manifest-{key.digest.replace(':', '-')}-{of_repository}"
            path = _free(name)
            _write_new(path, row.content)
            _write_new(f"{path}.json", json.dumps(facts, indent=2).encode())
            sync_folder(folder)
        return path

    def leftovers(self, before: datetime) -> Iterator[Leftover]:
        """See the port."""
        for name in names_in(self._uploads):
            if name.endswith(SUFFIX):
                with faults_told(), contextlib.suppress(FileNotFoundError):
                    wrong = _wrong_with_session(f"{self._uploads}/{name}", before)
                    if wrong is not None:
                        yield Leftover(f"{self._uploads}/{name}", wrong, is_upload=True)
        for name in names_in(f"{self._blobs.root}/{BIN}"):
            path = f"{self._blobs.root}/{BIN}/{name}"
            with faults_told(), contextlib.suppress(FileNotFoundError):
                found = os.stat(path)  # noqa: PTH116
                if found.st_ctime < before.timestamp():
                    what = f"{found.st_size} bytes were thrown away, and are there still"
                    yield Leftover(path, what, is_upload=False)

    def _damaged_folder(self) -> str:
        folder = f"{self._blobs.root}/{DAMAGED}"
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        return folder


def _look_at(found: os.stat_result) -> FileLook:
    return FileLook(found.st_ino, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _wrong_with_session(path: str, before: datetime) -> str | None:
    """What is wrong with an upload; none is judged that somebody wrote to since `before`."""
    with open(path, "rb") as file:  # noqa: PTH123 - strings all the way
        digits, _, repository = file.read(OFFSET_DIGITS + 1 + 256).partition(b"\n")
        if os.fstat(file.fileno()).st_mtime >= before.timestamp():
            return None
    if len(digits) != OFFSET_DIGITS or not digits.isdigit() or not repository:
        return "the session of this upload cannot be read"
    size = _size_of(path.removesuffix(SUFFIX))
    if size >= int(digits):
        return None
    return f"{int(digits)} bytes of this upload were acknowledged, but {size} are there"


def _size_of(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except FileNotFoundError:
        return 0


def _free(path: str) -> str:
    """The path, or one like it, at which there is nothing yet."""
    names = (path if number == 0 else f"{path}.{number}" for number in count())
    return next(name for name in names if not os.path.lexists(name))


def _write_new(path: str, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
