"""The schema's numbered steps: SQL files beside this module, applied once each, in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files

from pratique.registry.errors import StorageFailed


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date in one transaction; processes that start at once take turns.

    Args:
        connection: in autocommit mode.

    Raises:
        StorageFailed: the file knows a step that this version does not.
        sqlite3.Error: the file could not be written.
    """
    steps = dict(_steps())
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS schema_steps (name TEXT PRIMARY KEY)")
        applied = {name for (name,) in connection.execute("SELECT name FROM schema_steps")}
        _refuse_newer(applied - steps.keys())
        for name, script in steps.items():
            if name not in applied:
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute("INSERT INTO schema_steps (name) VALUES ($1)", {"1": name})
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _refuse_newer(unknown: set[str]) -> None:
    if unknown:
        raise StorageFailed(
            "the data folder was written by a newer version of pratique (it has the schema step "
            f"`{max(unknown)}`); start that version"
        )


def _steps() -> Iterator[tuple[str, str]]:
    """Names and texts of all SQL files, in the order of their numbers."""
    folder = files(__name__)
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".sql"):
            yield entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; a transaction must be able to span them all."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError(f"a statement without its semicolon: {statement.strip()[:80]}")
