"""Stores of rows in a PostgreSQL database, which several nodes share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pratique.admission import Row
from pratique.assembly.bundles import Foundation, RowStores
from pratique.observability.names import DATABASE
from pratique.storage.metadata.postgres import (
    PostgresBlobLinks,
    PostgresBlobPlaces,
    PostgresCatalogue,
    PostgresDatabase,
    PostgresItems,
    PostgresLeftovers,
    PostgresManifests,
    PostgresUploadSessions,
)
from pratique.storage.metadata.postgres.attempts import PostgresSignInAttempts
from pratique.storage.metadata.postgres.audit import PostgresAuditLog
from pratique.storage.metadata.postgres.blob_home import PostgresBlobHome, blobs_at
from pratique.storage.metadata.postgres.decisions import PostgresDecisions
from pratique.storage.metadata.postgres.ledger import PostgresLedger
from pratique.storage.metadata.postgres.moving import refuse_filling
from pratique.storage.metadata.postgres.node_mark import NodeMark
from pratique.storage.metadata.postgres.pending_sign_ins import PostgresPendingSignIns
from pratique.storage.metadata.postgres.turn import PostgresTurn

_VERSION = "SELECT version FROM ledger_version"


class _PostgresFoundation:
    def __init__(self, database: PostgresDatabase, url: str) -> None:
        self._database = database
        self._ledger = PostgresLedger(database, url, NodeMark.of_one_process())

    def version(self) -> int:
        row = self._database.run(lambda: self._database.fetch_one(_VERSION))
        return 0 if row is None else int(row[0])

    def append(self, rows: Sequence[Row]) -> None:
        self._ledger.append_now(0, rows)


@contextmanager
def foundation_on_postgres(url: str) -> Iterator[Foundation]:
    """The rows in a database, which is brought up to date.

    Args:
        url: `postgresql://...`.

    Raises:
        StorageFull, StorageFailed: it cannot be reached or used, or is being filled.
    """
    with closing(PostgresDatabase.open(url)) as database:
        rows = _PostgresFoundation(database, url)
        refuse_filling(rows.version(), "the database")
        yield rows


def rows_on_postgres(url: str, mark: Path | None) -> RowStores:
    """The rows of a registry that was prepared. Open them after a fork, never before.

    Args:
        url: `postgresql://...`.
        mark: a file that all workers of this node share; None where there is one process.

    Raises:
        OSError: the file cannot be used.
        StorageFailed: the database cannot be reached, or is of a newer version.
    """
    shared = NodeMark.of_one_process() if mark is None else NodeMark.open(mark)
    database = PostgresDatabase.open(url)
    ledger = PostgresLedger(database, url, shared)

    leftovers = PostgresLeftovers(database)
    return RowStores(
        ledger=ledger,
        attempts=PostgresSignInAttempts(database),
        pending=PostgresPendingSignIns(database),
        decisions=PostgresDecisions(database),
        audit=PostgresAuditLog(database),
        manifests=PostgresManifests(database),
        links=PostgresBlobLinks(database),
        catalogue=PostgresCatalogue(database),
        items=PostgresItems(database),
        leftovers=leftovers,
        remains=leftovers,
        sessions=PostgresUploadSessions(database),
        blob_places=PostgresBlobPlaces(database),
        turn=PostgresTurn(database, url),
        blobs_at=lambda: database.run(lambda: blobs_at(database)),
        blob_home=lambda to: PostgresBlobHome(database, to),
        law_age=ledger.age,
        follow=ledger.follow,
        # Whoever has confirmed the law within a second has reached the database in it.
        works={DATABASE: ledger.confirmed},
        close=database.close,
    )
