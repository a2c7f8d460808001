"""The audit log in a SQLite file of its own.

Apart from the registry's database, so that a batch of entries neither waits for its commits nor
wakes the caches that watch it. WAL with `synchronous=FULL`: a batch is on disk before it counts as
written, five times a second at most for each process.

The file is opened by the first call that needs it, and closed by any fault: a disk that is full
never keeps the registry from starting.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec

from pratique.admission.audit import GENESIS, Entry, Extent, Head, Link, linked
from pratique.admission.audit.entries import decoded, microseconds
from pratique.admission.audit.log import PRUNED_AT_ONCE
from pratique.admission.audit.pruning import pruned_until, pruning, worth_adding
from pratique.registry.errors import StorageFailed
from pratique.storage.faults import fault_of
from pratique.storage.metadata.sqlite.side_file import SideFile, transaction

SCHEMA_VERSION: Final = 1

# The head stands twice: a log that was cut off by a careless hand does not go on as if whole.
_SCHEMA = (
    """CREATE TABLE audit (
        seq       BIGINT PRIMARY KEY,
        at        BIGINT NOT NULL,
        category  TEXT NOT NULL,
        change_id TEXT UNIQUE,
        body      BLOB NOT NULL,
        hash      BLOB NOT NULL
    )""",
    "CREATE INDEX audit_by_category ON audit (category, seq)",
    "CREATE TABLE audit_head (one INTEGER PRIMARY KEY, seq BIGINT NOT NULL, hash BLOB NOT NULL)",
)
_FILE: Final = SideFile("the audit log", _SCHEMA, SCHEMA_VERSION, synchronous="FULL")
_COLUMNS = "seq, at, category, change_id, body, hash"
_ADD = (
    f"INSERT INTO audit ({_COLUMNS}) "  # noqa: S608 - constants
    "VALUES ($seq, $at, $category, $change_id, $body, $hash)"
)
_HEAD = "SELECT seq, hash FROM audit_head"
_LAST = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"
_ADVANCE = (
    "INSERT INTO audit_head (one, seq, hash) VALUES (1, $seq, $hash) "
    "ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash"
)
_KNOWN = "SELECT change_id FROM audit WHERE change_id IN ({})"
_ASKED_AT_ONCE: Final = 500
_LAST_PRUNING = "SELECT body FROM audit WHERE category = 'pruned' ORDER BY seq DESC LIMIT 1"
_LINKS = (
    f"SELECT {_COLUMNS} FROM audit WHERE seq > $after "  # noqa: S608 - constants
    "ORDER BY seq LIMIT $limit"
)
_OLDEST = "SELECT seq, at, hash FROM audit ORDER BY seq LIMIT $limit"
_REMOVE = "DELETE FROM audit WHERE seq <= $through"


class SqliteAuditLog:
    """Keeps the promises of `pratique.admission.audit.AuditLog`. Make it after a fork, not before.

    Args:
        path: of the file; made when absent, by the first call.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    def append(self, entries: Sequence[Entry]) -> Head:
        """Add them at the end, in one transaction."""
        with self._taken() as connection:
            fresh = _fresh(connection, entries)
            if not fresh:
                return _head(connection)
            with transaction(connection):
                # Another process may have added a change since.
                return _add(connection, _fresh(connection, fresh))

    def extent(self) -> Extent:
        """From where to where it goes."""
        with self._taken() as connection:
            return Extent(_base(_last_pruning(connection)), _head(connection))

    def links(self, *, after: int, limit: int) -> tuple[Link, ...]:
        """The entries beyond a sequence number."""
        with self._taken() as connection:
            found = connection.execute(_LINKS, {"after": after, "limit": max(0, limit)}).fetchall()
        return tuple(map(_link, found))

    def newest(self, *, limit: int, below: int | None, category: str | None) -> tuple[Link, ...]:
        """The newest entries first."""
        wanted: dict[str, object] = {"limit": max(0, limit)}
        conditions = ["1 = 1"]
        if below is not None:
            conditions.append("seq < $below")
            wanted["below"] = below
        if category is not None:
            conditions.append("category = $category")
            wanted["category"] = category
        statement = (
            f"SELECT {_COLUMNS} FROM audit WHERE {' AND '.join(conditions)} "  # noqa: S608 - constants
            "ORDER BY seq DESC LIMIT $limit"
        )
        with self._taken() as connection:
            return tuple(map(_link, connection.execute(statement, wanted).fetchall()))

    def prune(self, *, before: datetime, entry_id: str, at: datetime) -> int:
        """Remove the oldest entries."""
        limit = microseconds(before)
        with self._taken() as connection, transaction(connection):
            oldest = connection.execute(_OLDEST, {"limit": PRUNED_AT_ONCE + 1}).fetchall()[:-1]
            count = next((n for n, row in enumerate(oldest) if row[1] >= limit), len(oldest))
            if count == 0:
                return 0
            through, _, last_hash = oldest[count - 1]
            last = Head(through, last_hash)
            _add(connection, [pruning(last, count, before=before, entry_id=entry_id, at=at)])
            connection.execute(_REMOVE, {"through": through})
            return count

    def close(self) -> None:
        """Close the file; every later call raises `StorageFailed`."""
        with self._lock:
            self._closed = True
            self._drop()

    @contextmanager
    def _taken(self) -> Iterator[sqlite3.Connection]:
        """The connection. Faults are told as the rooms know them, and end it."""
        with self._lock:
            if self._closed:
                raise StorageFailed("the audit log was closed before this call")
            try:
                if self._connection is None:
                    self._connection = _FILE.open(self._path)
                yield self._connection
            except (OSError, sqlite3.Error) as error:
                self._drop()
                raise fault_of(error) from error

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _fresh(connection: sqlite3.Connection, entries: Sequence[Entry]) -> list[Entry]:
    changes = [entry.entry_id for entry in entries if entry.category == "change"]
    if not changes:
        return list(entries)
    known: set[str] = set()
    for start in range(0, len(changes), _ASKED_AT_ONCE):
        asked = changes[start : start + _ASKED_AT_ONCE]
        statement = _KNOWN.format(", ".join("?" * len(asked)))
        known.update(change_id for (change_id,) in connection.execute(statement, asked))
    return worth_adding(entries, known, pruned_until(_last_pruning(connection)))


def _add(connection: sqlite3.Connection, entries: Sequence[Entry]) -> Head:
    """Add entries within a transaction; the head after them."""
    links = linked(_head(connection), entries)
    connection.executemany(_ADD, [link._asdict() for link in links])
    if links:
        head = links[-1].head
        connection.execute(_ADVANCE, {"seq": head.seq, "hash": head.hash})
        return head
    return _head(connection)


def _head(connection: sqlite3.Connection) -> Head:
    for statement in (_HEAD, _LAST):
        row = connection.execute(statement).fetchone()
        if row is not None:
            return Head(row[0] if isinstance(row[0], int) else -1, _bytes(row[1]))
    return GENESIS


def _last_pruning(connection: sqlite3.Connection) -> Entry | None:
    """The entry that tells of the last pruning; one that cannot be read counts as none.

    It was not written so, which `verify` will say, and keeps nothing from being written now.
    """
    row = connection.execute(_LAST_PRUNING).fetchone()
    try:
        return None if row is None else decoded(row[0])
    except msgspec.DecodeError:
        return None


def _base(last: Entry | None) -> Head:
    try:
        return GENESIS if last is None else Head(last.through, bytes.fromhex(last.through_hash))
    except ValueError:
        return GENESIS


def _link(row: tuple[object, ...]) -> Link:
    """A row, whatever somebody may have written into it: it is for `verify` to judge."""
    seq, at, category, change_id, body, hash_ = row
    return Link(
        seq if isinstance(seq, int) else -1,
        at if isinstance(at, int) else -1,
        str(category),
        None if change_id is None else str(change_id),
        _bytes(body),
        _bytes(hash_),
    )


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
