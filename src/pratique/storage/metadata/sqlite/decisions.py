"""Recorded decisions in a SQLite file of their own.

Apart from the registry's database, so that a flood of refusals neither costs its commits a sync
nor wakes the caches that watch it. WAL with `synchronous=NORMAL`: a commit is handed to the kernel,
synced at checkpoints only; a loss of power may take the last commits, never the file.

The file is opened by the first call that needs it, and closed by any fault: a disk that is full or
a file that is damaged never keeps the registry from starting, and recording goes on by itself
when the operator has mended it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec

from pratique.admission.attempts import source_of
from pratique.admission.decisions import (
    NAMES_KEPT,
    OTHERS,
    DecisionRecord,
    GrantUse,
    LastUse,
    Place,
)
from pratique.registry.errors import StorageFailed
from pratique.storage.faults import fault_of
from pratique.storage.metadata.sqlite.side_file import SideFile, transaction

SCHEMA_VERSION: Final = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# So few rows go in one transaction that no other worker's write waits long.
_PRUNED_AT_ONCE = 1000

_SCHEMA = (
    """CREATE TABLE decisions (
        decision_id TEXT PRIMARY KEY,
        at          BIGINT NOT NULL,
        caller_id   TEXT NOT NULL,
        resource    TEXT NOT NULL,
        source      TEXT NOT NULL,
        body        TEXT NOT NULL
    )""",
    "CREATE INDEX decisions_by_time ON decisions (at, decision_id)",
    "CREATE INDEX decisions_by_caller ON decisions (caller_id, at, decision_id)",
    "CREATE INDEX decisions_by_resource ON decisions (resource, at, decision_id)",
    "CREATE INDEX decisions_by_source ON decisions (source, at, decision_id)",
    """CREATE TABLE grant_uses (
        grant_id  TEXT NOT NULL,
        action    TEXT NOT NULL,
        last_day  TEXT NOT NULL,
        others_on TEXT,
        PRIMARY KEY (grant_id, action)
    )""",
    """CREATE TABLE grant_use_repositories (
        grant_id   TEXT NOT NULL,
        action     TEXT NOT NULL,
        repository TEXT NOT NULL,
        last_day   TEXT NOT NULL,
        PRIMARY KEY (grant_id, action, repository)
    )""",
    "CREATE TABLE recording (one INTEGER PRIMARY KEY, started_on TEXT NOT NULL)",
)
_FILE: Final = SideFile("the record of decisions", _SCHEMA, SCHEMA_VERSION, synchronous="NORMAL")
_START = "INSERT INTO recording (one, started_on) VALUES (1, $day) ON CONFLICT (one) DO NOTHING"
_STARTED = "SELECT started_on FROM recording"
_KEEP = (
    "INSERT INTO decisions (decision_id, at, caller_id, resource, source, body) "
    "VALUES ($decision_id, $at, $caller_id, $resource, $source, $body) "
    "ON CONFLICT (decision_id) DO NOTHING"
)
_FIND = "SELECT body FROM decisions WHERE decision_id = $decision_id"
_USE = (
    "INSERT INTO grant_uses (grant_id, action, last_day) VALUES ($grant_id, $action, $day) "
    "ON CONFLICT (grant_id, action) DO UPDATE SET last_day = excluded.last_day "
    "WHERE grant_uses.last_day < excluded.last_day"
)
_NAMES = "FROM grant_use_repositories WHERE grant_id = $grant_id AND action = $action"
_USE_NAME = (
    "INSERT INTO grant_use_repositories (grant_id, action, repository, last_day) "
    f"SELECT $grant_id, $action, $repository, $day WHERE (SELECT count(*) {_NAMES}) < $names "
    f"OR EXISTS (SELECT 1 {_NAMES} AND repository = $repository) "
    "ON CONFLICT (grant_id, action, repository) DO UPDATE SET last_day = excluded.last_day "
    "WHERE grant_use_repositories.last_day < excluded.last_day"
)
_USE_OTHERS = (
    "UPDATE grant_uses SET others_on = $day "  # noqa: S608 - constants
    "WHERE grant_id = $grant_id AND action = $action "
    "AND (others_on IS NULL OR others_on < $day) "
    f"AND NOT EXISTS (SELECT 1 {_NAMES} AND repository = $repository)"
)
_USES = (
    "SELECT u.grant_id, u.action, u.last_day, u.others_on, r.repository FROM grant_uses AS u "
    "LEFT JOIN grant_use_repositories AS r "
    "ON r.grant_id = u.grant_id AND r.action = u.action AND r.last_day >= $day "
    "WHERE u.last_day >= $day ORDER BY u.grant_id, u.action, r.repository"
)
_OLD = "SELECT decision_id FROM decisions WHERE at < $before"
_TOO_MANY = "SELECT decision_id FROM decisions ORDER BY at DESC, decision_id DESC"
_TOO_MANY_OF = (
    "SELECT decision_id FROM decisions WHERE source = $source ORDER BY at DESC, decision_id DESC"
)
_NOISY = "SELECT source FROM decisions GROUP BY source HAVING count(*) > $keep"
_OLD_USES = (
    "DELETE FROM grant_use_repositories WHERE last_day < $day",
    "DELETE FROM grant_uses WHERE last_day < $day",
    "UPDATE grant_uses SET others_on = NULL WHERE others_on < $day",
)
# Names of repositories are of a class of their own, which the encoder knows as little as any other.
_ENCODER = msgspec.json.Encoder(enc_hook=str)
_DECODER = msgspec.json.Decoder(DecisionRecord)


class SqliteDecisions:
    """Keeps the promises of `pratique.admission.Decisions`. Make it after a fork, never before.

    Args:
        path: of the file; made when absent, by the first call.
    """

    def __init__(self, path: Path) -> None:
        faults = _Faults()
        self._writer = _Handle(path, faults)
        # A connection apart: what is looked up never waits for what is being written.
        self._reader = _Handle(path, faults)

    def record(self, decisions: Sequence[DecisionRecord], uses: Sequence[GrantUse]) -> None:
        """Keep them all in one transaction."""
        rows = [
            {
                "decision_id": decision.decision_id,
                "at": _microseconds(decision.at),
                "caller_id": decision.caller_id,
                "resource": decision.resource,
                "source": source_of(decision.client),
                "body": _ENCODER.encode(decision).decode(),
            }
            for decision in decisions
        ]
        used = [
            {
                "grant_id": use.grant_id,
                "action": use.action,
                "repository": use.repository,
                "day": use.day.isoformat(),
                "names": NAMES_KEPT,
            }
            for use in uses
        ]
        on_repositories = [use for use in used if use["repository"] is not None]
        named = [use for use in on_repositories if use["repository"] != OTHERS]
        days = [use.day for use in uses]
        days += [decision.at.astimezone(UTC).date() for decision in decisions]
        if not days:
            return
        with self._writer.taken() as connection, transaction(connection):
            connection.execute(_START, {"day": min(days).isoformat()})
            connection.executemany(_KEEP, rows)
            connection.executemany(_USE, used)
            connection.executemany(_USE_NAME, named)
            connection.executemany(_USE_OTHERS, on_repositories)

    def find(self, decision_id: str) -> DecisionRecord | None:
        """The decision of that id."""
        with self._reader.taken() as connection:
            row = connection.execute(_FIND, {"decision_id": decision_id}).fetchone()
        return None if row is None else _decoded(row[0])

    def newest(
        self,
        *,
        since: datetime,
        limit: int,
        caller_id: str | None = None,
        resource: str | None = None,
        after: Place | None = None,
    ) -> tuple[DecisionRecord, ...]:
        """Decisions from `since` on, the newest first."""
        wanted: dict[str, object] = {"since": _microseconds(since), "limit": max(0, limit)}
        conditions = ["at >= $since"]
        if caller_id is not None:
            conditions.append("caller_id = $caller_id")
            wanted["caller_id"] = caller_id
        if resource is not None:
            conditions.append("resource = $resource")
            wanted["resource"] = resource
        if after is not None:
            conditions.append("(at, decision_id) < ($after_at, $after_id)")
            wanted |= {"after_at": _microseconds(after.at), "after_id": after.decision_id}
        statement = (
            f"SELECT body FROM decisions WHERE {' AND '.join(conditions)} "  # noqa: S608 - constants
            "ORDER BY at DESC, decision_id DESC LIMIT $limit"
        )
        with self._reader.taken() as connection:
            rows = connection.execute(statement, wanted).fetchall()
        return tuple(_decoded(body) for (body,) in rows)

    def uses_since(self, day: date) -> tuple[LastUse, ...]:
        """What was used on `day` or later."""
        since = day.isoformat()
        with self._reader.taken() as connection:
            rows = connection.execute(_USES, {"day": since}).fetchall()
        return tuple(
            LastUse(
                grant_id,
                action,
                date.fromisoformat(last_day),
                tuple(row[4] for row in named if row[4] is not None),
                others_on is not None and others_on >= since,
            )
            for (grant_id, action, last_day, others_on), named in groupby(
                rows, key=lambda row: row[:4]
            )
        )

    def prune(self, *, before: datetime, keep: int, keep_each: int, uses_before: date) -> None:
        """Forget what is old or too much, a little at a time."""
        with self._writer.taken() as connection:
            _delete(connection, _OLD, {"before": _microseconds(before), "keep": 0})
            for (source,) in connection.execute(_NOISY, {"keep": keep_each}).fetchall():
                _delete(connection, _TOO_MANY_OF, {"source": source, "keep": keep_each})
            _delete(connection, _TOO_MANY, {"keep": keep})
            with transaction(connection):
                for statement in _OLD_USES:
                    connection.execute(statement, {"day": uses_before.isoformat()})

    def started_on(self) -> date | None:
        """The day of the first thing ever kept."""
        with self._reader.taken() as connection:
            row = connection.execute(_STARTED).fetchone()
        return None if row is None else date.fromisoformat(row[0])

    def close(self) -> None:
        """Close the file; every later call raises `StorageFailed`."""
        self._reader.close()
        self._writer.close()


class _Faults:
    """How many there were: a connection that is older than the last one is not trusted."""

    count = 0


class _Handle:
    """A connection that is opened when it is needed, used by one thread at a time."""

    def __init__(self, path: Path, faults: _Faults) -> None:
        self._path = path
        self._faults = faults
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened_after = 0
        self._closed = False

    @contextmanager
    def taken(self) -> Iterator[sqlite3.Connection]:
        """The connection. Faults are told as the rooms know them, and end it."""
        with self._lock:
            if self._closed:
                raise StorageFailed("the record of decisions was closed before this call")
            if self._opened_after != self._faults.count:
                self._drop()
            try:
                if self._connection is None:
                    self._opened_after = self._faults.count
                    self._connection = _FILE.open(self._path)
                yield self._connection
            except (OSError, sqlite3.Error) as error:
                self._faults.count += 1
                self._drop()
                raise fault_of(error) from error

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _delete(connection: sqlite3.Connection, which: str, parameters: dict[str, object]) -> None:
    """Delete what `which` selects beyond the first `$keep`."""
    statement = (
        "DELETE FROM decisions WHERE decision_id IN "  # noqa: S608 - constants
        f"({which} LIMIT {_PRUNED_AT_ONCE} OFFSET $keep)"
    )
    while connection.execute(statement, parameters).rowcount == _PRUNED_AT_ONCE:
        pass


def _microseconds(at: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def _decoded(body: str) -> DecisionRecord:
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError as error:
        raise StorageFailed(f"a recorded decision cannot be read: {error}") from error
