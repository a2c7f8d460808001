"""The port behind which the audit log is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from pratique.admission.audit.chain import Head, Link
from pratique.admission.audit.entries import Entry

# So many go in one transaction that nobody's entries wait long.
PRUNED_AT_ONCE: Final = 10_000


class Extent(NamedTuple):
    """From where to where the log goes.

    Attributes:
        base: the last entry that was pruned; `GENESIS` when none was.
        head: the last entry of all.
    """

    base: Head
    head: Head


class AuditLog(Protocol):
    """Keeps the chain, for all workers at once; any thread may call it.

    Every method raises `StorageFull` or `StorageFailed` when the store cannot do it. A call after
    that tries afresh.
    """

    def append(self, entries: Sequence[Entry]) -> Head:
        """Add them at the end, all or none, in one transaction; the head after them.

        A change whose id is known, or that is older than what was pruned, is left out. When it
        returns, the entries are on disk.

        Raises:
            ValueError: a text among them is no Unicode text.
        """
        ...

    def extent(self) -> Extent:
        """From where to where it goes."""
        ...

    def links(self, *, after: int, limit: int) -> tuple[Link, ...]:
        """The entries beyond the sequence number `after`, in order, `limit` at most."""
        ...

    def newest(self, *, limit: int, below: int | None, category: str | None) -> tuple[Link, ...]:
        """The newest entries first.

        Args:
            limit: how many at most.
            below: only those with a smaller sequence number; None for all.
            category: only those of it; None for all.
        """
        ...

    def prune(self, *, before: datetime, entry_id: str, at: datetime) -> int:
        """Remove the oldest entries up to the first that is not older than `before`.

        At most `PRUNED_AT_ONCE` of them; in the same transaction an entry is added that says how
        many, and with which hash they ended. The last entry of all stays.

        Args:
            before: with a time zone.
            entry_id: of the entry that is added; none is when nothing is removed.
            at: now.

        Returns:
            How many were removed.
        """
        ...
