"""A registry's SQLite files as the source or the target of a move. Blocks.

A source is frozen by triggers, which hold for all connections of all processes: whoever writes is
told why, and whoever reads notices nothing.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Final

from pratique.admission.audit import GENESIS, Head
from pratique.registry.errors import StorageFailed
from pratique.storage.faults import faults_told
from pratique.storage.metadata.sqlite.audit import SqliteAuditLog
from pratique.storage.metadata.sqlite.copies import NEW
from pratique.storage.metadata.sqlite.database import Database
from pratique.storage.metadata.sqlite.decisions import SqliteDecisions
from pratique.storage.metadata.sqlite.examination import reading_only
from pratique.storage.metadata.tables import (
    FROZEN,
    FROZEN_WORDS,
    Part,
    StoredRow,
    Table,
    moved_words,
)

# There while a folder is being filled, or after that broke off: it is no registry.
FILLING: Final = "filling"
_SIDE_FILES: Final = ("", "-journal", "-wal", "-shm", "-turns")
_EVENTS: Final = ("INSERT", "UPDATE", "DELETE")
_MOVED: Final = "moved_ledger_version"
_WAS_MOVED: Final = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = $1"
_VERSION: Final = "SELECT version FROM ledger_version"
_HEAD: Final = "SELECT seq, hash FROM audit_head"


def was_moved(database: Database) -> bool:
    """Whether the registry was moved to another store, so that this one is out of date."""
    return database.fetch_one(_WAS_MOVED, {"1": _MOVED}) is not None


def refuse_moved(database: Database, where: str) -> None:
    """Refuse rows that are out of date.

    Args:
        database: that has them.
        where: they are, in words.

    Raises:
        StorageFailed: the registry was moved to another store.
    """
    if was_moved(database):
        raise StorageFailed(moved_words(where))


class SqliteSource:
    """The port `MoveSource`.

    Args:
        files: the file of each part; the rows' must be there.
    """

    def __init__(self, files: Mapping[Part, Path]) -> None:
        self._files = files
        self._open = ExitStack()
        self._connections: dict[Part, sqlite3.Connection] = {}

    def freeze(self) -> None:
        """See the port."""
        with closing(Database.open(self._files[Part.ROWS])) as database:
            if was_moved(database):
                raise StorageFailed(
                    "this registry was moved already; serve what it was moved to, or run "
                    "`pratique migrate-store --take-back` with it first"
                )
            database.write_now(_freeze)

    def thaw(self) -> None:
        """See the port."""
        with closing(Database.open(self._files[Part.ROWS])) as database:
            database.write_now(_thaw)

    def moved(self) -> None:
        """See the port."""
        with closing(Database.open(self._files[Part.ROWS])) as database:
            database.write_now(_mark_moved)

    def begin(self) -> None:
        """See the port."""
        for part, path in self._files.items():
            if not path.exists():
                continue
            _prepare(part, path)
            with faults_told():
                connection = self._open.enter_context(closing(reading_only(path)))
                connection.execute("BEGIN")
                # The first read chooses the state that all others see.
                connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
            self._connections[part] = connection

    def ends(self) -> tuple[int, Head]:
        """See the port."""
        row = None
        with faults_told():
            (version,) = self._connections[Part.ROWS].execute(_VERSION).fetchone()
            if Part.AUDIT in self._connections:
                row = self._connections[Part.AUDIT].execute(_HEAD).fetchone()
        return int(version), GENESIS if row is None else Head(*row)

    def rows(self, table: Table) -> Iterator[list[StoredRow]]:
        """See the port."""
        connection = self._connections.get(table.part)
        if connection is None:
            return
        for rows in _batches(connection, table):
            # Texts of requests may have a NUL, which other stores do not take.
            yield list(map(_plain, rows)) if table.part is Part.DECISIONS else rows

    def close(self) -> None:
        """See the port."""
        self._open.close()


class SqliteTarget:
    """The port `MoveTarget`. Files get their names at the very end, that of the rows last.

    Args:
        folder: of the files, made where needed.
        files: the file of each part.
    """

    def __init__(self, folder: Path, files: Mapping[Part, Path]) -> None:
        self._folder = folder
        self._files = files
        self._open = ExitStack()
        self._connections: dict[Part, sqlite3.Connection] = {}

    def begin(self) -> None:
        """See the port."""
        with faults_told():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._open.callback(os.close, lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StorageFailed(f"somebody else is filling {self._folder}") from error
            self._refuse_full()
            mark = os.open(self._folder / FILLING, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.close(mark)
            os.fsync(lock)
            for path in self._files.values():
                _remove(path)
                _remove(_new(path))
        for part, path in self._files.items():
            self._connections[part] = self._made(part, _new(path))

    def write(self, table: Table, rows: list[StoredRow]) -> None:
        """See the port."""
        marks = ", ".join("?" * len(table.columns))
        statement = f"INSERT INTO {table.name} ({table.listed}) VALUES ({marks})"  # noqa: S608
        with faults_told():
            self._connections[table.part].executemany(statement, rows)

    def rows(self, table: Table) -> Iterator[list[StoredRow]]:
        """See the port."""
        return _batches(self._connections[table.part], table)

    def finish(self, version: int, head: Head) -> None:
        """See the port."""
        with faults_told():
            self._connections[Part.ROWS].execute("UPDATE ledger_version SET version = ?", [version])
            if head != GENESIS:
                self._connections[Part.AUDIT].execute(
                    "INSERT INTO audit_head (one, seq, hash) VALUES (1, ?, ?)", head
                )
            for part, connection in self._connections.items():
                connection.execute("COMMIT")
                connection.close()
                _sync(_new(self._files[part]))
            for part in (Part.AUDIT, Part.DECISIONS, Part.ROWS):
                _new(self._files[part]).replace(self._files[part])
                _remove(_new(self._files[part]))
            _sync(self._folder)
            (self._folder / FILLING).unlink()
            _sync(self._folder)

    def close(self) -> None:
        """See the port."""
        self._open.close()

    def _refuse_full(self) -> None:
        # Nobody can have made a registry since the mark was set.
        there = [path.name for path in self._files.values() if path.exists()]
        if there and not (self._folder / FILLING).exists():
            raise StorageFailed(
                f"{self._folder} is not empty: it has {', '.join(there)}; name another folder, or "
                "move these files away if you need them no more"
            )

    def _made(self, part: Part, path: Path) -> sqlite3.Connection:
        _prepare(part, path)
        with faults_told():
            connection = sqlite3.connect(path, isolation_level=None)
            self._open.callback(connection.close)
            # A file that breaks off is made anew, so it need not be whole before the end.
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN IMMEDIATE")
        return connection


def _freeze(connection: sqlite3.Connection) -> None:
    for table in FROZEN:
        for event in _EVENTS:
            connection.execute(_trigger(f"moving_{table}_{event.lower()}", event, table))


def _mark_moved(connection: sqlite3.Connection) -> None:
    connection.execute(_trigger(_MOVED, "UPDATE", "ledger_version"))


def _thaw(connection: sqlite3.Connection) -> None:
    for table in FROZEN:
        for event in _EVENTS:
            connection.execute(f"DROP TRIGGER IF EXISTS moving_{table}_{event.lower()}")
    connection.execute(f"DROP TRIGGER IF EXISTS {_MOVED}")


def _trigger(name: str, event: str, table: str) -> str:
    return (
        f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{FROZEN_WORDS}'); END"
    )


def _prepare(part: Part, path: Path) -> None:
    """Make the file where it is not there, with tables, and bring it up to date.

    Raises:
        StorageFull, StorageFailed: it cannot be written, or is of a newer version.
    """
    match part:
        case Part.ROWS:
            Database.open(path).close()
        case Part.DECISIONS:
            with closing(SqliteDecisions(path)) as decisions:
                decisions.started_on()
        case Part.AUDIT:
            with closing(SqliteAuditLog(path)) as audit:
                audit.extent()


def _batches(connection: sqlite3.Connection, table: Table) -> Iterator[list[StoredRow]]:
    with faults_told(), closing(connection.execute(table.in_order)) as cursor:
        while rows := cursor.fetchmany(table.at_once):
            yield rows


def _plain(row: StoredRow) -> StoredRow:
    return tuple(
        value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
        for value in row
    )


def _new(path: Path) -> Path:
    return path.with_name(f"{path.name}{NEW}")


def _remove(path: Path) -> None:
    for suffix in _SIDE_FILES:
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
