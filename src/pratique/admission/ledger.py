"""The port behind which law and directory are kept: records, and a version that grows.

The store knows rows only. What a row means, and whether a change is allowed, is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


class LedgerMoved(Exception):
    """Somebody else changed the ledger since it was read; read again and retry."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record as stored.

    Attributes:
        kind: see `records.KINDS`.
        key: unique within the kind.
        body: JSON, None when the record was deleted.
    """

    kind: str
    key: str
    body: bytes | None


class Ledger(Protocol):
    """A list of records, changed as a whole."""

    def version(self) -> int:
        """The present version, 0 for an empty ledger. Cheap: asked for each request."""
        ...

    def read(self, since: int) -> tuple[int, Iterable[Row]]:
        """The present version and all rows that changed after version `since`.

        A row that changed several times comes once, as it is now. Everything comes for 0. The rows
        can be taken once, and are taken before anything else is asked of the store: a large ledger
        is never whole in memory.
        """
        ...

    async def append(self, expected: int, rows: Sequence[Row]) -> int:
        """Make `rows` stand, all or none, if the version is still `expected`; the new version.

        When this returns, the rows are on disk.

        Raises:
            LedgerMoved: the version is another by now; nothing was changed.
        """
        ...
