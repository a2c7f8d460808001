"""Sign-ins that begin on one device and are allowed on another (RFC 8628)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from pratique.admission.attempts import source_of
from pratique.admission.pending_sign_ins import NotKept, Pending, PendingSignIns
from pratique.identity.user_codes import new_user_code
from pratique.identity.web_sign_in import Delegation, mark

DEVICE_CODE_LIFE: Final = timedelta(minutes=15)
INTERVAL_SECONDS: Final = 5
# By which a client that polls too fast must slow down each time (section 3.5).
_SLOWER_SECONDS: Final = 5
_LONGEST_INTERVAL_SECONDS: Final = 60
# A client's timer and the way there are not exact to the second.
_JITTER: Final = timedelta(seconds=1)
# So long it is still told that a code has expired rather than that it is unknown.
_REMEMBERED: Final = timedelta(minutes=30)
_DEVICE: Final = "device"
_USER_CODE: Final = "user-code"


class Answer(StrEnum):
    """What the user said."""

    NONE = "none"
    ALLOWED = "allowed"
    DENIED = "denied"


class DeviceRequest(msgspec.Struct, frozen=True):
    """One such sign-in.

    Attributes:
        client_id: of the client that asks.
        resource: for which it wants tokens.
        words: scopes of OpenID Connect that it asked for.
        asked_from: the address from which it asked.
        interval: seconds that it must leave between two polls.
        delegation: what the user allowed.
    """

    client_id: str
    resource: str
    words: tuple[str, ...]
    asked_from: str
    asked_at: datetime
    expires_at: datetime
    interval: int = INTERVAL_SECONDS
    polled_at: datetime | None = None
    answer: Answer = Answer.NONE
    delegation: Delegation | None = None


class PollOutcome(StrEnum):
    """What a poll comes to, when not to tokens."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    TOO_FAST = "too-fast"
    EXPIRED = "expired"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Started:
    """The codes of a new request: the client keeps the first, and shows the second."""

    device_code: str
    user_code: str


class DeviceRequests:
    """Keeps such requests.

    Args:
        pending: where.
        random_bytes: makes codes.
    """

    def __init__(self, pending: PendingSignIns, random_bytes: Callable[[int], bytes]) -> None:
        self._pending = pending
        self._random_bytes = random_bytes

    async def start(self, request: DeviceRequest) -> Started:
        """Keep a new request.

        Raises:
            NotKept: too many come from that address, or nothing can be written.
        """
        device_code = base64.urlsafe_b64encode(self._random_bytes(32)).rstrip(b"=").decode("ascii")
        key, at, owner = mark(device_code), request.asked_at, source_of(request.asked_from)
        body, until = msgspec.json.encode(request), request.expires_at + _REMEMBERED
        await self._pending.keep(Pending(_DEVICE, key, body, owner, until), at)
        for _ in range(8):
            code = new_user_code(self._random_bytes)
            named = Pending(_USER_CODE, code, key.encode("ascii"), owner, request.expires_at)
            if await self._pending.keep(named, at):
                return Started(device_code, code)
        raise NotKept("no code is free; try again in some minutes")

    async def named(self, user_code: str, at: datetime) -> DeviceRequest | None:
        """The request that waits for an answer under that code."""
        key = await self._pending.find(_USER_CODE, user_code, at)
        found = None if key is None else await self._read(key.decode("ascii"), at)
        if found is None or found[1].answer is not Answer.NONE or found[1].expires_at <= at:
            return None
        return found[1]

    async def answer(self, user_code: str, delegation: Delegation | None, at: datetime) -> bool:
        """Answer the request of that code, which is used up; whether it waited for one.

        Args:
            user_code: of the request.
            delegation: what the user allows; None to deny it.
            at: now, with a time zone.

        Raises:
            NotKept: nothing can be written.
        """
        key = await self._pending.take(_USER_CODE, user_code, at)
        if key is None:
            return False
        answer = Answer.DENIED if delegation is None else Answer.ALLOWED
        # A poll may come in between and note its time.
        for _ in range(8):
            found = await self._read(key.decode("ascii"), at)
            if found is None or found[1].expires_at <= at:
                return False
            if await self._write(key.decode("ascii"), found, answer=answer, delegation=delegation):
                return True
        return False

    async def poll(
        self, device_code: str, client_id: str, at: datetime
    ) -> Delegation | PollOutcome:
        """What the client that holds the code gets; the code is used up with a final answer.

        Args:
            device_code: as the client shows it.
            client_id: of that client.
            at: now, with a time zone.

        Raises:
            NotKept: nothing can be written.
        """
        key = mark(device_code)
        found = await self._read(key, at)
        if found is None or found[1].client_id != client_id:
            return PollOutcome.UNKNOWN
        _, request = found
        if request.expires_at <= at:
            return PollOutcome.EXPIRED
        if request.answer is Answer.NONE:
            return await self._note_poll(key, found, at)
        # Of two polls at once one gets the tokens.
        if await self._pending.take(_DEVICE, key, at) is None:
            return PollOutcome.UNKNOWN
        return request.delegation or PollOutcome.DENIED

    async def _note_poll(
        self, key: str, found: tuple[bytes, DeviceRequest], at: datetime
    ) -> PollOutcome:
        request = found[1]
        last, interval = request.polled_at, timedelta(seconds=request.interval)
        if last is None or at - last + _JITTER >= interval:
            await self._write(key, found, polled_at=at)
            return PollOutcome.PENDING
        slower = min(request.interval + _SLOWER_SECONDS, _LONGEST_INTERVAL_SECONDS)
        await self._write(key, found, polled_at=at, interval=slower)
        return PollOutcome.TOO_FAST

    async def _read(self, key: str, at: datetime) -> tuple[bytes, DeviceRequest] | None:
        body = await self._pending.find(_DEVICE, key, at)
        return None if body is None else (body, msgspec.json.decode(body, type=DeviceRequest))

    async def _write(self, key: str, found: tuple[bytes, DeviceRequest], **changes: object) -> bool:
        before, request = found
        after = msgspec.json.encode(msgspec.structs.replace(request, **changes))
        return await self._pending.replace(_DEVICE, key, before, after)
