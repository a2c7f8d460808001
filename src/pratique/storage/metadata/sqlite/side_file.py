"""Small SQLite files beside the registry's database, each with a schema of its own.

Apart from it, so that what is written often neither waits for its commits nor wakes the caches that
watch it.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pratique.registry.errors import StorageFailed
from pratique.storage.metadata.sqlite.turns import Turns

BUSY_TIMEOUT_MS: Final = 5000


@dataclass(frozen=True, slots=True)
class SideFile:
    """What such a file holds.

    Attributes:
        words: for messages, as in `the audit log`.
        schema: the statements that make it.
        version: of the schema.
        synchronous: whether a commit waits for the disk.
    """

    words: str
    schema: tuple[str, ...]
    version: int
    synchronous: Literal["FULL", "NORMAL"]

    def open(self, path: Path) -> sqlite3.Connection:
        """A connection to the file, which is made when absent; any thread may use it.

        Raises:
            StorageFailed: the file is of a newer version.
            OSError, sqlite3.Error: it cannot be used.
        """
        # Made without a descriptor: closing one would drop the locks that SQLite holds on the file
        # in this process (POSIX advisory locks). SQLite gives its side files the same mode.
        with suppress(FileExistsError):
            os.mknod(path, stat.S_IFREG | 0o600)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}").fetchall()
            with closing(Turns.open(path)) as turns, turns.taken():
                connection.execute("PRAGMA journal_mode = WAL").fetchall()
                connection.execute(f"PRAGMA synchronous = {self.synchronous}").fetchall()
                self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > self.version:
            raise StorageFailed(
                f"{self.words} was written by a newer version of pratique (its schema is "
                f"{version}, this version knows {self.version}); start that version"
            )
        if version == 0:
            with transaction(connection):
                for statement in self.schema:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {self.version}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing of what is done within."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
