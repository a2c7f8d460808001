"""The schema's numbered steps: SQL files beside this module, applied once each, in order."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

from pratique.registry.errors import StorageFailed

# Taken for the transaction that migrates; the number means nothing outside this project.
LOCK: Final = 0x70726174_69717565
_OLDEST_SERVER: Final = 140000


async def migrate(connection: Any) -> None:
    """Check the server and bring the schema up to date, all of it or nothing.

    Processes that start at once take turns.

    Args:
        connection: outside a transaction.

    Raises:
        StorageFailed: the server is too old, is not durable or not UTF-8, or the database knows a
            step that this version does not.
        Exception: of the driver: the database could not be read or written.
    """
    _check(
        await connection.fetchrow(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'), "
            "current_setting('fsync'), current_setting('full_page_writes'), "
            "current_setting('server_encoding')"
        )
    )
    steps = dict(_steps())
    if await _applied(connection, steps) == steps.keys():
        return
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await connection.execute(
            'CREATE TABLE IF NOT EXISTS schema_steps (name TEXT COLLATE "C" PRIMARY KEY)'
        )
        applied = await _applied(connection, steps)
        for name, script in steps.items():
            if name not in applied:
                await connection.execute(script)
                await connection.execute("INSERT INTO schema_steps (name) VALUES ($1)", name)


async def _applied(connection: Any, steps: dict[str, str]) -> set[str]:
    """The steps that the database knows.

    Raises:
        StorageFailed: this version does not know one of them.
    """
    if await connection.fetchval("SELECT to_regclass('schema_steps') IS NULL"):
        return set()
    applied = {row[0] for row in await connection.fetch("SELECT name FROM schema_steps")}
    unknown = applied - steps.keys()
    if unknown:
        raise StorageFailed(
            "the database was written by a newer version of pratique (it has the schema step "
            f"`{max(unknown)}`); start that version"
        )
    return applied


def _check(server: Any) -> None:
    number, version, fsync, full_page_writes, encoding = server
    if number < _OLDEST_SERVER:
        raise StorageFailed(f"the database server is PostgreSQL {version}; 14 or newer is needed")
    if (fsync, full_page_writes) != ("on", "on"):
        raise StorageFailed(
            "the database server would lose what it acknowledged when power fails; set `fsync` "
            "and `full_page_writes` to `on` in its configuration"
        )
    if encoding != "UTF8":
        raise StorageFailed(
            f"the database has the encoding {encoding}; make one with UTF8 "
            "(createdb --template=template0 --encoding=UTF8)"
        )


def _steps() -> Iterator[tuple[str, str]]:
    """Names and texts of all SQL files, in the order of their numbers."""
    for entry in sorted(files(__name__).iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".sql"):
            yield entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8")
