"""The move of a registry's rows from one store to another, while the source goes on being read.

Guarantees: nothing that the source acknowledged is lost, since it takes no changes from before the
first row is read; the target is a registry only after all its rows were found equal to the
source's; and a move that breaks off leaves nothing that anybody could take for one. What signs in
and is refused meanwhile is noted at the source, beyond the head that is told at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import msgspec

from pratique.admission.audit import GENESIS, Head, Link, Verification
from pratique.admission.audit.entries import decoded
from pratique.registry.errors import StorageFailed, StorageFull
from pratique.storage.metadata.tables import AUDIT, TABLES, Fingerprint, StoredRow, Table

COPYING: Final = "copying"
COMPARING: Final = "comparing"

# Told how far a move has come: copying or comparing, which table, how many rows of it so far.
Progress: TypeAlias = Callable[[str, str, int], None]


class MoveSource(Protocol):
    """Where a registry is.

    Every method raises `StorageFull` or `StorageFailed` when the store cannot do it.
    """

    def freeze(self) -> None:
        """Let nobody change content or law, in any process, until `thaw`; twice is once.

        Raises:
            StorageFailed: it was moved already.
        """
        ...

    def thaw(self) -> None:
        """Let it be changed again, and be no registry that was moved."""
        ...

    def moved(self) -> None:
        """Note that it was moved, so that nobody serves it any more."""
        ...

    def begin(self) -> None:
        """Choose the state that everything below tells of."""
        ...

    def ends(self) -> tuple[int, Head]:
        """The version of the law, and where the audit log ends."""
        ...

    def rows(self, table: Table) -> Iterator[list[StoredRow]]:
        """All rows of a table in the order of their key, some at a time."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class MoveTarget(Protocol):
    """Where a registry goes.

    Every method raises `StorageFull` or `StorageFailed` when the store cannot do it.
    """

    def begin(self) -> None:
        """Make the tables, and let nobody take this for a registry before `finish`.

        Raises:
            StorageFailed: there is something in it, or somebody else is filling it.
        """
        ...

    def write(self, table: Table, rows: list[StoredRow]) -> None:
        """Add rows."""
        ...

    def rows(self, table: Table) -> Iterator[list[StoredRow]]:
        """All rows that were added, in the order of their key, some at a time."""
        ...

    def finish(self, version: int, head: Head) -> None:
        """Become a registry, all at once.

        Args:
            version: of the law.
            head: of the audit log.
        """
        ...

    def close(self) -> None:
        """Close what is open; what is not finished is no registry."""
        ...


@dataclass(frozen=True, slots=True)
class Moved:
    """A move that is done.

    Attributes:
        rows: how many, by table.
        version: of the law.
        head: where the audit log ends at the target.
        audit_faults: what is wrong with the audit log, here as there.
    """

    rows: dict[str, int]
    version: int
    head: Head
    audit_faults: tuple[str, ...]


class Move:
    """Moves a registry.

    Args:
        source: where it is; it takes no changes afterwards.
        target: where it goes.
        told: is told how far it has come.
    """

    def __init__(self, source: MoveSource, target: MoveTarget, told: Progress) -> None:
        self._source = source
        self._target = target
        self._told = told
        self._copied: dict[str, Fingerprint] = {}
        self._pruned = GENESIS

    def run(self) -> Moved:
        """Move it.

        Raises:
            StorageFull, StorageFailed: something could not be read, written or was not equal; the
                source takes changes again, save where it is not known whether the target is whole.
        """
        self._target.begin()
        self._source.freeze()
        try:
            self._source.begin()
            for table in TABLES:
                self._copy(table)
            version, head = self._source.ends()
            faults = self._compare(head)
        except BaseException:
            # The first failure is the one to tell.
            with suppress(StorageFull, StorageFailed):
                self._source.thaw()
            raise
        self._finish(version, head)
        self._source.moved()
        rows = {name: copied.count for name, copied in self._copied.items()}
        return Moved(rows, version, head, faults)

    def _copy(self, table: Table) -> None:
        copied = self._copied[table.name] = Fingerprint()
        for rows in self._source.rows(table):
            self._target.write(table, rows)
            copied.add(rows)
            if table is AUDIT:
                self._note_pruning(rows)
            self._told(COPYING, table.name, copied.count)

    def _compare(self, head: Head) -> tuple[str, ...]:
        """Read everything back; what is wrong with the audit log in itself."""
        verification = Verification(self._pruned)
        for table in TABLES:
            found = Fingerprint()
            for rows in self._target.rows(table):
                found.add(rows)
                if table is AUDIT:
                    verification.take(Link(*row) for row in rows)
                self._told(COMPARING, table.name, found.count)
            copied = self._copied[table.name]
            if (found.count, found.told()) != (copied.count, copied.told()):
                raise StorageFailed(
                    f"`{table.name}` came out otherwise than it was: {copied.count} rows, and "
                    f"{found.count} at the target, or others; nothing was moved"
                )
        return tuple(f"{fault.seq}: {fault.says}" for fault in verification.end(head))

    def _note_pruning(self, rows: list[StoredRow]) -> None:
        """Keep where the log begins, which the last entry on a pruning tells."""
        for link in (Link(*row) for row in rows):
            if link.category == "pruned":
                # What cannot be read or is no hash, the verification names.
                with suppress(msgspec.DecodeError, ValueError):
                    entry = decoded(link.body)
                    self._pruned = Head(entry.through, bytes.fromhex(entry.through_hash))

    def _finish(self, version: int, head: Head) -> None:
        try:
            self._target.finish(version, head)
        except (StorageFull, StorageFailed) as error:
            detail = error.detail if isinstance(error, StorageFailed) else str(error)
            raise StorageFailed(
                f"{detail}; whether the target is whole is not known, so the source takes no "
                "changes: run this again, and where the target is said to be full, serve that"
            ) from error
