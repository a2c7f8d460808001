"""What a choice of stores comes to: ports, a look whether they work, and their end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from pratique.admission import Ledger, Row, SignInAttempts
from pratique.admission.audit import AuditLog
from pratique.admission.decisions import Decisions
from pratique.admission.pending_sign_ins import PendingSignIns
from pratique.registry import (
    BlobBin,
    BlobContents,
    Catalogue,
    Items,
    Leftovers,
    Remains,
    UploadArea,
)
from pratique.registry.blob_moves import BlobHome, BlobsAt
from pratique.registry.object_ports import BlobPlaces, UploadSessions
from pratique.registry.ports import BlobLinks, ManifestStore


class Turn(Protocol):
    """Whose turn it is to collect: one process at a time among those that share the stores."""

    def taken(self, now: datetime, every: timedelta) -> AbstractContextManager[bool]:
        """Take the turn if nobody has it and the last one is that long ago; whether it was."""
        ...

    def held(self, waiting: Callable[[], None]) -> AbstractContextManager[None]:
        """Keep everybody from taking the turn; `waiting` is called when somebody has it."""
        ...


class Foundation(Protocol):
    """The rows of a registry before it is opened."""

    def version(self) -> int:
        """Of the law; 0 before there is a registry."""
        ...

    def append(self, rows: Sequence[Row]) -> None:
        """Write the first rows.

        Raises:
            LedgerMoved: there are some already.
        """
        ...


@dataclass(frozen=True, slots=True)
class RowStores:
    """Everything that is kept in rows.

    Attributes:
        sessions: how far uploads have come that go to an object store; unused without one.
        blob_places: what is where in an object store.
        law_age: seconds since the law was last known to be the newest.
        follow: keeps the law fresh in a worker's loop until cancelled, and tells when it changed;
            None where a look costs nothing.
        blobs_at: where the blobs are, as the rows say; None where they do not.
        blob_home: moves them there, or from there to files.
        works: by the name of a part, whether it can be used.
        close: closes all of them.
    """

    ledger: Ledger
    attempts: SignInAttempts
    pending: PendingSignIns
    decisions: Decisions
    audit: AuditLog
    manifests: ManifestStore
    links: BlobLinks
    catalogue: Catalogue
    items: Items
    leftovers: Leftovers
    remains: Remains
    sessions: UploadSessions
    blob_places: BlobPlaces
    turn: Turn
    blobs_at: Callable[[], BlobsAt | None]
    blob_home: Callable[[BlobsAt], BlobHome]
    law_age: Callable[[], float]
    follow: Callable[[Callable[[], None]], Coroutine[Any, Any, None]] | None
    works: Mapping[str, Callable[[], bool]]
    close: Callable[[], None]


@dataclass(frozen=True, slots=True)
class BlobStores:
    """Everything that is kept as bytes.

    Attributes:
        begin: asks the store whether it can be used, and finds that the blobs are here and nowhere
            else; takes what gives an id of the registry. Before anything is served or deleted.
        works: by the name of a part, whether it can be used.
        close: closes all of them.
    """

    contents: BlobContents
    area: UploadArea
    bin: BlobBin
    begin: Callable[[Callable[[], str]], Coroutine[Any, Any, None]]
    works: Mapping[str, Callable[[], bool]]
    close: Callable[[], None]
