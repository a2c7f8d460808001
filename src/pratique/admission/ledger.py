"""The port behind which law and directory are kept: records, and a version that grows.

The store knows rows only. What a row means, and whether a change is allowed, is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


class LedgerMoved(Exception):
    """Somebody else changed the ledger since it was read; read again and retry."""


class LawNotConfirmed(Exception):
    """Whether the law has changed cannot be found out; nothing is judged by an old one."""


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
    """A list of records, changed as a whole.

    Where it lies behind a network, `version` and `read` answer from what was fetched, and `behind`
    says when that may be too old to judge by.
    """

    def version(self) -> int:
        """The present version, 0 for an empty ledger. Cheap: asked for each request.

        It is lower than the reader's when an older store was put in the place of what was read.
        """
        ...

    def behind(self) -> bool:
        """Whether `catch_up` is due before anybody is judged. Cheap: asked for each request."""
        ...

    async def catch_up(self) -> None:
        """Let `version` and `read` tell what stood when this was called, or later.

        Raises:
            LawNotConfirmed: that cannot be found out in the time that a request may wait.
        """
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
