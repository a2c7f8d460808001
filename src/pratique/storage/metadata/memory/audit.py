"""The audit log in the memory of one process: for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from threading import Lock

from pratique.admission.audit import GENESIS, Entry, Extent, Head, Link, linked
from pratique.admission.audit.entries import decoded, microseconds
from pratique.admission.audit.log import PRUNED_AT_ONCE
from pratique.admission.audit.pruning import pruned_until, pruning, worth_adding


class MemoryAuditLog:
    """Keeps the promises of `AuditLog`, except that nothing outlives it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._links: list[Link] = []

    def append(self, entries: Sequence[Entry]) -> Head:
        """Add them at the end."""
        with self._lock:
            known = {link.change_id for link in self._links if link.change_id is not None}
            fresh = worth_adding(entries, known, self._pruned_until())
            self._links += linked(self._head(), fresh)
            return self._head()

    def extent(self) -> Extent:
        """From where to where it goes."""
        with self._lock:
            return Extent(self._base(), self._head())

    def links(self, *, after: int, limit: int) -> tuple[Link, ...]:
        """The entries beyond a sequence number."""
        with self._lock:
            return tuple([link for link in self._links if link.seq > after][: max(0, limit)])

    def newest(self, *, limit: int, below: int | None, category: str | None) -> tuple[Link, ...]:
        """The newest entries first."""
        with self._lock:
            found = [
                link
                for link in reversed(self._links)
                if (below is None or link.seq < below) and category in {None, link.category}
            ]
        return tuple(found[: max(0, limit)])

    def prune(self, *, before: datetime, entry_id: str, at: datetime) -> int:
        """Remove the oldest entries."""
        with self._lock:
            oldest = self._links[: min(PRUNED_AT_ONCE, len(self._links) - 1)]
            limit = microseconds(before)
            count = next((n for n, link in enumerate(oldest) if link.at >= limit), len(oldest))
            if count <= 0:
                return 0
            last = oldest[count - 1].head
            entry = pruning(last, count, before=before, entry_id=entry_id, at=at)
            self._links += linked(self._head(), [entry])
            del self._links[:count]
            return count

    def _head(self) -> Head:
        return self._links[-1].head if self._links else GENESIS

    def _last_pruning(self) -> Entry | None:
        for link in reversed(self._links):
            if link.category == "pruned":
                return decoded(link.body)
        return None

    def _base(self) -> Head:
        entry = self._last_pruning()
        return GENESIS if entry is None else Head(entry.through, bytes.fromhex(entry.through_hash))

    def _pruned_until(self) -> datetime | None:
        return pruned_until(self._last_pruning())
