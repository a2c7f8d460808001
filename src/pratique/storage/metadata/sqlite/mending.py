"""Changes of rows by a repair, each in one transaction that keeps all other writers out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from pratique.registry.checking import ManifestKey, ManifestRow
from pratique.storage.metadata.rows import to_micros
from pratique.storage.metadata.sqlite.database import Database

T = TypeVar("T")

_HOLDERS: Final = "SELECT repository FROM repository_blobs WHERE digest = $1 ORDER BY repository"
_FORGET_LINKS: Final = "DELETE FROM repository_blobs WHERE digest = $1"
_FORGET_BLOB: Final = "DELETE FROM blobs WHERE digest = $1"
_PUT_BLOB: Final = """
    INSERT INTO blobs (digest, size, created_at) VALUES ($1, $2, $3)
    ON CONFLICT (digest) DO NOTHING
"""
_MANIFEST: Final = """
    SELECT media_type, size, content FROM manifests WHERE repository = $1 AND digest = $2
"""
_REFERENCES: Final = """
    SELECT kind, target FROM manifest_references WHERE repository = $1 AND digest = $2
"""
_TAGS: Final = "SELECT name FROM tags WHERE repository = $1 AND digest = $2 ORDER BY name"
_FORGET_MANIFEST: Final = (
    "DELETE FROM tags WHERE repository = $1 AND digest = $2",
    "DELETE FROM manifest_references WHERE repository = $1 AND digest = $2",
    "DELETE FROM manifests WHERE repository = $1 AND digest = $2",
)
_TOUCH: Final = "UPDATE repositories SET updated_at = $2 WHERE name = $1"


class SqliteMending:
    """The port `Mending`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def quiet(self, work: Callable[[], T]) -> T:
        """See the port."""

        def alone(_connection: sqlite3.Connection) -> T:
            return work()

        return self._database.write_now(alone)

    def forget_blob(self, digest: str, may: Callable[[], bool]) -> tuple[str, ...] | None:
        """See the port."""
        key = {"1": digest}

        def work(connection: sqlite3.Connection) -> tuple[str, ...] | None:
            if not may():
                return None
            holders = tuple(name for (name,) in connection.execute(_HOLDERS, key))
            connection.execute(_FORGET_LINKS, key)
            connection.execute(_FORGET_BLOB, key)
            return holders

        return self._database.write_now(work)

    def record_blob(self, digest: str, size: Callable[[], int | None], at: datetime) -> bool:
        """See the port."""

        def work(connection: sqlite3.Connection) -> bool:
            found = size()
            if found is None:
                return False
            connection.execute(_PUT_BLOB, {"1": digest, "2": found, "3": to_micros(at)})
            return True

        return self._database.write_now(work)

    def forget_manifest(
        self, key: ManifestKey, keep: Callable[[ManifestRow, tuple[str, ...]], bool], at: datetime
    ) -> tuple[str, ...] | None:
        """See the port."""
        names = {"1": key.repository, "2": key.digest}

        def work(connection: sqlite3.Connection) -> tuple[str, ...] | None:
            found = connection.execute(_MANIFEST, names).fetchone()
            if found is None:
                return None
            media_type, size, content = found
            references = frozenset(connection.execute(_REFERENCES, names).fetchall())
            tags = tuple(name for (name,) in connection.execute(_TAGS, names))
            if not keep(ManifestRow(media_type, size, bytes(content), references), tags):
                return None
            for statement in _FORGET_MANIFEST:
                connection.execute(statement, names)
            connection.execute(_TOUCH, {"1": key.repository, "2": to_micros(at)})
            return tags

        return self._database.write_now(work)
