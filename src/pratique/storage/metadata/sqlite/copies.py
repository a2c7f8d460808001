"""Copies of database files that are in use, by SQLite's online backup."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Final

from pratique.naming import Digest
from pratique.registry import StorageFailed
from pratique.registry.backup import BackupRefused, Contents
from pratique.registry.backup.ports import BlobSize
from pratique.storage.faults import faults_told
from pratique.storage.metadata.sqlite import migrations
from pratique.storage.metadata.sqlite.examination import reading_only

NEW: Final = ".new"
_SIDE_FILES: Final = ("-journal", "-wal", "-shm")
_CONTENTS: Final = """
    SELECT (SELECT count(*) FROM repositories), (SELECT count(*) FROM manifests),
        (SELECT count(*) FROM tags), count(*), COALESCE(sum(size), 0)
    FROM blobs b WHERE EXISTS (SELECT 1 FROM repository_blobs l WHERE l.digest = b.digest)
"""
_BLOBS: Final = """
    SELECT digest, size FROM blobs b
    WHERE digest > $1 AND EXISTS (SELECT 1 FROM repository_blobs l WHERE l.digest = b.digest)
    ORDER BY digest LIMIT $2
"""
_KNOWS: Final = "SELECT 1 FROM blobs WHERE digest = $1"
_LINKS: Final = "SELECT 1 FROM repository_blobs WHERE digest = $1 LIMIT 1"
_MANIFESTS: Final = "SELECT repository, digest, content FROM manifests"


class SqliteRowsCopy:
    """The port `RowsCopy`, over a file that nobody writes to.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        with faults_told():
            self._connection = reading_only(path, still=True)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def contents(self) -> Contents:
        """See the port."""
        with faults_told():
            return Contents(*self._connection.execute(_CONTENTS).fetchone())

    def schema(self) -> tuple[str, bool]:
        """See the port."""
        with faults_told():
            rows = self._connection.execute("SELECT name FROM schema_steps").fetchall()
        steps = {name for (name,) in rows}
        known = {entry.name.removesuffix(".sql") for entry in files(migrations).iterdir()}
        return max(steps, default=""), steps <= known

    def damage(self) -> tuple[str, ...]:
        """See the port."""
        try:
            rows = self._connection.execute("PRAGMA quick_check(3)").fetchall()
        except sqlite3.DatabaseError as error:
            return (str(error),)
        return tuple(text for (text,) in rows if text != "ok")

    def blobs(self, after: str, limit: int) -> tuple[BlobSize, ...]:
        """See the port."""
        with faults_told():
            rows = self._connection.execute(_BLOBS, {"1": after, "2": limit}).fetchall()
        return tuple(BlobSize(Digest.parse(digest), size) for digest, size in rows)

    def knows(self, digest: Digest) -> bool:
        """See the port."""
        with faults_told():
            return self._connection.execute(_KNOWS, {"1": digest.text}).fetchone() is not None

    def damaged_manifests(self) -> Iterator[str]:
        """See the port."""
        with faults_told(), closing(self._connection.execute(_MANIFESTS)) as rows:
            for repository, text, content in rows:
                digest = Digest.parse(text)
                if Digest.of(content, digest.algorithm) != digest:
                    yield f"manifest {repository}@{digest}"


class SqliteRowsCopies:
    """The port `RowsCopies`.

    Args:
        source: database files; the first holds the rows, the others are taken along where they
            are there.
        target: the folder that their copies go into, under the same names.
        still: whether nobody writes to the sources.
        replacing: whether files of these names may be there and make way.
    """

    def __init__(
        self, source: Sequence[Path], target: Path, *, still: bool, replacing: bool
    ) -> None:
        self._rows = source[0]
        self._sources = source
        self._target = target
        self._still = still
        self._replacing = replacing
        self._copy: SqliteRowsCopy | None = None

    def close(self) -> None:
        """Close the copy that was made last."""
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def room(self) -> int:
        """See the port."""
        total = 0
        for source in self._sources:
            for path in (source, Path(f"{source}-wal")):
                with faults_told(), contextlib.suppress(FileNotFoundError):
                    total += path.stat().st_size
        return total

    def copy(self) -> SqliteRowsCopy:
        """See the port."""
        self.close()
        with faults_told():
            for source in self._sources:
                if source.exists():
                    _copy_file(source, self._new(source), still=self._still)
        self._copy = SqliteRowsCopy(self._new(self._rows))
        return self._copy

    def links(self, digest: Digest) -> bool:
        """See the port."""
        with faults_told(), closing(reading_only(self._rows, still=self._still)) as connection:
            return connection.execute(_LINKS, {"1": digest.text}).fetchone() is not None

    def keep(self) -> None:
        """See the port."""
        for source in reversed(self._sources):
            final = self._target / source.name
            if not self._new(source).exists():
                continue
            with faults_told():
                if self._replacing:
                    _settle(final)
                    self._new(source).replace(final)
                else:
                    _put(self._new(source), final)
        with faults_told():
            _sync(self._target)

    def _new(self, source: Path) -> Path:
        return self._target / f"{source.name}{NEW}"


def _copy_file(source: Path, target: Path, *, still: bool) -> None:
    for suffix in ("", *_SIDE_FILES):
        Path(f"{target}{suffix}").unlink(missing_ok=True)
    # It holds secrets, so it is its owner's alone from the first byte on.
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    os.close(os.open(target, flags, 0o600))
    with (
        closing(reading_only(source, still=still)) as reading,
        closing(sqlite3.connect(target, isolation_level=None)) as writing,
    ):
        # All pages in one step are one state, and hold up no writer of a database in WAL mode.
        reading.backup(writing, pages=-1)
        # One file without others beside it.
        (mode,) = writing.execute("PRAGMA journal_mode = DELETE").fetchone()
        if mode != "delete":
            raise StorageFailed(f"the copy {target} is in use by another programme")
    _sync(target)


def _settle(path: Path) -> None:
    """Let what lies beside a database file that makes way be part of it, and go."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    except sqlite3.OperationalError as error:
        raise BackupRefused(
            f"the earlier backup's {path.name} is in use; end what uses it, and run the backup "
            "again"
        ) from error
    except sqlite3.DatabaseError:
        # The earlier one is damaged, and makes way with all that lies beside it.
        for suffix in _SIDE_FILES:
            Path(f"{path}{suffix}").unlink(missing_ok=True)


def _put(new: Path, final: Path) -> None:
    try:
        final.hardlink_to(new)
    except FileExistsError as error:
        raise BackupRefused(
            f"{final} came into being meanwhile; restore into another folder"
        ) from error
    new.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
