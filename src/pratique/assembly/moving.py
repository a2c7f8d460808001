"""The move of a registry's rows between a folder and a database."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

from pratique.assembly.on_disk import AUDIT_FILE, DATABASE_FILE, DECISIONS_FILE
from pratique.registry import StorageFailed
from pratique.settings import Places
from pratique.storage.metadata.sqlite import Database
from pratique.storage.metadata.sqlite import moving as sqlite_moving
from pratique.storage.metadata.tables import Part, moved_words
from pratique.storage.moving import Move, Moved, MoveSource, MoveTarget, Progress


def move_rows(source: Places, target: Places, told: Progress) -> Moved:
    """Move all rows of a registry; its blobs stay where they are.

    Args:
        source: where they are.
        target: where they go.
        told: is told how far it has come.

    Raises:
        StorageFull, StorageFailed: see `Move.run`.
    """
    with ExitStack() as opened:
        found = opened.enter_context(closing(_source(source)))
        return Move(found, opened.enter_context(closing(_target(target))), told).run()


def take_back(source: Places) -> None:
    """Let a registry be changed and served again that was moved, or whose move broke off.

    Raises:
        StorageFull, StorageFailed: it cannot be written.
    """
    with closing(_source(source)) as found:
        found.thaw()


def refuse_moved(places: Places) -> None:
    """Refuse to serve a registry that is elsewhere now.

    Raises:
        StorageFailed: it was moved, or cannot be read.
    """
    if _was_moved(places):
        raise StorageFailed(moved_words(places.of_rows))


def _was_moved(places: Places) -> bool:
    if places.database is not None:
        from pratique.storage.metadata.postgres import moving  # noqa: PLC0415 - an extra
        from pratique.storage.metadata.postgres.database import PostgresDatabase  # noqa: PLC0415

        with closing(PostgresDatabase.open(places.database)) as shared:
            return moving.was_moved(shared)
    path = places.data / DATABASE_FILE
    if not path.exists():
        return False
    with closing(Database.open(path)) as database:
        return sqlite_moving.was_moved(database)


def _source(places: Places) -> MoveSource:
    if places.database is not None:
        from pratique.storage.metadata.postgres.moving import PostgresSource  # noqa: PLC0415

        return PostgresSource(places.database)
    return sqlite_moving.SqliteSource(_files(places.data))


def _target(places: Places) -> MoveTarget:
    if places.database is not None:
        from pratique.storage.metadata.postgres.moving import PostgresTarget  # noqa: PLC0415

        return PostgresTarget(places.database)
    return sqlite_moving.SqliteTarget(places.data, _files(places.data))


def _files(data: Path) -> dict[Part, Path]:
    return {
        Part.ROWS: data / DATABASE_FILE,
        Part.DECISIONS: data / DECISIONS_FILE,
        Part.AUDIT: data / AUDIT_FILE,
    }
