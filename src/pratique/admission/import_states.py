"""What is known of imports, kept for a day where all workers look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import msgspec

from pratique.admission.errors import AlreadyExists, ControlError, NotFound, Unacceptable
from pratique.admission.pending_sign_ins import NotKept, Pending, PendingSignIns
from pratique.registry.importing import Why

KEPT_FOR: Final = timedelta(days=1)
PULSE_SECONDS: Final = 15.0
GONE_AFTER: Final = timedelta(minutes=2)
"""An import whose worker has said nothing for so long has broken off."""
_KIND: Final = "import"


class ImportState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of an import.

    Attributes:
        owner: kind and id of who began it, by which they are known again.
        registry: id of the registry into which it goes; empty for the home registry.
        seen_at: when its worker last said that it goes on.
        ended: whether it did.
        why: it did not succeed; empty when it did.
        sentence: the same for people.
    """

    import_id: str
    owner: tuple[str, str]
    registry: str
    seen_at: datetime
    ended: bool = False
    why: str = ""
    sentence: str = ""
    digest: str = ""
    size: int = 0


def succeeded(state: ImportState) -> ImportState:
    """The state of an import that ended well, or has not ended.

    Raises:
        ControlError: it failed.
    """
    if state.why:
        raise control_error(Why(state.why), state.sentence)
    return state


def control_error(why: Why, sentence: str) -> ControlError:
    """A failure as those who began the import are told of it."""
    match why:
        case Why.NOT_FOUND:
            return NotFound(sentence)
        case Why.TAG_EXISTS:
            return AlreadyExists(sentence)
        case _:
            # No 5xx: clients send those again by themselves, and an import is not for that.
            return Unacceptable(sentence)


def failed(state: ImportState, why: Why, sentence: str) -> ImportState:
    """The state of an import that ended without success."""
    return changed(state, ended=True, why=str(why), sentence=sentence)


def changed(state: ImportState, **changes: Any) -> ImportState:
    """The state with some of it changed."""
    return msgspec.structs.replace(state, **changes)


class KeptImports:
    """Keeps the states of imports.

    Args:
        pending: where they are kept; losing them is losing the answer, and not the image.
        clock: gives now, with a time zone.
    """

    def __init__(self, pending: PendingSignIns, clock: Callable[[], datetime]) -> None:
        self._pending = pending
        self._clock = clock

    async def keep(self, state: ImportState) -> None:
        """Take a new one.

        Raises:
            ControlError: its owner, or all together, began too many within a day.
        """
        pending = Pending(
            _KIND,
            _mark(state.import_id),
            msgspec.json.encode(state),
            "/".join(state.owner),
            state.seen_at + KEPT_FOR,
        )
        try:
            await self._pending.keep(pending, state.seen_at)
        except NotKept as error:
            raise ControlError("too many imports were begun today; try again later") from error

    async def replace(self, state: ImportState) -> None:
        """Let it be so; nothing where it is not kept any more, or nothing can be written."""
        key = _mark(state.import_id)
        with suppress(NotKept):
            before = await self._pending.find(_KIND, key, self._clock())
            if before is not None:
                await self._pending.replace(_KIND, key, before, msgspec.json.encode(state))

    async def find(self, import_id: str) -> ImportState | None:
        """What is known of one; None for nothing."""
        now = self._clock()
        body = await self._pending.find(_KIND, _mark(import_id), now)
        if body is None:
            return None
        found = msgspec.json.decode(body, type=ImportState)
        if not found.ended and now - found.seen_at > GONE_AFTER:
            return broken_off(found)
        return found

    async def pulse(self, state: ImportState) -> None:
        """Say again and again that an import goes on, until cancelled."""
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            await self.replace(changed(state, seen_at=self._clock()))


def broken_off(state: ImportState) -> ImportState:
    """The state of an import whose worker is gone."""
    return failed(state, Why.BROKE_OFF, "the import broke off; start it again")


def _mark(import_id: str) -> str:
    return sha256(import_id.encode()).hexdigest()
