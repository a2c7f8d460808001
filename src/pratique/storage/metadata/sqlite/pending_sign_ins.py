"""Sign-ins on their way in a small SQLite file of their own.

The file is shared by the workers and may be lost with the machine: who was signing in begins
again. It is never synced. All statements are short and run on the loop's thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pratique.admission.pending_sign_ins import IN_ALL, PER_OWNER, NotKept, Pending
from pratique.storage.metadata.sqlite.losable import open_losable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pending (
    kind  TEXT NOT NULL,
    key   TEXT NOT NULL,
    body  BLOB NOT NULL,
    owner TEXT NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_by_owner ON pending (kind, owner);
CREATE INDEX IF NOT EXISTS pending_by_time ON pending (until);
"""
_SWEEP = "DELETE FROM pending WHERE until <= $at"
_KEEP = (
    "INSERT INTO pending (kind, key, body, owner, until) "
    "SELECT $kind, $key, $body, $owner, $until "
    "WHERE (SELECT count(*) FROM pending WHERE kind = $kind AND owner = $owner) < $per_owner "
    "AND (SELECT count(*) FROM pending WHERE kind = $kind) < $in_all "
    "ON CONFLICT (kind, key) DO NOTHING"
)
_FIND = "SELECT body FROM pending WHERE kind = $kind AND key = $key AND until > $at"
_TAKE = "DELETE FROM pending WHERE kind = $kind AND key = $key AND until > $at RETURNING body"
_REPLACE = "UPDATE pending SET body = $after WHERE kind = $kind AND key = $key AND body = $before"


class SqlitePendingSignIns:
    """Keeps the promises of `pratique.admission.pending_sign_ins.PendingSignIns`.

    Args:
        path: of the file; made when absent.
    """

    def __init__(self, path: Path) -> None:
        self._connection = open_losable(path, _SCHEMA)

    async def keep(self, pending: Pending, at: datetime) -> bool:
        """Keep a thing, unless its key is taken; forget what has ended."""
        self._run(_SWEEP, {"at": at.timestamp()})
        parameters = {
            "kind": pending.kind,
            "key": pending.key,
            "body": pending.body,
            "owner": pending.owner,
            "until": pending.until.timestamp(),
            "per_owner": PER_OWNER,
            "in_all": IN_ALL,
        }
        if self._run(_KEEP, parameters).rowcount == 1:
            return True
        if await self.find(pending.kind, pending.key, at) is not None:
            return False
        raise NotKept("too many sign-ins are on their way; try again in some minutes")

    async def find(self, kind: str, key: str, at: datetime) -> bytes | None:
        """The body of what is not yet forgotten."""
        parameters = {"kind": kind, "key": key, "at": at.timestamp()}
        return _body(self._run(_FIND, parameters).fetchall())

    async def take(self, kind: str, key: str, at: datetime) -> bytes | None:
        """The body, which is gone with this."""
        parameters = {"kind": kind, "key": key, "at": at.timestamp()}
        return _body(self._run(_TAKE, parameters).fetchall())

    async def replace(self, kind: str, key: str, before: bytes, after: bytes) -> bool:
        """Let the body be `after` if it is still `before`."""
        parameters = {"kind": kind, "key": key, "before": before, "after": after}
        return self._run(_REPLACE, parameters).rowcount == 1

    def _run(self, statement: str, parameters: Mapping[str, object]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, parameters)
        except sqlite3.OperationalError as error:
            raise NotKept("sign-ins cannot be written down now; try again later") from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _body(rows: list[tuple[bytes]]) -> bytes | None:
    return rows[0][0] if rows else None
