"""The ledger of law and directory in memory: for tests, and for trying things out."""

from __future__ import annotations

from collections.abc import Sequence

from pratique.admission import LedgerMoved, Row


class MemoryLedger:
    """Keeps the promises of `pratique.admission.Ledger`, except that nothing outlives it."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], tuple[int, Row]] = {}
        self._version = 0

    def version(self) -> int:
        """The present version."""
        return self._version

    def behind(self) -> bool:
        """Never: the version is always the present one."""
        return False

    async def catch_up(self) -> None:
        """Nothing is ever to be caught up with."""

    def read(self, since: int) -> tuple[int, tuple[Row, ...]]:
        """The present version and what changed after `since`."""
        changed = tuple(row for version, row in self._rows.values() if version > since)
        return self._version, changed

    async def append(self, expected: int, rows: Sequence[Row]) -> int:
        """Make `rows` stand if nobody else changed the ledger since `expected`."""
        if expected != self._version:
            raise LedgerMoved(f"expected version {expected}, found {self._version}")
        self._version += 1
        for row in rows:
            self._rows[row.kind, row.key] = (self._version, row)
        return self._version
