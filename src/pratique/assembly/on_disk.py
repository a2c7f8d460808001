"""Stores in a folder: rows in SQLite, blobs in files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pratique.admission import Row
from pratique.assembly.bundles import BlobStores, Foundation, RowStores
from pratique.observability import Meter
from pratique.observability.names import BLOBS, DATABASE
from pratique.registry import StorageFailed
from pratique.registry.blob_moves import BlobKind
from pratique.storage.blobs.filesystem import (
    CollectionTurn,
    FilesystemBin,
    FilesystemBlobs,
    FilesystemUploads,
)
from pratique.storage.copy_folders import UNFINISHED
from pratique.storage.metadata.sqlite import (
    Database,
    SqliteBlobLinks,
    SqliteCatalogue,
    SqliteItems,
    SqliteLeftovers,
    SqliteManifests,
)
from pratique.storage.metadata.sqlite.attempts import SqliteSignInAttempts
from pratique.storage.metadata.sqlite.audit import SqliteAuditLog
from pratique.storage.metadata.sqlite.blob_home import SqliteBlobHome, blobs_at
from pratique.storage.metadata.sqlite.decisions import SqliteDecisions
from pratique.storage.metadata.sqlite.ledger import SqliteLedger
from pratique.storage.metadata.sqlite.moving import FILLING
from pratique.storage.metadata.sqlite.pending_sign_ins import SqlitePendingSignIns
from pratique.storage.metadata.sqlite.upload_sessions import (
    SqliteBlobPlaces,
    SqliteUploadSessions,
)

DATABASE_FILE = "pratique.db"
ATTEMPTS_FILE = "attempts.db"
SIGN_INS_FILE = "sign-ins.db"
DECISIONS_FILE = "decisions.db"
AUDIT_FILE = "audit.db"
_ANY_ROW = "SELECT version FROM ledger_version"


class _SqliteFoundation:
    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def version(self) -> int:
        return self._ledger.version()

    def append(self, rows: Sequence[Row]) -> None:
        self._ledger.append_now(0, rows)


@contextmanager
def foundation_on_disk(data: Path, *, lay: bool) -> Iterator[Foundation | None]:
    """The rows in a folder.

    Args:
        data: the folder.
        lay: whether to make the folder and its database when absent; None comes without.

    Raises:
        StorageFull, StorageFailed: it cannot be used, or is being restored or filled.
    """
    if (data / FILLING).exists():
        raise StorageFailed(
            f"{data} is being filled by `pratique migrate-store`, or that broke off; wait for its "
            "end, or run it again"
        )
    if lay:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif (data / UNFINISHED).exists():
        raise StorageFailed(
            f"{data} is being restored, or that broke off; empty it and do it again"
        )
    elif not (data / DATABASE_FILE).exists():
        yield None
        return
    database = Database.open(data / DATABASE_FILE)
    try:
        yield _SqliteFoundation(SqliteLedger(database))
    finally:
        database.close()


def rows_on_disk(data: Path, meter: Meter | None) -> RowStores:
    """The rows of a folder that was prepared. Open them after a fork, never before.

    Raises:
        StorageFailed: the folder is damaged, or of a newer version.
    """
    database = Database.open(data / DATABASE_FILE)
    attempts = SqliteSignInAttempts(data / ATTEMPTS_FILE)
    pending = SqlitePendingSignIns(data / SIGN_INS_FILE)
    decisions = SqliteDecisions(data / DECISIONS_FILE)
    audit = SqliteAuditLog(data / AUDIT_FILE)
    database.on_group = meter.written if meter else None

    def close() -> None:
        audit.close()
        decisions.close()
        attempts.close()
        pending.close()
        database.close()

    leftovers = SqliteLeftovers(database)
    return RowStores(
        ledger=SqliteLedger(database),
        attempts=attempts,
        pending=pending,
        decisions=decisions,
        audit=audit,
        manifests=SqliteManifests(database),
        links=SqliteBlobLinks(database),
        catalogue=SqliteCatalogue(database),
        items=SqliteItems(database),
        leftovers=leftovers,
        remains=leftovers,
        sessions=SqliteUploadSessions(database),
        blob_places=SqliteBlobPlaces(database),
        turn=CollectionTurn(data),
        blobs_at=lambda: blobs_at(database),
        blob_home=lambda to: SqliteBlobHome(database, to),
        law_age=lambda: 0.0,
        follow=None,
        works={DATABASE: lambda: database.fetch_one(_ANY_ROW, {}) is not None},
        close=close,
    )


def blobs_on_disk(data: Path, rows: RowStores) -> BlobStores:
    """The blobs of a folder.

    Args:
        data: the folder.
        rows: that tell of the blobs.

    Raises:
        StorageFull, StorageFailed: it cannot be used.
    """
    blobs = FilesystemBlobs.open(data)
    uploads = FilesystemUploads.open(data, blobs)

    async def begin(owner: Callable[[], str]) -> None:
        # Whose the folder is, its database says, which lies in it.
        del owner
        at = rows.blobs_at()
        if at is not None and at.kind is BlobKind.OBJECTS:
            address = "" if at.address is None else f" '{at.address}'"
            raise StorageFailed(
                f"the blobs of this registry are in an object store; name it with --blobs{address}"
            )

    return BlobStores(
        contents=blobs,
        area=uploads,
        bin=FilesystemBin(blobs, uploads.pool),
        begin=begin,
        works={BLOBS: lambda: os.access(data / "blobs", os.R_OK | os.W_OK | os.X_OK)},
        close=uploads.close,
    )


def refuse_blobs_in_files(data: Path) -> None:
    """Refuse an object store for a registry whose blobs are files.

    Raises:
        StorageFailed: there are some in its folder.
    """
    blobs = data / "blobs"
    if any(entry.is_file() for entry in blobs.glob("sha*/??/*")):
        raise StorageFailed(
            f"the blobs of this registry are files in {blobs}; leave out --blobs, or move them: "
            "pratique migrate-blobs"
        )
