"""What a node shows to pull an image, by whichever way it is known, and for how long it is good."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from pratique.cli.failures import Failed
from pratique.cli.logins import Logins
from pratique.cli.renewal import Connect, renewed
from pratique.cli.servers import NULL_GUID, host_of
from pratique.cli.token_requests import Granted, by_outside_token, by_password

LONGEST_CACHE_SECONDS = 3600
# Where nothing says how long a token lives.
CAUTIOUS_CACHE_SECONDS = 300


@dataclass(frozen=True, slots=True, repr=False)
class Client:
    """A service principal: client id and client secret."""

    client_id: str
    secret: str


@dataclass(frozen=True, slots=True, repr=False)
class PullCredential:
    """User name and secret for a registry.

    Attributes:
        cache_seconds: for which they may be used without asking again, with time to spare for the
            pull that begins at the end of it.
    """

    user: str
    secret: str
    cache_seconds: int


def of_service_account(
    url: str, token: str, connect: Connect, ca_file: Path | None
) -> PullCredential:
    """A registry token in exchange for a Kubernetes service account's token.

    Raises:
        Failed: the registry refuses or cannot be reached.
    """
    host, transport = host_of(url), connect(url, ca_file)
    try:
        return _credential(host, by_outside_token(transport, host, token))
    finally:
        transport.close()


def of_client(url: str, client: Client, connect: Connect, ca_file: Path | None) -> PullCredential:
    """A registry token for a service principal.

    Raises:
        Failed: the registry refuses or cannot be reached.
    """
    host, transport = host_of(url), connect(url, ca_file)
    try:
        granted = by_password(transport, host, client.client_id, client.secret)
        return _credential(host, granted)
    finally:
        transport.close()


def of_login(host: str, logins: Logins, connect: Connect) -> PullCredential | None:
    """What the login to a host shows, renewed where it can be; None without a login.

    Raises:
        Failed: the login has ended.
    """
    login = logins.of(host)
    if login is None:
        return None
    fresh, seconds = renewed(login, logins, connect)
    user, secret = fresh.shown(NULL_GUID)
    return PullCredential(user, secret, _cached_for(seconds))


def _credential(host: str, granted: Granted) -> PullCredential:
    if granted.refresh_token is None:
        raise Failed(f"{host} gave no refresh token")
    seconds = granted.seconds
    if seconds is None:
        seconds = _life(granted.refresh_token)
    return PullCredential(NULL_GUID, granted.refresh_token, _cached_for(seconds))


def _cached_for(seconds: int | None) -> int:
    if seconds is None:
        return CAUTIOUS_CACHE_SECONDS
    return max(0, min(LONGEST_CACHE_SECONDS, seconds // 2))


def _life(token: str) -> int | None:
    """The seconds for which a token that was just made lives, by its own claims.

    They are not verified: a lie would only make the kubelet ask the registry too late or too often.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return int(claims["exp"]) - int(claims["iat"])
    except (ValueError, LookupError, TypeError):
        return None
