"""The ledger of law and directory in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import starmap

from pratique.admission import LedgerMoved, Row
from pratique.storage.metadata.sqlite.database import Database

_VERSION = "SELECT version FROM ledger_version"
_CHANGED = "SELECT kind, key, CAST(body AS BLOB) FROM ledger WHERE version > $since"
_PUT = (
    "INSERT INTO ledger (kind, key, body, version) VALUES ($kind, $key, $body, $version) "
    "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, version = excluded.version"
)
_ADVANCE = "UPDATE ledger_version SET version = $version"


class SqliteLedger:
    """Keeps the promises of `pratique.admission.Ledger`.

    Args:
        database: shared with the content store, so that one file holds everything.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mark: bytes | None = None
        self._version = 0

    def version(self) -> int:
        """The present version; the database is asked only after somebody committed something."""
        # Read before the database is: what is committed in between shows as another mark next time.
        mark = self._database.commits.newest()
        if mark is None or mark != self._mark:
            row = self._database.fetch_one(_VERSION, {})
            self._version = int(row[0]) if row else 0
            self._mark = mark
        return self._version

    def behind(self) -> bool:
        """Never: the version is always the present one."""
        return False

    async def catch_up(self) -> None:
        """Nothing is ever to be caught up with."""

    def read(self, since: int) -> tuple[int, Iterable[Row]]:
        """The present version and what changed after `since`.

        The version is read first: a change that lands between the two statements is read now
        and once more at the next call, which does no harm; the other order would miss it.
        """
        version = self.version()
        rows = self._database.fetch_each(_CHANGED, {"since": since})
        return version, starmap(Row, rows)

    async def append(self, expected: int, rows: Sequence[Row]) -> int:
        """Make `rows` stand if nobody else changed the ledger since `expected`."""
        return await self._database.write(lambda connection: _append(connection, expected, rows))

    def append_now(self, expected: int, rows: Sequence[Row]) -> int:
        """As `append`, for callers without an event loop."""
        return self._database.write_now(lambda connection: _append(connection, expected, rows))


def _append(connection: sqlite3.Connection, expected: int, rows: Sequence[Row]) -> int:
    (present,) = connection.execute(_VERSION).fetchone()
    if present != expected:
        raise LedgerMoved(f"expected version {expected}, found {present}")
    version = expected + 1
    for row in rows:
        body = None if row.body is None else row.body.decode()
        connection.execute(
            _PUT, {"kind": row.kind, "key": row.key, "body": body, "version": version}
        )
    connection.execute(_ADVANCE, {"version": version})
    return version
