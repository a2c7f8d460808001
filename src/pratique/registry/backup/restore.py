"""A new store from a backup: everything is looked at before the rows, which make it one, come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pratique.naming import Digest
from pratique.registry.backup.copying import bring, linked_blobs, require_room
from pratique.registry.backup.ports import (
    BlobCopies,
    CopyProgress,
    Destination,
    RowsCopies,
    RowsCopy,
)
from pratique.registry.backup.records import BackupRecord, BackupRefused

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class RestoreDone:
    """What a restore has done.

    Attributes:
        record: of the backup.
        blobs: that were copied.
        blob_bytes: that those have.
    """

    record: BackupRecord
    blobs: int
    blob_bytes: int


@dataclass(frozen=True, slots=True)
class Restore:
    """Makes a store of a finished backup.

    Attributes:
        record: of the backup.
        source: its rows.
        clock: the time now, with a time zone.
        told: is told how far it has come.
    """

    record: BackupRecord
    source: RowsCopy
    rows: RowsCopies
    blobs: BlobCopies
    destination: Destination
    clock: Callable[[], datetime]
    told: Callable[[CopyProgress], None]

    def run(self, *, full: bool) -> RestoreDone:
        """Restore.

        Args:
            full: whether the content of manifests is compared with their digests; whether that of
                blobs is, `blobs` was told.

        Raises:
            BackupRefused: the backup is not whole or newer than this programme, or the destination
                is not empty or too small. No registry is in it.
            StorageFull, StorageFailed: likewise.
        """
        self._look_at_rows(full=full)
        absent = [
            digest
            for digest, size in linked_blobs(self.source)
            if not self.blobs.offers(digest, size)
        ]
        self._refuse_lack(absent)
        self.destination.begin(self.clock())
        require_room(self.destination, self.rows.room())
        rows = self.rows.copy()
        brought = bring(rows, self.blobs, self.destination, self.told)
        self._refuse_lack([*brought.missing, *brought.damaged])
        self.blobs.settle()
        self.rows.keep()
        self.destination.finish(self.record)
        return RestoreDone(self.record, brought.copied, brought.copied_bytes)

    def _look_at_rows(self, *, full: bool) -> None:
        if damage := self.source.damage():
            raise BackupRefused(
                f"the database of the backup is damaged ({damage[0]}); restore another backup"
            )
        step, known = self.source.schema()
        if not known:
            raise BackupRefused(
                f"the backup was made by a newer version of pratique (it has the schema step "
                f"`{step}`, made by {self.record.program}); restore it with that version"
            )
        if full and (wrong := list(self.source.damaged_manifests())):
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            raise BackupRefused(
                f"the content of {wrong[0]}{more} is not what its digest says; restore another "
                "backup, or this one without `--full` and then `pratique check --repair`"
            )

    def _refuse_lack(self, absent: list[Digest]) -> None:
        lost = sorted(set(absent) - set(self.record.lacking), key=str)
        if lost:
            shown = ", ".join(map(str, lost[:_SHOWN]))
            more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
            raise BackupRefused(
                f"the backup does not have these blobs whole: {shown}{more}; restore another one, "
                "or make it again from the registry, if that is there"
            )
