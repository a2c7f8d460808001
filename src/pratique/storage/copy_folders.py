"""The folder of a backup, and the folder that one is restored into. Blocks.

```text
TARGET/pratique.db      all rows; pratique.db.new while they are on their way
TARGET/blobs/…          as in a data folder
TARGET/tls/…            the registry's own certificate, where it has one
TARGET/backup.json      written last: without it this is no backup
TARGET/unfinished       there while somebody works here, or was broken off
```
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from pratique.naming import Digest, InvalidName
from pratique.registry.backup import BackupRecord, BackupRefused, Contents
from pratique.storage.faults import faults_told

RECORD: Final = "backup.json"
UNFINISHED: Final = "unfinished"
FORMAT: Final = 1
# A new file system has this in its topmost folder.
_NOBODYS: Final = frozenset({"lost+found"})


class _Written(msgspec.Struct, rename="camel"):
    format: int
    taken_at: datetime
    program: str
    schema: str
    contents: Contents
    lacking: list[str]


def read_record(folder: Path) -> BackupRecord:
    """What a backup says of itself.

    Raises:
        BackupRefused: this is none, or one that was broken off, or of another format.
        StorageFailed: it cannot be read.
    """
    try:
        with faults_told():
            text = (folder / RECORD).read_bytes() if (folder / RECORD).exists() else None
        if text is None:
            broken_off = (folder / UNFINISHED).exists()
            raise BackupRefused(
                f"the backup in {folder} was broken off; run `pratique backup` again to complete it"
                if broken_off
                else f"there is no backup in {folder}: it has no {RECORD}"
            )
        found = msgspec.json.decode(text, type=_Written)
        lacking = tuple(Digest.parse(digest) for digest in found.lacking)
    except (msgspec.DecodeError, InvalidName) as error:
        raise BackupRefused(f"{folder / RECORD} is damaged: {error}") from error
    if found.format != FORMAT:
        raise BackupRefused(
            f"the backup in {folder} has the format {found.format}; this version of pratique "
            f"reads {FORMAT}"
        )
    return BackupRecord(found.taken_at, found.program, found.schema, found.contents, lacking)


class _Folder:
    """A folder that one process at a time copies into."""

    def __init__(self, path: Path, source: Path) -> None:
        self._path = path
        self._source = source
        self._lock = -1

    def close(self) -> None:
        """Let others work here."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def free(self) -> int:
        """See the port `Destination`."""
        with faults_told():
            found = os.statvfs(self._path)
        return found.f_bavail * found.f_frsize

    def _take(self) -> set[str]:
        """Make the folder where needed, keep others out, and give the names in it."""
        target, source = self._path.resolve(), self._source.resolve()
        if target.is_relative_to(source) or source.is_relative_to(target):
            raise BackupRefused(
                f"{self._path} and {self._source} lie one in the other; choose a folder elsewhere"
            )
        with faults_told():
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BackupRefused(
                    f"another backup or restore is working in {self._path}; wait for its end"
                ) from error
            return set(os.listdir(self._path)) - _NOBODYS  # noqa: PTH208

    def _mark(self, at: datetime) -> None:
        with faults_told():
            self._path.chmod(0o700)
            # Under its own name at once: it must be the first thing that is there.
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            marker = os.open(self._path / UNFINISHED, flags, 0o600)
            with os.fdopen(marker, "wb") as file:
                file.write(f"begun at {at.isoformat()}\n".encode())
            os.fsync(self._lock)

    def _unmark(self) -> None:
        with faults_told():
            (self._path / UNFINISHED).unlink(missing_ok=True)
            os.fsync(self._lock)

    def _bring_certificate(self) -> None:
        """Clients may trust the registry's own certificate, and would not trust another one."""
        with faults_told(), contextlib.suppress(FileNotFoundError):
            for path in sorted((self._source / "tls").iterdir()):
                if path.is_file():
                    folder = self._path / "tls"
                    folder.mkdir(mode=0o700, exist_ok=True)
                    _write(folder / path.name, path.read_bytes())


class BackupFolder(_Folder):
    """The port `Destination`, for a backup.

    Args:
        path: of the folder; new, empty, or with a backup.
        source: the data folder.
    """

    def begin(self, at: datetime) -> None:
        """See the port."""
        names = self._take()
        if names and not names & {RECORD, UNFINISHED}:
            raise BackupRefused(
                f"{self._path} is not empty, and holds no backup; choose a new folder"
            )
        self._mark(at)

    def finish(self, record: BackupRecord) -> None:
        """See the port."""
        self._bring_certificate()
        written = _Written(
            FORMAT,
            record.taken_at,
            record.program,
            record.schema,
            record.contents,
            [digest.text for digest in record.lacking],
        )
        text = msgspec.json.format(msgspec.json.encode(written), indent=2)
        with faults_told():
            _write(self._path / RECORD, text + b"\n")
        self._unmark()


class RestoredFolder(_Folder):
    """The port `Destination`, for a registry that is made of a backup.

    Args:
        path: of the folder; new, empty, or with a restore that was broken off.
        source: the backup.
    """

    def begin(self, at: datetime) -> None:
        """See the port."""
        names = self._take()
        if names and (UNFINISHED not in names or RECORD in names or "pratique.db" in names):
            raise BackupRefused(f"{self._path} is not empty; restore into a new folder")
        self._mark(at)
        self._bring_certificate()

    def finish(self, record: BackupRecord) -> None:
        """See the port."""
        del record
        self._unmark()


def _write(path: Path, content: bytes) -> None:
    """Write a file for its owner alone, whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(new, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
