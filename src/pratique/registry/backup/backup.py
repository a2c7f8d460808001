"""The backup of a store that goes on serving.

Rows are copied first and blobs afterwards, since blobs are never changed: what the copy of the rows
names is there. Collection is kept away meanwhile; should it run all the same (`pratique gc`), a
blob that the copy names can be gone, and then rows are copied anew. What the target had before
stays whole until the new rows are in place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pratique.registry.backup.copying import bring, require_room
from pratique.registry.backup.ports import (
    BlobCopies,
    CopyProgress,
    Destination,
    RowsCopies,
    RowsCopy,
)
from pratique.registry.backup.records import BackupRecord, BackupRefused

_ROUNDS: Final = 10


@dataclass(frozen=True, slots=True)
class BackupDone:
    """What a backup has done.

    Attributes:
        copied: blobs that the target did not have yet.
        copied_bytes: that those have.
        pruned: blobs that were deleted in the target.
        pruned_bytes: that those had.
    """

    record: BackupRecord
    copied: int
    copied_bytes: int
    pruned: int
    pruned_bytes: int


@dataclass(frozen=True, slots=True)
class Backup:
    """Copies a store to a destination.

    Attributes:
        program: version of this programme.
        clock: the time now, with a time zone.
        told: is told how far it has come.
    """

    rows: RowsCopies
    blobs: BlobCopies
    destination: Destination
    program: str
    clock: Callable[[], datetime]
    told: Callable[[CopyProgress], None]

    def run(self, *, prune: bool) -> BackupDone:
        """Make the backup, or complete one.

        Args:
            prune: whether to delete blobs in the target that the new rows do not know.

        Raises:
            BackupRefused: the target holds something else or has no room, or the database is
                damaged; an earlier backup in the target is as it was.
            StorageFull, StorageFailed: likewise, and what was copied stays for the next time.
        """
        self.destination.begin(self.clock())
        require_room(self.destination, self.rows.room())
        copied = copied_bytes = 0
        for _ in range(_ROUNDS):
            taken_at = self.clock()
            rows = self.rows.copy()
            _refuse_damage(rows)
            brought = bring(rows, self.blobs, self.destination, self.told)
            copied, copied_bytes = copied + brought.copied, copied_bytes + brought.copied_bytes
            if all(self.rows.links(digest) for digest in brought.missing):
                break
        else:
            raise BackupRefused(
                "blobs were collected as fast as they could be copied; wait until `pratique gc` "
                "has ended, and run the backup again"
            )
        self.blobs.settle()
        schema, _ = rows.schema()
        lacking = tuple(sorted((*brought.missing, *brought.damaged), key=str))
        record = BackupRecord(taken_at, self.program, schema, rows.contents(), lacking)
        self.rows.keep()
        self.destination.finish(record)
        pruned = self.blobs.prune(rows.knows) if prune else (0, 0)
        return BackupDone(record, copied, copied_bytes, *pruned)


def _refuse_damage(rows: RowsCopy) -> None:
    if damage := rows.damage():
        raise BackupRefused(
            f"the registry's database is damaged ({damage[0]}); `pratique check` tells more"
        )
