"""Wrong sign-ins in a small SQLite file of their own.

The file is shared by the workers and may be lost with the machine: it is never synced, so a flood
of wrong passwords costs no disk. An attempt that cannot be written down, as on a full disk, is not
counted: the alternative would lock out everybody who belongs. All statements are short and run on
the loop's thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pratique.admission.attempts import FADE, Count, Standing
from pratique.storage.metadata.sqlite.losable import open_losable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
    kind     TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    failures INTEGER NOT NULL,
    last_at  REAL    NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
"""
_READ = (
    "SELECT kind, failures, last_at FROM attempts WHERE (kind, key) IN (VALUES "
    "('pair', $pair), ('source', $source), ('account', $account), ('known', $pair))"
)
_COUNT = (
    "INSERT INTO attempts (kind, key, failures, last_at) VALUES ($kind, $key, 1, $at) "
    "ON CONFLICT (kind, key) DO UPDATE SET last_at = excluded.last_at, "
    "failures = CASE WHEN attempts.last_at < $faded THEN 1 ELSE attempts.failures + 1 END"
)
_KNOW = (
    "INSERT INTO attempts (kind, key, failures, last_at) VALUES ('known', $pair, 0, $at) "
    "ON CONFLICT (kind, key) DO UPDATE SET last_at = excluded.last_at"
)
_FORGIVE = "DELETE FROM attempts WHERE kind = 'pair' AND key = $pair"
_SWEEP = "DELETE FROM attempts WHERE kind <> 'known' AND last_at < $faded"
_DROP_OLD_KNOWN = (
    "DELETE FROM attempts WHERE kind = 'known' AND key IN (SELECT key FROM attempts "
    "WHERE kind = 'known' ORDER BY last_at DESC LIMIT -1 OFFSET $keep)"
)
_SWEEP_EVERY = 1000
_REMEMBERED = 4096
_KNOWN_KEPT = 100_000


class SqliteSignInAttempts:
    """Keeps the promises of `pratique.admission.SignInAttempts`.

    Args:
        path: of the file; made when absent.
    """

    def __init__(self, path: Path) -> None:
        self._connection = open_losable(path, _SCHEMA)
        self._since_sweep = 0
        # What was read, until somebody writes: machines sign in again and again unchanged.
        self._remembered: dict[tuple[str, str], list[tuple[str, int, float]]] = {}
        self._remembered_at = -1

    async def standing(self, source: str, account: str, at: datetime) -> Standing:
        """The counts that have not faded."""
        faded = (at - FADE).timestamp()
        counts: dict[str, Count] = {}
        known = False
        for kind, failures, last_at in self._read(source, account):
            if kind == "known":
                known = True
            elif last_at >= faded:
                counts[kind] = Count(failures, datetime.fromtimestamp(last_at, UTC))
        return Standing(
            counts.get("pair", Count()),
            counts.get("source", Count()),
            counts.get("account", Count()),
            known,
        )

    def _read(self, source: str, account: str) -> list[tuple[str, int, float]]:
        """The rows about a source and an account, as they stand now."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._remembered_at or len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
            self._remembered_at = version
        rows = self._remembered.get((source, account))
        if rows is None:
            keys = {"pair": _pair(source, account), "source": source, "account": account}
            rows = self._connection.execute(_READ, keys).fetchall()
            self._remembered[source, account] = rows
        return rows

    async def failed(self, source: str, account: str, at: datetime) -> None:
        """Count one wrong attempt."""
        faded = (at - FADE).timestamp()
        keys = {"pair": _pair(source, account), "source": source, "account": account}
        for kind, key in keys.items():
            self._write(_COUNT, {"kind": kind, "key": key, "at": at.timestamp(), "faded": faded})
        self._since_sweep += 1
        if self._since_sweep >= _SWEEP_EVERY:
            self._since_sweep = 0
            self._write(_SWEEP, {"faded": faded})
            self._write(_DROP_OLD_KNOWN, {"keep": _KNOWN_KEPT})

    async def succeeded(self, source: str, account: str, at: datetime) -> None:
        """Remember the pair, and forgive it."""
        pair = _pair(source, account)
        self._write(_KNOW, {"pair": pair, "at": at.timestamp()})
        self._write(_FORGIVE, {"pair": pair})

    def _write(self, statement: str, parameters: Mapping[str, object]) -> None:
        # The version that SQLite tells grows by the writes of others alone.
        self._remembered.clear()
        with suppress(sqlite3.OperationalError):
            self._connection.execute(statement, parameters)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _pair(source: str, account: str) -> str:
    # A space cannot stand in a source, so the two parts cannot be shifted into each other.
    return f"{source} {account}"
