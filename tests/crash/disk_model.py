"""What may be on a disk after the power was lost. Pure, but for writing a state into a folder.

A file's bytes are safe once the file was synced. What was written since may be there or not, sector
by sector. Two models say what holds for names:

```text
STRICT    as POSIX promises: a name is safe once its folder was synced; until then each name has any
          of the states that it had since, whatever others have
JOURNAL   as ext4 does it: names change in order, and any sync brings all changes up to then to disk
```

A sync of a file that failed has let go of what it should have written: a later one brings nothing
of it to disk, unless the same page was written once more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from random import Random
from typing import Final, Self

from tests.crash.write_log import Kind, Record

# Made anew from the log of rows whenever a database is opened first (SQLite, "WAL-mode File
# Format", section 2); it is written through a mapping, which no call tells of.
_NOT_KEPT: Final = "-shm"
PAGE: Final = 4096


class Model(Enum):
    """What holds for names."""

    STRICT = "strict"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class Loss:
    """How much is lost.

    Attributes:
        kept: of 1, how likely each thing that is not safe is there nevertheless.
        sector: bytes that are written whole or not at all.
    """

    model: Model
    kept: float
    sector: int


@dataclass(slots=True)
class File:
    """A file: what is safe, what was done since, and what a sync has let go of, by its start."""

    safe: bytearray = field(default_factory=bytearray)
    since: list[Record] = field(default_factory=list)
    let_go: list[tuple[int, bytes]] = field(default_factory=list)

    def sync(self) -> None:
        """Bring everything to disk that was written since, in whole pages."""
        touched = {start // PAGE for record in self.since for start, _ in _pieces(record, PAGE)}
        for start, piece in self.let_go:
            if start // PAGE in touched:
                _put(self.safe, start, piece)
        self.let_go = [piece for piece in self.let_go if piece[0] // PAGE not in touched]
        for record in self.since:
            _apply(self.safe, record)
        self.since.clear()

    def fail_to_sync(self) -> None:
        """Let go of everything that was written since."""
        self.let_go += [piece for record in self.since for piece in _pieces(record, PAGE)]
        self.since = [record for record in self.since if record.kind is Kind.CUT]

    def after(self, loss: Loss, chance: Random) -> bytes:
        """Its bytes after the loss."""
        content = bytearray(self.safe)
        for start, piece in self.let_go:
            if chance.random() < loss.kept:
                _put(content, start, piece)
        for record in self.since:
            if record.kind is Kind.CUT:
                if chance.random() < loss.kept:
                    _apply(content, record)
                continue
            for start, piece in _pieces(record, loss.sector):
                if chance.random() < loss.kept:
                    _put(content, start, piece)
        return bytes(content)


@dataclass(slots=True)
class Folder:
    """A folder: the names that are safe, and what changed since, in order."""

    safe: dict[str, Node] = field(default_factory=dict)
    since: list[tuple[int, str, Node | None]] = field(default_factory=list)

    def sync(self, up_to: int) -> None:
        """Bring to disk what changed up to that number."""
        for number, name, node in self.since:
            if number <= up_to:
                _name(self.safe, name, node)
        self.since = [change for change in self.since if change[0] > up_to]

    def after(self, loss: Loss, chance: Random, last: int) -> dict[str, Node]:
        """Its names after the loss.

        Args:
            loss: how much is lost.
            chance: decides.
            last: the number of the last change that a journal has.
        """
        names = dict(self.safe)
        ended: set[str] = set()
        for number, name, node in self.since:
            if loss.model is Model.JOURNAL:
                if number <= last:
                    _name(names, name, node)
                    continue
                break
            if name not in ended:
                if chance.random() < loss.kept:
                    _name(names, name, node)
                else:
                    # The changes of one name come in order.
                    ended.add(name)
        return names


Node = File | Folder


class Disk:
    """A folder that changes, and the states that it may be found in.

    Attributes:
        changes: of names so far.
    """

    def __init__(self) -> None:
        self.changes = 0
        self._root = Folder()
        self._folders: dict[str, Folder] = {"": self._root}
        self._nodes: dict[str, Node] = {}
        self._files: dict[int, File] = {}
        # Of a journal: the number of the last change that is safe.
        self._committed = 0

    @classmethod
    def of(cls, records: list[Record]) -> Self:
        """A disk on which all this happened."""
        disk = cls()
        for record in records:
            disk.apply(record)
        return disk

    def apply(self, record: Record) -> None:
        """Let one thing happen."""
        match record.kind:
            case Kind.WRITTEN | Kind.CUT:
                self._files[record.inode].since.append(record)
            case Kind.SYNCED:
                self._files[record.inode].sync()
                self._committed = self.changes
            case Kind.FOLDER_SYNCED:
                self._folders[record.path].sync(self.changes)
                self._committed = self.changes
            case Kind.SYNC_FAILED:
                if record.inode in self._files:
                    self._files[record.inode].fail_to_sync()
            case Kind.NOTHING_PROMISED:
                pass
            case _:
                self._rename(record)

    def lose_power(self, target: Path, loss: Loss, chance: Random) -> None:
        """Write a state that may be found afterwards into a new folder."""
        last = self._committed
        if loss.kept > 0:
            last = chance.randint(self._committed, self.changes)
        if loss.kept >= 1:
            last = self.changes
        self._write(self._root, target, loss, chance, last, {})

    def _write(
        self,
        folder: Folder,
        target: Path,
        loss: Loss,
        chance: Random,
        last: int,
        contents: dict[int, bytes],
    ) -> None:
        target.mkdir(mode=0o700)
        for name, node in folder.after(loss, chance, last).items():
            if isinstance(node, Folder):
                self._write(node, target / name, loss, chance, last, contents)
            elif not name.endswith(_NOT_KEPT):
                if id(node) not in contents:
                    contents[id(node)] = node.after(loss, chance)
                (target / name).write_bytes(contents[id(node)])

    def _rename(self, record: Record) -> None:
        """Let a name come, go or change."""
        match record.kind:
            case Kind.CREATED:
                file = self._files[record.inode] = File()
                self._change(record.path, file)
            case Kind.FOLDER_MADE:
                folder = self._folders[record.path] = Folder()
                self._change(record.path, folder)
            case Kind.LINKED:
                self._change(record.path, self._files[record.inode])
            case Kind.RENAMED:
                self._change(record.data.decode(), self._nodes[record.path])
                self._change(record.path, None)
            case Kind.REMOVED:
                self._change(record.path, None)
            case _:
                raise ValueError(f"{record.kind} changes no name")

    def _change(self, path: str, node: Node | None) -> None:
        self.changes += 1
        parent, _, name = path.rpartition("/")
        self._folders[parent].since.append((self.changes, name, node))
        _name(self._nodes, path, node)


def _name(names: dict[str, Node], name: str, node: Node | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _apply(content: bytearray, record: Record) -> None:
    if record.kind is Kind.CUT:
        _cut(content, record.offset)
    else:
        _put(content, record.offset, record.data)


def _cut(content: bytearray, size: int) -> None:
    del content[size:]
    content.extend(bytes(size - len(content)))


def _put(content: bytearray, start: int, piece: bytes) -> None:
    if len(content) < start:
        content.extend(bytes(start - len(content)))
    content[start : start + len(piece)] = piece


def _pieces(record: Record, most: int) -> list[tuple[int, bytes]]:
    """A write, cut where sectors or pages of that size end; none of what is no write."""
    pieces = []
    start, data = record.offset, record.data if record.kind is Kind.WRITTEN else b""
    while data:
        size = most - start % most
        pieces.append((start, data[:size]))
        start, data = start + size, data[size:]
    return pieces
