"""Tokens from the registry's directory, kept until they are near their end.

Client credentials of OAuth2 (RFC 6749 section 4.4) at `/{tenant}/oauth2/v2.0/token`.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

import httpx

from pratique.agent.identities import HostedIdentity
from pratique.naming.errors import printable

RENEWED_BEFORE_END: Final = 300
MAX_KEPT: Final = 256
TIMEOUT_SECONDS: Final = 10.0
_MAX_ANSWER_BYTES = 256 * 1024
_WORDS = 400
_RESOURCE_ERRORS = frozenset({"invalid_scope", "invalid_resource", "invalid_target"})


class Failure(Enum):
    """Why there is no token."""

    AWAY = auto()
    TOO_MANY = auto()
    IDENTITY = auto()
    RESOURCE = auto()
    REQUEST = auto()


class NoToken(Exception):
    """The registry gave no token.

    Attributes:
        failure: which of its reasons.
        retry_after: seconds, when the registry said so.
    """

    def __init__(self, failure: Failure, sentence: str, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.failure = failure
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; times in seconds since 1970."""

    text: str = field(repr=False)
    obtained_at: int
    expires_at: int


def server_client(
    url: str, *, verified_by: ssl.SSLContext | bool, trust_env: bool
) -> httpx.AsyncClient:
    """A client for the registry at `url`.

    Args:
        url: `https://HOST`, or `http://` on this machine.
        verified_by: what the server's certificate must hold against; False for plain HTTP.
        trust_env: whether proxies of the environment are used.
    """
    return httpx.AsyncClient(
        base_url=url, verify=verified_by, timeout=TIMEOUT_SECONDS, trust_env=trust_env
    )


class Tokens:
    """Gets tokens, one request at a time for each identity and resource.

    Args:
        client: reaches the registry.
        clock: the time in seconds since 1970.
    """

    def __init__(self, client: httpx.AsyncClient, clock: Callable[[], float]) -> None:
        self._client = client
        self._clock = clock
        self._kept: OrderedDict[tuple[HostedIdentity, str], Token] = OrderedDict()
        self._coming: dict[tuple[HostedIdentity, str], asyncio.Task[Token]] = {}

    def now(self) -> int:
        """The time in whole seconds since 1970."""
        return int(self._clock())

    def forget(self) -> None:
        """Let go of all tokens that are kept."""
        self._kept.clear()

    async def token(self, identity: HostedIdentity, resource: str) -> Token:
        """A token of `identity` for `resource` that lives for five more minutes, if any does.

        Raises:
            NoToken: the registry refuses, or does not answer.
        """
        key = (identity, resource)
        kept = self._kept.get(key)
        if kept is not None and kept.expires_at - RENEWED_BEFORE_END > self.now():
            self._kept.move_to_end(key)
            return kept
        coming = self._coming.get(key)
        if coming is None:
            coming = asyncio.create_task(self._fetch(identity, resource))
            self._coming[key] = coming
            coming.add_done_callback(lambda done: self._arrived(key, done))
        # Whoever asked first may go away; others wait for the same answer.
        return await asyncio.shield(coming)

    def _arrived(self, key: tuple[HostedIdentity, str], done: asyncio.Task[Token]) -> None:
        del self._coming[key]
        if done.cancelled() or done.exception() is not None:
            return
        self._kept[key] = done.result()
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)

    async def _fetch(self, identity: HostedIdentity, resource: str) -> Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": identity.client_id,
            "client_secret": identity.secret,
            "scope": f"{resource}/.default",
        }
        asked_at = self.now()
        status, headers, content = await self._answer(identity.tenant, form)
        if status != 200:
            raise _refused(status, headers, content, identity)
        match content:
            case {"access_token": str(text), "expires_in": int(life)} if text and life > 0:
                return Token(text, asked_at, asked_at + life)
        raise NoToken(Failure.AWAY, "the registry's answer holds no token")

    async def _answer(
        self, tenant: str, form: Mapping[str, str]
    ) -> tuple[int, httpx.Headers, dict[str, Any]]:
        received = bytearray()
        try:
            async with self._client.stream(
                "POST", f"/{tenant}/oauth2/v2.0/token", data=form
            ) as response:
                async for piece in response.aiter_bytes():
                    received += piece
                    if len(received) > _MAX_ANSWER_BYTES:
                        raise NoToken(Failure.AWAY, "the registry's answer is too long")
        except httpx.TimeoutException as error:
            raise NoToken(
                Failure.AWAY, f"the registry did not answer within {TIMEOUT_SECONDS:.0f} seconds"
            ) from error
        except httpx.HTTPError as error:
            cause = printable(str(error), _WORDS)
            raise NoToken(Failure.AWAY, f"the registry gave no answer: {cause}") from error
        try:
            content = json.loads(received)
        except (ValueError, RecursionError):
            content = None
        parsed = content if isinstance(content, dict) else {}
        return response.status_code, response.headers, parsed


def _refused(
    status: int, headers: httpx.Headers, content: Mapping[str, Any], identity: HostedIdentity
) -> NoToken:
    code = str(content.get("error", ""))
    words = printable(str(content.get("error_description", f"status {status}")), _WORDS)
    if status == 429:
        after = headers.get("retry-after", "")
        seconds = int(after) if after.isascii() and after.isdigit() and len(after) < 6 else None
        return NoToken(Failure.TOO_MANY, words, seconds)
    if status >= 500 or status < 400 or not code:
        return NoToken(Failure.AWAY, f"the registry gave no token: {words}")
    if code in _RESOURCE_ERRORS:
        return NoToken(Failure.RESOURCE, words)
    if status == 401 or code in {"invalid_client", "unauthorized_client"}:
        return NoToken(
            Failure.IDENTITY,
            f"the registry does not take this host's secret for `{identity.name}`: {words}",
        )
    return NoToken(Failure.REQUEST, words)
