"""Check, backup and restore of a data folder: rows in SQLite, blobs in files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pratique import __version__
from pratique.registry import StorageFailed
from pratique.registry.backup import Backup, CopyProgress, Restore
from pratique.registry.blob_moves import BlobKind
from pratique.registry.checking import Check, Finding, Kind, Progress
from pratique.storage.blobs.filesystem import (
    CollectionTurn,
    FilesystemBlobs,
    FilesystemCopies,
    FilesystemExamination,
    Manner,
)
from pratique.storage.copy_folders import BackupFolder, RestoredFolder, read_record
from pratique.storage.metadata.sqlite import Database
from pratique.storage.metadata.sqlite.blob_home import blobs_at
from pratique.storage.metadata.sqlite.copies import SqliteRowsCopies, SqliteRowsCopy
from pratique.storage.metadata.sqlite.examination import SqliteRowsAsTheyAre, SqliteStructure
from pratique.storage.metadata.sqlite.mending import SqliteMending
from pratique.storage.metadata.sqlite.moving import refuse_moved


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What is done to a data folder as a whole, with or without a server beside it.

    Attributes:
        data: the folder.
        rows: the name of the file with the rows.
        decisions: the name of the file with refusals.
        clock: the time now, with a time zone.
    """

    data: Path
    rows: str
    decisions: str
    clock: Callable[[], datetime]

    def holds_a_registry(self) -> bool:
        """Whether there is a file with rows, damaged or not."""
        return (self.data / self.rows).is_file()

    def check(
        self,
        told: Callable[[Progress], None],
        *,
        fast: bool = False,
        repair: bool = False,
        given_up: bool = False,
    ) -> Iterator[Finding]:
        """What is found in the folder, as it is found.

        Args:
            told: is told how far it has come.
            fast: see `Check.run`.
            repair: see `Check.run`. Nothing is repaired where the database is damaged, since its
                rows could say anything then.
            given_up: see `Check.run`.

        Raises:
            StorageFull, StorageFailed: something could not be read or changed, or the rows are
                out of date: what they do not know, the store that they were moved to may need.
        """
        path = self.data / self.rows
        structure = SqliteStructure(path)
        told(Progress("database", 0, None))
        damage = structure.damage(fast=fast)
        for words in damage:
            yield Finding(Kind.DATABASE_DAMAGED, str(path), words)
        if damage:
            return
        with closing(Database.open(path)) as database:
            refuse_moved(database, str(self.data))
            _refuse_objects(database)
            files = FilesystemExamination(FilesystemBlobs.open(self.data), self.data)
            rows, mending = SqliteRowsAsTheyAre(database), SqliteMending(database)
            check = Check(structure, rows, files, mending, self.clock, told)
            yield from check.run(fast=fast, repair=repair, given_up=given_up)

    @contextmanager
    def backup(
        self,
        target: Path,
        told: Callable[[CopyProgress], None],
        waiting: Callable[[], None],
        *,
        hard_links: bool = False,
        decisions: bool = False,
    ) -> Iterator[Backup]:
        """A backup of the folder, while nobody collects in it.

        Args:
            target: that the backup goes into.
            told: is told how far it has come.
            waiting: called when a collection runs, before this waits for its end.
            hard_links: whether files of blobs may stand in both folders.
            decisions: whether refusals are taken along.

        Raises:
            StorageFailed: the rows cannot be read, are out of date since they were moved, or say
                that the blobs are in an object store.
        """
        manner = Manner(hard_links=hard_links, verify=True, folder_mode=0o700, file_mode=0o600)
        names = (self.rows, self.decisions) if decisions else (self.rows,)
        sources = [self.data / name for name in names]
        with closing(Database.open(sources[0])) as database:
            refuse_moved(database, str(self.data))
            _refuse_objects(database)
        with (
            CollectionTurn(self.data).held(waiting),
            closing(BackupFolder(target, self.data)) as folder,
            closing(SqliteRowsCopies(sources, target, still=False, replacing=True)) as rows,
        ):
            blobs = FilesystemCopies(self.data, target, manner)
            yield Backup(rows, blobs, folder, __version__, self.clock, told)

    @contextmanager
    def restore(
        self, source: Path, told: Callable[[CopyProgress], None], *, full: bool = False
    ) -> Iterator[Restore]:
        """The making of the folder from a backup.

        Args:
            source: the backup.
            told: is told how far it has come.
            full: whether to compute the digests of blobs.

        Raises:
            BackupRefused: `source` is no backup.
            StorageFailed: it cannot be read.
        """
        record = read_record(source)
        manner = Manner(hard_links=False, verify=full, folder_mode=0o750, file_mode=0o640)
        sources = [source / name for name in (self.rows, self.decisions)]
        with (
            closing(SqliteRowsCopy(sources[0])) as rows,
            closing(RestoredFolder(self.data, source)) as folder,
            closing(SqliteRowsCopies(sources, self.data, still=True, replacing=False)) as copies,
        ):
            blobs = FilesystemCopies(source, self.data, manner)
            yield Restore(record, rows, copies, blobs, folder, self.clock, told)


def _refuse_objects(database: Database) -> None:
    """Every blob would be taken for missing."""
    at = blobs_at(database)
    if at is not None and at.kind is BlobKind.OBJECTS:
        raise StorageFailed(
            "the blobs of this registry are in an object store, and this looks at files alone; "
            "back up the database, and keep the bucket"
        )
