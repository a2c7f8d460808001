"""The rows as they are, for a check that believes nothing."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pratique.naming import Digest
from pratique.registry.checking import BlobRow, ManifestKey, ManifestRow, TagRow, Totals
from pratique.storage.faults import faults_told
from pratique.storage.metadata.sqlite.database import Database

MOST_DAMAGE_TOLD: Final = 20

# The two that are found one by one elsewhere.
_TOLD_ELSEWHERE: Final = frozenset({("tags", "manifests"), ("repository_blobs", "blobs")})
_TOTALS: Final = """
    SELECT (SELECT count(*) FROM blobs), (SELECT count(*) FROM manifests),
        (SELECT count(*) FROM tags)
"""
_BLOBS: Final = """
    SELECT digest, size, EXISTS (SELECT 1 FROM repository_blobs l WHERE l.digest = b.digest)
    FROM blobs b WHERE digest > $1 ORDER BY digest LIMIT $2
"""
_BLOB: Final = """
    SELECT (SELECT size FROM blobs WHERE digest = $1),
        EXISTS (SELECT 1 FROM repository_blobs WHERE digest = $1)
"""
_LOOSE_LINKS: Final = """
    SELECT DISTINCT digest FROM repository_blobs l
    WHERE digest > $1 AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.digest = l.digest)
    ORDER BY digest LIMIT $2
"""
_LOOSE_TAGS: Final = """
    SELECT repository, name, digest FROM tags t
    WHERE (repository, name) > ($1, $2) AND NOT EXISTS (
        SELECT 1 FROM manifests m WHERE m.repository = t.repository AND m.digest = t.digest)
    ORDER BY repository, name LIMIT $3
"""
_MANIFESTS: Final = """
    SELECT repository, digest FROM manifests
    WHERE (repository, digest) > ($1, $2) ORDER BY repository, digest LIMIT $3
"""
_MANIFEST: Final = """
    SELECT media_type, size, content FROM manifests WHERE repository = $1 AND digest = $2
"""
_REFERENCES: Final = """
    SELECT kind, target FROM manifest_references WHERE repository = $1 AND digest = $2
"""
_IS_LINKED: Final = "SELECT 1 FROM repository_blobs WHERE repository = $1 AND digest = $2"
_IS_THERE: Final = "SELECT 1 FROM manifests WHERE repository = $1 AND digest = $2"


def reading_only(path: Path, *, still: bool = False) -> sqlite3.Connection:
    """A connection to a database file that cannot change it.

    Args:
        path: of the file.
        still: whether nobody else writes to it; then nothing is made beside it either.
    """
    mode = "mode=ro&immutable=1" if still else "mode=ro"
    return sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, isolation_level=None)


class SqliteStructure:
    """The port `Structure`, over a connection that cannot write; the database may be damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def damage(self, *, fast: bool) -> tuple[str, ...]:
        """See the port."""
        pragma = "quick_check" if fast else "integrity_check"
        try:
            with closing(reading_only(self._path)) as connection:
                rows = connection.execute(f"PRAGMA {pragma}({MOST_DAMAGE_TOLD})").fetchall()
        except sqlite3.DatabaseError as error:
            return (str(error),)
        return tuple(text for (text,) in rows if text != "ok")

    def loose(self) -> tuple[str, ...]:
        """See the port."""
        counted: Counter[tuple[str, str]] = Counter()
        with faults_told(), closing(reading_only(self._path)) as connection:
            for table, _, owner, _ in connection.execute("PRAGMA foreign_key_check"):
                counted[table, owner] += 1
        return tuple(
            f"{number} rows of `{table}` belong to no row of `{owner}`"
            for (table, owner), number in sorted(counted.items())
            if (table, owner) not in _TOLD_ELSEWHERE
        )

    def totals(self) -> Totals:
        """See the port."""
        with faults_told(), closing(reading_only(self._path)) as connection:
            return Totals(*connection.execute(_TOTALS).fetchone())


class SqliteRowsAsTheyAre:
    """The port `RowsAsTheyAre`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def blobs(self, after: str, limit: int) -> tuple[BlobRow, ...]:
        """See the port."""
        rows = self._database.fetch_all(_BLOBS, {"1": after, "2": limit})
        return tuple(BlobRow(digest, size, bool(linked)) for digest, size, linked in rows)

    def blob(self, digest: str) -> BlobRow | None:
        """See the port."""
        row = self._database.fetch_one(_BLOB, {"1": digest})
        if row is None or row == (None, 0):
            return None
        return BlobRow(digest, row[0], bool(row[1]))

    def loose_links(self, after: str, limit: int) -> tuple[str, ...]:
        """See the port."""
        rows = self._database.fetch_all(_LOOSE_LINKS, {"1": after, "2": limit})
        return tuple(digest for (digest,) in rows)

    def loose_tags(self, after: TagRow | None, limit: int) -> tuple[TagRow, ...]:
        """See the port."""
        repository, name = ("", "") if after is None else after[:2]
        rows = self._database.fetch_all(_LOOSE_TAGS, {"1": repository, "2": name, "3": limit})
        return tuple(TagRow(*row) for row in rows)

    def manifests(self, after: ManifestKey | None, limit: int) -> tuple[ManifestKey, ...]:
        """See the port."""
        repository, digest = after or ("", "")
        rows = self._database.fetch_all(_MANIFESTS, {"1": repository, "2": digest, "3": limit})
        return tuple(ManifestKey(*row) for row in rows)

    def manifest(self, key: ManifestKey) -> ManifestRow | None:
        """See the port."""
        names = {"1": key.repository, "2": key.digest}
        # References first: a push that comes between the two only adds what the content says.
        references = self._database.fetch_all(_REFERENCES, names)
        row = self._database.fetch_one(_MANIFEST, names)
        if row is None:
            return None
        media_type, size, content = row
        return ManifestRow(media_type, size, bytes(content), frozenset(references))

    def lacking(
        self, repository: str, blobs: Sequence[Digest], manifests: Sequence[Digest]
    ) -> tuple[Digest, ...]:
        """See the port."""
        return tuple(
            digest
            for statement, digests in ((_IS_LINKED, blobs), (_IS_THERE, manifests))
            for digest in digests
            if self._database.fetch_one(statement, {"1": repository, "2": digest.text}) is None
        )
