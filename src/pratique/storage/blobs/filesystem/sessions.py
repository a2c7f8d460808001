"""One upload on disk: its bytes, how many of them count, and who may write. Blocks; for threads.

A session file holds the offset in twenty digits, a line end, and the repository's name. The
offset is written last, in place, so a chunk counts whole or not at all even when the process is
killed; bytes beyond it are cut off by the next writer. The kernel drops the lock with the
process that held it.
"""

from __future__ import annotations

import fcntl
import os
from typing import Final

from pratique.naming import RepositoryName
from pratique.naming.digests import Hasher
from pratique.registry import UploadBusy, UploadId, UploadUnknown
from pratique.storage.blobs.filesystem.early_writing import STEP, begin_writing
from pratique.storage.faults import faults_told

SUFFIX: Final = ".session"
_FILE_MODE: Final = 0o640
_DIGITS: Final = 20
_READ_SIZE: Final = 1024 * 1024
_WORTH_ASKING: Final = 128 * 1024


def begin(folder: str, repository: RepositoryName, upload_id: UploadId) -> None:
    """Make the session of an empty upload.

    Raises:
        StorageFull, StorageFailed: it was not made; also when the id was used before.
    """
    path = f"{folder}/{upload_id}{SUFFIX}"
    with faults_told():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
        try:
            _write_all(descriptor, f"{0:0{_DIGITS}d}\n{repository}".encode(), 0)
        except BaseException:
            os.unlink(path)  # noqa: PTH108
            raise
        finally:
            os.close(descriptor)


def read_offset(folder: str, repository: RepositoryName, upload_id: UploadId) -> int:
    """How many bytes count, without waiting for a writer.

    Raises:
        UploadUnknown: the repository has no such upload.
        StorageFailed: the session cannot be read.
    """
    with faults_told():
        try:
            descriptor = os.open(f"{folder}/{upload_id}{SUFFIX}", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise UploadUnknown(repository) from error
        try:
            return _offset_in(descriptor, repository)
        finally:
            os.close(descriptor)


class HeldUpload:
    """An upload that this request alone writes to, from `hold` to `release`.

    Attributes:
        offset: bytes that count.
        data_path: of the file with the bytes.
        data: its descriptor.
    """

    def __init__(self, folder: str, repository: RepositoryName, upload_id: UploadId) -> None:
        self.repository = repository
        self.data_path = f"{folder}/{upload_id}"
        self.data = -1
        self.offset = 0
        self._session_path = f"{self.data_path}{SUFFIX}"
        self._session = -1
        self._end = 0
        self._begun = 0
        self._given_away = False
        self._has_lost = False

    def hold(self) -> None:
        """Take the lock.

        Raises:
            UploadUnknown: the repository has no such upload, or its bytes were lost.
            UploadBusy: another request holds it.
            StorageFailed: it cannot be opened.
        """
        with faults_told():
            try:
                self._session = os.open(self._session_path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError as error:
                raise UploadUnknown(self.repository) from error
            _offset_in(self._session, self.repository)
            lock(self._session, self.repository)
            self.offset = self._end = self._begun = _offset_in(self._session, self.repository)
            self._open_data()

    def write(self, pieces: list[bytes], hasher: Hasher | None) -> None:
        """Add bytes after those written so far; they do not count yet.

        Raises:
            StorageFull, StorageFailed: some may have been written.
        """
        block = b"".join(pieces)
        with faults_told():
            _write_all(self.data, block, self._end)
            self._end += len(block)
            self._begin_writing(STEP)
        if hasher is not None:
            hasher.update(block)

    def count(self) -> None:
        """Let all bytes written so far count.

        Raises:
            StorageFull, StorageFailed: they do not.
        """
        with faults_told():
            # The end of the upload usually comes next, and with it the sync.
            self._begin_writing(_WORTH_ASKING)
            _write_all(self._session, f"{self._end:0{_DIGITS}d}".encode(), 0)
        self.offset = self._end

    def cut(self) -> None:
        """Give back the room of bytes that do not count, unless the file was given away.

        An upload of which the kernel may have lost bytes is over.
        """
        if self._has_lost:
            self.remove()
        elif self.data >= 0 and not self._given_away:
            with faults_told():
                os.ftruncate(self.data, self.offset)
            self._end = self._begun = self.offset

    def give_away(self) -> None:
        """Say that the file may be a blob from now on: it must never be cut."""
        self._given_away = True

    def hash_from(self, start: int, hasher: Hasher) -> None:
        """Let `hasher` take in all bytes from `start` on.

        Raises:
            StorageFailed: they cannot be read.
        """
        with faults_told():
            while block := os.pread(self.data, _READ_SIZE, start):
                hasher.update(block)
                start += len(block)

    @property
    def end(self) -> int:
        """Bytes written, whether or not they count."""
        return self._end

    def remove(self) -> None:
        """End the upload; its bytes go too, unless they were moved away.

        Raises:
            StorageFailed: it may still be there.
        """
        self.end_session()
        with faults_told():
            try:
                os.unlink(self.data_path)  # noqa: PTH108
            except FileNotFoundError:
                return

    def end_session(self) -> None:
        """End an upload whose bytes were moved away.

        Raises:
            StorageFailed: it may still be there.
        """
        with faults_told():
            os.unlink(self._session_path)  # noqa: PTH108

    def release(self) -> None:
        """Drop the lock, if it was taken."""
        for descriptor in (self.data, self._session):
            if descriptor >= 0:
                os.close(descriptor)
        self.data = self._session = -1

    def _begin_writing(self, least: int) -> None:
        """Have the kernel begin with what was written since it last did, if it is that much."""
        if self._end - self._begun < least:
            return
        try:
            begin_writing(self.data, self._begun, self._end - self._begun)
        except OSError:
            # What could not be written may be gone from memory, with bytes that count on the same
            # page, and a sync would say nothing of it: these bytes must never be tried again.
            self._has_lost = True
            raise
        self._begun = self._end

    def _open_data(self) -> None:
        create = os.O_CREAT if self.offset == 0 else 0
        try:
            self.data = os.open(self.data_path, os.O_RDWR | os.O_CLOEXEC | create, _FILE_MODE)
        except FileNotFoundError as error:
            raise UploadUnknown(self.repository) from error
        size = os.fstat(self.data).st_size
        if size < self.offset:
            raise UploadUnknown(self.repository)
        if size > self.offset:
            os.ftruncate(self.data, self.offset)


def lock(session: int, repository: RepositoryName) -> None:
    """Take the lock of an open session file.

    Raises:
        UploadBusy: another holds it.
        UploadUnknown: another ended the upload meanwhile.
    """
    try:
        fcntl.flock(session, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UploadBusy(repository) from error
    if os.fstat(session).st_nlink == 0:
        raise UploadUnknown(repository)


def _offset_in(session: int, repository: RepositoryName) -> int:
    # A read beside a writer could see digits of both offsets; it informs a client that asks
    # while it sends, and `hold` reads again under the lock.
    text = os.pread(session, _DIGITS + 1 + 256, 0).decode("ascii", "replace")
    digits, _, owner = text.partition("\n")
    if owner != repository or len(digits) != _DIGITS or not digits.isdecimal():
        raise UploadUnknown(repository)
    return int(digits)


def _write_all(descriptor: int, block: bytes, offset: int) -> None:
    rest = memoryview(block)
    while rest:
        written = os.pwrite(descriptor, rest, offset)
        rest = rest[written:]
        offset += written
