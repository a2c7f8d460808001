"""What a store must and may show, by what a client asked of it and what it was told. Pure.

Each key is written by one client at a time. At any point, a key has the value of the last change
that was acknowledged before, or of a later one that was on its way: a change whose answer never
came, or was an error of the server's, may have happened or not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

# A tag has the digest of its manifest; all else is there or not.
Value = str | bool | None
ABSENT: Final = None


class Key(NamedTuple):
    """What is written to.

    Attributes:
        kind: `manifest`, `tag` or `blob`.
        name: a digest or a tag.
    """

    kind: str
    repository: str
    name: str


@dataclass
class Change:
    """One change of one key.

    Attributes:
        value: that it gives to the key; None takes the key away.
        begun: the point at which it was asked for.
        ended: the point at which it was acknowledged; None when it was not.
        refused: whether the client was told that it did not happen.
        asked: whether a client asked for it, and not collection or a look made it.
    """

    value: Value
    begun: int
    ended: int | None = None
    refused: bool = False
    asked: bool = True

    @property
    def is_acknowledged(self) -> bool:
        """Whether a client was told that it did happen."""
        return self.asked and self.ended is not None and not self.refused


class History:
    """The changes of all keys, each key's in order."""

    def __init__(self) -> None:
        self._changes: dict[Key, list[Change]] = defaultdict(list)

    def begin(self, key: Key, value: Value, point: int) -> Change:
        """Note that a change is asked for."""
        change = Change(value, point)
        self._changes[key].append(change)
        return change

    def may_go(self, key: Key, point: int) -> None:
        """Note that the key may go from now on: a collection may take it, or a manifest with it."""
        self._changes[key].append(Change(ABSENT, point, asked=False))

    def seen(self, key: Key, value: Value, point: int) -> None:
        """Note what a key was found to have, which ends all doubt about what came before."""
        if value is ABSENT:
            self._changes.pop(key, None)
        else:
            self._changes[key] = [Change(value, point, point, asked=False)]

    def allowed(self, key: Key, point: int) -> set[Value]:
        """The values that a key may have at a point."""
        allowed: set[Value] = {ABSENT}
        for change in self._changes.get(key, ()):
            if change.begun > point or change.refused:
                continue
            if change.ended is not None and change.ended <= point:
                allowed = {change.value}
            else:
                allowed.add(change.value)
        return allowed

    def known(self) -> list[Key]:
        """All keys that were changed and not found to be gone."""
        return list(self._changes)

    def changes(self) -> Iterator[Change]:
        """All changes of all keys."""
        for changes in list(self._changes.values()):
            yield from changes

    def certain(self, point: int) -> int:
        """How many keys there are that must have one value, and may have no other."""
        return sum(len(self.allowed(key, point)) == 1 for key in self.known())

    def asked_since(self, point: int) -> tuple[int, int]:
        """How many changes clients asked for after a point, and how many were acknowledged.

        Each counts once, as long as no look has settled its key meanwhile.
        """
        asked = [change for change in self.changes() if change.asked and change.begun > point]
        return len(asked), sum(change.is_acknowledged for change in asked)
