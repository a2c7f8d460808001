"""A consistent copy of a store while it serves, and a new store from such a copy.

Promises: a backup that says that it is one holds, whole, everything that was acknowledged before it
began; one that was broken off says so, and an earlier one in the same place stays whole until then;
a restore puts nothing into use before all of it was looked at.
"""

from pratique.registry.backup.backup import Backup, BackupDone
from pratique.registry.backup.ports import (
    BlobCopies,
    Copied,
    CopyProgress,
    Destination,
    RowsCopies,
    RowsCopy,
)
from pratique.registry.backup.records import BackupRecord, BackupRefused, Contents
from pratique.registry.backup.restore import Restore, RestoreDone

__all__ = [
    "Backup",
    "BackupDone",
    "BackupRecord",
    "BackupRefused",
    "BlobCopies",
    "Contents",
    "Copied",
    "CopyProgress",
    "Destination",
    "Restore",
    "RestoreDone",
    "RowsCopies",
    "RowsCopy",
]
