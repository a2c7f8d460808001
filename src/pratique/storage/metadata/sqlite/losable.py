"""Small SQLite files that may be lost with the machine: never synced, and made anew when damaged.

Without syncs a loss of power may leave such a file in any state. It must not keep the registry
from starting, so one that is found damaged when it is opened makes way for an empty one.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from pratique.storage.metadata.sqlite.turns import Turns

BUSY_TIMEOUT_MS: Final = 2000
_SIDE_FILES: Final = ("-wal", "-shm", "-journal")


def open_losable(path: Path, schema: str) -> sqlite3.Connection:
    """Open the file in autocommit mode, making it where needed, or anew where it is damaged.

    Args:
        path: of the file. A process that has the damaged one open keeps it to itself from then on;
            after a loss of power there is none.
        schema: statements that change nothing when they were run before.

    Raises:
        OSError, sqlite3.OperationalError: it cannot be opened, as on a full disk.
    """
    try:
        return _opened(path, schema)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        turns = Turns.open(path)
        try:
            with turns.taken():
                return _opened_anew(path, schema)
        finally:
            turns.close()


def _opened_anew(path: Path, schema: str) -> sqlite3.Connection:
    try:
        # Another process may have made it anew while this one waited.
        return _opened(path, schema)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        for suffix in ("", *_SIDE_FILES):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
    return _opened(path, schema)


def _opened(path: Path, schema: str) -> sqlite3.Connection:
    # It holds what people typed, which may be passwords.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}").fetchall()
            cursor.execute("PRAGMA journal_mode = WAL").fetchall()
            cursor.execute("PRAGMA synchronous = OFF")
            _check(cursor)
            cursor.executescript(schema)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(cursor: sqlite3.Cursor) -> None:
    (found,) = cursor.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)
