"""Recorded decisions in PostgreSQL, of all nodes together.

Called from threads: each call waits for the database on the loop that serves threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import groupby
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
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.driver import Connection, Row, count_of
from pratique.storage.metadata.rows import to_micros

# So few rows go in one transaction that no other node's write waits long.
_PRUNED_AT_ONCE: Final = 1000

_START: Final = "INSERT INTO recording (one, started_on) VALUES (1, $1) ON CONFLICT DO NOTHING"
_STARTED: Final = "SELECT started_on FROM recording"
_KEEP: Final = (
    "INSERT INTO decisions (decision_id, at, caller_id, resource, source, body) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (decision_id) DO NOTHING"
)
_FIND: Final = "SELECT body FROM decisions WHERE decision_id = $1"
# Where this changes nothing it still locks the row, so names of one grant are counted in turn.
_USE: Final = (
    "INSERT INTO grant_uses (grant_id, action, last_day) VALUES ($1, $2, $3) "
    "ON CONFLICT (grant_id, action) DO UPDATE SET last_day = excluded.last_day "
    "WHERE grant_uses.last_day < excluded.last_day"
)
_NAMES: Final = "FROM grant_use_repositories WHERE grant_id = $1 AND action = $2"
_USE_NAME: Final = (
    "INSERT INTO grant_use_repositories (grant_id, action, repository, last_day) "
    f"SELECT $1, $2, $3, $4 WHERE (SELECT count(*) {_NAMES}) < {NAMES_KEPT} "
    f"OR EXISTS (SELECT 1 {_NAMES} AND repository = $3) "
    "ON CONFLICT (grant_id, action, repository) DO UPDATE SET last_day = excluded.last_day "
    "WHERE grant_use_repositories.last_day < excluded.last_day"
)
_USE_OTHERS: Final = (
    "UPDATE grant_uses SET others_on = $4 "  # noqa: S608 - constants
    "WHERE grant_id = $1 AND action = $2 AND (others_on IS NULL OR others_on < $4) "
    f"AND NOT EXISTS (SELECT 1 {_NAMES} AND repository = $3)"
)
_USES: Final = (
    "SELECT u.grant_id, u.action, u.last_day, u.others_on, r.repository FROM grant_uses AS u "
    "LEFT JOIN grant_use_repositories AS r "
    "ON r.grant_id = u.grant_id AND r.action = u.action AND r.last_day >= $1 "
    "WHERE u.last_day >= $1 ORDER BY u.grant_id, u.action, r.repository"
)
_DELETE: Final = "DELETE FROM decisions WHERE decision_id IN "
_OLD: Final = (
    f"{_DELETE} (SELECT decision_id FROM decisions WHERE at < $1 "  # noqa: S608 - constants
    f"LIMIT {_PRUNED_AT_ONCE})"
)
_TOO_MANY: Final = (
    f"{_DELETE} (SELECT decision_id FROM decisions "  # noqa: S608 - constants
    "ORDER BY at DESC, decision_id DESC "
    f"OFFSET $1 LIMIT {_PRUNED_AT_ONCE})"
)
_TOO_MANY_OF: Final = (
    f"{_DELETE} (SELECT decision_id FROM decisions WHERE source = $2 "  # noqa: S608 - constants
    f"ORDER BY at DESC, decision_id DESC OFFSET $1 LIMIT {_PRUNED_AT_ONCE})"
)
_NOISY: Final = "SELECT source FROM decisions GROUP BY source HAVING count(*) > $1"
_OLD_USES: Final = (
    "DELETE FROM grant_use_repositories WHERE last_day < $1",
    "DELETE FROM grant_uses WHERE last_day < $1",
    "UPDATE grant_uses SET others_on = NULL WHERE others_on < $1",
)
# Names of repositories are of a class of their own, which the encoder knows as little as any other.
_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)
_DECODER: Final = msgspec.json.Decoder(DecisionRecord)


class PostgresDecisions:
    """Keeps the promises of `pratique.admission.Decisions`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    def record(self, decisions: Sequence[DecisionRecord], uses: Sequence[GrantUse]) -> None:
        """Keep them all in one transaction."""
        # Two nodes that write the same rows lock them in the same order.
        rows = sorted(map(_row_of, decisions))
        used = sorted({(_text(u.grant_id), _text(u.action), u.day.isoformat()) for u in uses})
        named = sorted(
            {
                (_text(u.grant_id), _text(u.action), _text(u.repository), u.day.isoformat())
                for u in uses
                if u.repository is not None
            }
        )
        days = [use.day for use in uses]
        days += [decision.at.astimezone(UTC).date() for decision in decisions]
        if not days:
            return

        async def work(connection: Connection) -> None:
            await connection.execute(_START, min(days).isoformat())
            await connection.executemany(_KEEP, rows)
            await connection.executemany(_USE, used)
            await connection.executemany(_USE_NAME, [n for n in named if n[2] != OTHERS])
            await connection.executemany(_USE_OTHERS, named)

        self._database.run(lambda: self._database.write(work))

    def find(self, decision_id: str) -> DecisionRecord | None:
        """The decision of that id."""
        row = self._one(_FIND, _text(decision_id))
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
        wanted: list[object] = [to_micros(since), max(0, limit)]
        conditions = ["at >= $1"]
        for column, value in (("caller_id", caller_id), ("resource", resource)):
            if value is not None:
                wanted.append(_text(value))
                conditions.append(f"{column} = ${len(wanted)}")
        if after is not None:
            wanted += [to_micros(after.at), _text(after.decision_id)]
            conditions.append(f"(at, decision_id) < (${len(wanted) - 1}, ${len(wanted)})")
        statement = (
            f"SELECT body FROM decisions WHERE {' AND '.join(conditions)} "  # noqa: S608 - constants
            "ORDER BY at DESC, decision_id DESC LIMIT $2"
        )
        return tuple(_decoded(body) for (body,) in self._all(statement, *wanted))

    def uses_since(self, day: date) -> tuple[LastUse, ...]:
        """What was used on `day` or later."""
        since = day.isoformat()
        found: list[LastUse] = []
        for _, rows in groupby(self._all(_USES, since), key=lambda row: (row[0], row[1])):
            named = list(rows)
            grant_id, action, last_day, others_on, _ = named[0]
            repositories = tuple(row[4] for row in named if row[4] is not None)
            others = others_on is not None and others_on >= since
            found.append(
                LastUse(grant_id, action, date.fromisoformat(last_day), repositories, others)
            )
        return tuple(found)

    def prune(self, *, before: datetime, keep: int, keep_each: int, uses_before: date) -> None:
        """Forget what is old or too much, a little at a time."""
        self._delete(_OLD, to_micros(before))
        for (source,) in self._all(_NOISY, keep_each):
            self._delete(_TOO_MANY_OF, keep_each, source)
        self._delete(_TOO_MANY, keep)

        async def work(connection: Connection) -> None:
            for statement in _OLD_USES:
                await connection.execute(statement, uses_before.isoformat())

        self._database.run(lambda: self._database.write(work))

    def started_on(self) -> date | None:
        """The day of the first thing ever kept."""
        row = self._one(_STARTED)
        return None if row is None else date.fromisoformat(row[0])

    def _one(self, statement: str, *arguments: object) -> Row | None:
        return self._database.run(lambda: self._database.fetch_one(statement, *arguments))

    def _all(self, statement: str, *arguments: object) -> list[Row]:
        return self._database.run(lambda: self._database.fetch_all(statement, *arguments))

    def _delete(self, statement: str, *arguments: object) -> None:
        """Run a statement until it finds no more to delete."""

        async def work(connection: Connection) -> int:
            return count_of(await connection.execute(statement, *arguments))

        while self._database.run(lambda: self._database.write(work)) == _PRUNED_AT_ONCE:
            pass


def _row_of(decision: DecisionRecord) -> tuple[str, int, str, str, str, str]:
    return (
        _text(decision.decision_id),
        to_micros(decision.at),
        _text(decision.caller_id),
        _text(decision.resource),
        _text(source_of(decision.client)),
        _ENCODER.encode(decision).decode(),
    )


def _text(value: str) -> str:
    """The text as the server takes it, which knows no NUL.

    Raises:
        ValueError: it is no Unicode text.
    """
    value.encode()
    return str(value).replace("\0", "\N{REPLACEMENT CHARACTER}")


def _decoded(body: str) -> DecisionRecord:
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError as error:
        raise StorageFailed(f"a recorded decision cannot be read: {error}") from error
