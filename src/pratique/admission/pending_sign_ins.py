"""Sign-ins on their way: things that live for minutes, are used once, and all workers share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

# For one owner and kind, and in all: a flood is refused, it does not push out what is there.
PER_OWNER: Final = 500
IN_ALL: Final = 100_000


@dataclass(frozen=True, slots=True)
class Pending:
    """One thing.

    Attributes:
        kind: what it is; keys are unique within a kind.
        key: by which it is found; a mark of what the client holds, never that itself.
        body: what is known of it.
        owner: who had it made: a client's address or a user's object id.
        until: when it is forgotten.
    """

    kind: str
    key: str
    body: bytes
    owner: str
    until: datetime


class NotKept(Exception):
    """There is no room for more, or nothing can be written; the sign-in cannot go on."""


class PendingSignIns(Protocol):
    """Keeps things until they are used or forgotten. Losing them all in a crash is acceptable."""

    async def keep(self, pending: Pending, at: datetime) -> bool:
        """Keep a thing; False, and nothing changes, when its key is taken.

        Raises:
            NotKept: too many of its owner or in all, or nothing can be written.
        """
        ...

    async def find(self, kind: str, key: str, at: datetime) -> bytes | None:
        """The body of what is not yet forgotten at `at`."""
        ...

    async def take(self, kind: str, key: str, at: datetime) -> bytes | None:
        """The body, which is gone with this; of several that ask at once, one gets it.

        Raises:
            NotKept: nothing can be written.
        """
        ...

    async def replace(self, kind: str, key: str, before: bytes, after: bytes) -> bool:
        """Let the body be `after` if it is still `before`; whether it was.

        Raises:
            NotKept: nothing can be written.
        """
        ...
