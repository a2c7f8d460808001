"""The requests that bring a registry refresh token (reference 2.3 and 2.4)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from pratique.cli.failures import Failed
from pratique.cli.session import FORM, Call, Reply, Transport, problem_of

_CLIENT = "pratique"
_SERVICE = re.compile(r"Bearer\b.*?\bservice=\"([^\"]+)\"", re.IGNORECASE)


class TokenRefused(Failed):
    """The registry does not take what was shown; the message is its own."""


class NoTokenEndpoint(Failed):
    """The server gives no tokens in this way, as registries of other makers may not."""


@dataclass(frozen=True, slots=True, repr=False)
class Granted:
    """What a registry gave.

    Attributes:
        refresh_token: None when it gave none.
        seconds: how long the access token lives that came with it, which never outlives the
            refresh token; None when the registry does not say.
    """

    refresh_token: str | None
    seconds: int | None


def by_password(transport: Transport, host: str, user: str, password: str) -> Granted:
    """A token for a user name and a password, client secret or registry token.

    Raises:
        TokenRefused, NoTokenEndpoint: as they say.
        Failed: no answer, or none that can be used.
    """
    shown = {"grant_type": "password", "username": user, "password": password}
    return _granted(transport, "/oauth2/token", host, {**shown, "access_type": "offline"})


def by_refresh_token(transport: Transport, host: str, refresh_token: str) -> Granted:
    """A token for a refresh token: a younger one where the registry gives such, or the same.

    Raises:
        TokenRefused, NoTokenEndpoint: as they say.
        Failed: no answer, or none that can be used.
    """
    shown = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _granted(transport, "/oauth2/token", host, {**shown, "access_type": "offline"})


def by_outside_token(transport: Transport, host: str, token: str) -> Granted:
    """A token for the JWT of an issuer that the registry trusts.

    Raises:
        TokenRefused, NoTokenEndpoint: as they say.
        Failed: no answer, or none that can be used.
    """
    shown = {"grant_type": "access_token", "access_token": token}
    return _granted(transport, "/oauth2/exchange", host, shown)


def _granted(transport: Transport, path: str, host: str, shown: dict[str, str]) -> Granted:
    reply = _asked(transport, path, host, shown)
    if reply.status == 400:
        # A registry that is reached by another name than its own makes tokens for its own alone.
        service = _service_of(transport)
        if service not in {None, host}:
            reply = _asked(transport, path, service or host, shown)
    if reply.status == 200:
        return _read(reply)
    code, message = problem_of(reply, host)
    if reply.status in {401, 403}:
        raise TokenRefused(message, code=code)
    if reply.status in {400, 404, 405}:
        raise NoTokenEndpoint(message, code=code)
    raise Failed(message, code=code)


def _asked(transport: Transport, path: str, service: str, shown: dict[str, str]) -> Reply:
    form = {**shown, "service": service, "client_id": _CLIENT}
    return transport.send(Call("POST", path, {}, urlencode(form).encode(), content_type=FORM))


def _service_of(transport: Transport) -> str | None:
    """The name for which the registry makes tokens, as its challenge tells every client."""
    found = _SERVICE.match(transport.send(Call("GET", "/v2/")).challenge or "")
    return found[1] if found else None


def _read(reply: Reply) -> Granted:
    try:
        content = json.loads(reply.content)
    except ValueError:
        return Granted(None, None)
    if not isinstance(content, dict):
        return Granted(None, None)
    token, seconds = content.get("refresh_token"), content.get("expires_in")
    return Granted(
        token if isinstance(token, str) and token else None,
        seconds if isinstance(seconds, int) else None,
    )
