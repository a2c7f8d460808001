"""The driver, asyncpg, which only those need who keep their rows in PostgreSQL."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, Protocol

from pratique.registry.errors import StorageFailed

# A row as the driver gives it: a sequence in the order of the columns, and a mapping by name.
Row = Sequence[Any]

INSTALL: Final = (
    "the Python package `asyncpg` is not installed; run: pip install 'pratique[postgres]'"
)


class Connection(Protocol):
    """What a unit of work may do with its connection: a part of `asyncpg.Connection`.

    Statements have `$1`, `$2`, ... for arguments. Each method is one round trip, save the first
    time that a connection meets a statement, which it prepares then.
    """

    async def execute(self, query: str, *arguments: object) -> str:
        """Run a statement and give its tag, such as `DELETE 3`; see `count_of`."""
        ...

    async def executemany(self, command: str, args: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each of `args`, in one round trip."""
        ...

    async def fetch(self, query: str, *arguments: object) -> list[Any]:
        """All rows."""
        ...

    async def fetchrow(self, query: str, *arguments: object) -> Any:
        """The first row, or None."""
        ...

    async def fetchval(self, query: str, *arguments: object) -> Any:
        """The first column of the first row, or None."""
        ...


@cache
def driver() -> Any:
    """The package `asyncpg`, loaded when it is first needed.

    Raises:
        StorageFailed: it is not installed.
    """
    try:
        return importlib.import_module("asyncpg")
    except ModuleNotFoundError as error:
        raise StorageFailed(INSTALL) from error


def count_of(tag: str) -> int:
    """How many rows a statement changed, by the tag that `execute` gave: 3 for `DELETE 3`."""
    return int(tag.rpartition(" ")[2])
