"""Authorization codes (RFC 6749 section 4.1.2, RFC 7636): made once, redeemed once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from pratique.admission.pending_sign_ins import Pending, PendingSignIns
from pratique.admission.user_gate import UserGate
from pratique.identity.directory_tokens import DIRECTORY_TOKEN_LIFE
from pratique.identity.web_sign_in import REFRESH_LIFE, Delegation, mark

CODE_LIFE: Final = timedelta(minutes=5)
_CODE: Final = "code"
_SPENT: Final = "spent-code"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


class AuthorizationCode(msgspec.Struct, frozen=True):
    """What a code stands for.

    Attributes:
        redirect_uri: to which it was sent; whoever redeems it must name the same.
        challenge: SHA-256 of the verifier that whoever redeems it must show (PKCE, S256).
        nonce: which the id token repeats; empty for none.
    """

    delegation: Delegation
    redirect_uri: str
    challenge: str
    nonce: str


class CodeRefused(Exception):
    """A code is not redeemed; the sentence says why.

    Attributes:
        replayed: whether it was redeemed before.
        verifier: whether the verifier is what is wrong.
    """

    def __init__(self, sentence: str, *, replayed: bool = False, verifier: bool = False) -> None:
        super().__init__(sentence)
        self.replayed = replayed
        self.verifier = verifier


def is_challenge(text: str) -> bool:
    """Whether `text` can be a PKCE challenge of the method S256."""
    return _CHALLENGE.fullmatch(text) is not None


class AuthorizationCodes:
    """Makes and redeems codes.

    Args:
        pending: keeps them.
        gate: is told which sign-ins are void.
        random_bytes: makes them.
    """

    def __init__(
        self, pending: PendingSignIns, gate: UserGate, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._pending = pending
        self._gate = gate
        self._random_bytes = random_bytes

    async def make(self, content: AuthorizationCode, at: datetime) -> str:
        """A new code.

        Raises:
            NotKept: there is no room for it.
        """
        code = base64.urlsafe_b64encode(self._random_bytes(32)).rstrip(b"=").decode("ascii")
        body, owner = msgspec.json.encode(content), content.delegation.object_id
        await self._pending.keep(Pending(_CODE, mark(code), body, owner, at + CODE_LIFE), at)
        return code

    async def redeem(
        self, code: str, *, client_id: str, redirect_uri: str, verifier: str, at: datetime
    ) -> AuthorizationCode:
        """What the code stands for; it is spent with this, whatever comes of it.

        A code that comes a second time was stolen from somebody, so what was made of it the first
        time has no force any more either (RFC 6749 section 4.1.2).

        Args:
            code: as the client shows it.
            client_id: of the client that shows it.
            redirect_uri: which the client says that it came to.
            verifier: of PKCE.
            at: now, with a time zone.

        Raises:
            CodeRefused: with the reason.
            NotKept: it cannot be written down that it is spent.
        """
        key = mark(code)
        body = await self._pending.find(_CODE, key, at)
        if body is None:
            raise await self._unknown(key, at)
        content = msgspec.json.decode(body, type=AuthorizationCode)
        delegation = content.delegation
        until = at + DIRECTORY_TOKEN_LIFE
        spent = Pending(_SPENT, key, msgspec.json.encode(delegation), delegation.object_id, until)
        # Of several that come at once one writes this, and the others are told from it.
        if not await self._pending.keep(spent, at):
            raise await self._unknown(key, at)
        await self._pending.take(_CODE, key, at)
        if delegation.client_id != client_id:
            raise CodeRefused("the authorization code was made for another client")
        if content.redirect_uri != redirect_uri:
            raise CodeRefused(
                "`redirect_uri` is not the one that the authorization code was sent to"
            )
        if not _verifies(verifier, content.challenge):
            raise CodeRefused(
                "`code_verifier` does not fit the code challenge of the authorization request",
                verifier=True,
            )
        return content

    async def _unknown(self, key: str, at: datetime) -> CodeRefused:
        spent = await self._pending.find(_SPENT, key, at)
        if spent is None:
            return CodeRefused("the authorization code is unknown or older than five minutes")
        delegation = msgspec.json.decode(spent, type=Delegation)
        await self._gate.void(delegation.sign_in_id, delegation.object_id, at + REFRESH_LIFE, at)
        return CodeRefused(
            "the authorization code was redeemed before; what the directory made of it is taken no "
            "more",
            replayed=True,
        )


def _verifies(verifier: str, challenge: str) -> bool:
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    made = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode("ascii"))
