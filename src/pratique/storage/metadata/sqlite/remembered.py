"""Rows that were read before, for as long as nobody commits anything.

A look at the mark of the newest commit costs a twentieth of the cheapest SELECT, so what was read
under the present mark is given again. A commit of any process, to any table, forgets everything:
nothing here can be older than the answer that the database itself would give.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Generic, TypeVar

from pratique.storage.metadata.sqlite.commit_marks import CommitMarks

T = TypeVar("T")

ROOM: Final = 8 * 1024 * 1024
_LARGEST: Final = 64 * 1024
# What a key, a small value and their places in the table take, about.
_OVERHEAD: Final = 512

Key = tuple[str, str]


class RememberedRows(Generic[T]):
    """A bounded memory of what was found; never of what was not.

    Use it from one thread: ask with `get`, then the database, then hand what it gave to `keep`,
    with nothing awaited in between.

    Args:
        commits: of the database that is asked.
        room: bytes that all rows may take, about.
    """

    def __init__(self, commits: CommitMarks, room: int = ROOM) -> None:
        self._commits = commits
        self._room = room
        self._taken = 0
        self._mark: bytes | None = None
        self._known: OrderedDict[Key, tuple[T, int]] = OrderedDict()

    def get(self, key: Key) -> T | None:
        """What the database holds under `key`; None to ask it."""
        # INVARIANT: read before the database is, so that what is kept under a mark may be newer
        # than the mark and is then forgotten, but is never older.
        mark = self._commits.newest()
        if mark != self._mark:
            self._known.clear()
            self._taken, self._mark = 0, mark
            return None
        known = self._known.get(key)
        return None if known is None else known[0]

    def keep(self, key: Key, row: T, size: int = 0) -> None:
        """Remember what the database gave for a key that `get` did not know.

        Args:
            key: as for `get`.
            row: what was found.
            size: bytes of it; what is long is not kept.
        """
        if self._mark is None or size > _LARGEST:
            return
        cost = size + _OVERHEAD
        self._known[key] = row, cost
        self._taken += cost
        while self._taken > self._room:
            self._taken -= self._known.popitem(last=False)[1][1]
