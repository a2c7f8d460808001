"""A kept login made fit for the next pull, without asking its user."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from pratique.cli.failures import Failed
from pratique.cli.logins import Login, Logins
from pratique.cli.servers import shortest
from pratique.cli.session import Transport
from pratique.cli.token_requests import TokenRefused, by_password, by_refresh_token

Connect = Callable[[str, Path | None], Transport]

# An access token outlives no refresh token, and a long pull asks for several; a login with less
# than this before it is renewed while it still can be used.
LONG_ENOUGH_SECONDS = 3600


class LoginEnded(Failed):
    """A login has no force any more and cannot renew itself; says what to type."""


def renewed(login: Login, logins: Logins, connect: Connect) -> tuple[Login, int | None]:
    """A login that the registry takes now, and for how many seconds it surely will.

    The registry is asked, because a token may have lost its force before its time. Where the
    registry does not answer, the login is given as it is: the client will see for itself.

    Args:
        login: as it is kept.
        logins: where a renewed one is put.
        connect: makes a transport of a URL and a file of certificates.

    Raises:
        LoginEnded: the registry refuses it, and the secret too where one is kept.
    """
    if not login.refresh_token:
        return login, None
    transport = connect(login.url, login.trusts)
    try:
        granted = by_refresh_token(transport, login.host, login.refresh_token)
        if login.secret is not None and (granted.seconds or 0) < LONG_ENOUGH_SECONDS:
            with contextlib.suppress(Failed):
                return _signed_in_again(login, logins, transport)
        younger = granted.refresh_token
        if younger is not None and younger != login.refresh_token:
            kept = logins.renew(login, lambda stale: replace(stale, refresh_token=younger))
            return kept or login, granted.seconds
    except TokenRefused as refused:
        if login.secret is None:
            raise _ended(login, refused) from refused
        return _signed_in_again(login, logins, transport)
    except Failed:
        return login, None
    finally:
        transport.close()
    return login, granted.seconds


def _signed_in_again(
    login: Login, logins: Logins, transport: Transport
) -> tuple[Login, int | None]:
    seconds: int | None = None

    def sign_in(stale: Login) -> Login:
        nonlocal seconds
        granted = by_password(transport, stale.host, stale.user, stale.secret or "")
        seconds = granted.seconds
        if granted.refresh_token is None:
            raise TokenRefused(f"{stale.host} gave no refresh token")
        return replace(stale, refresh_token=granted.refresh_token)

    try:
        kept = logins.renew(login, sign_in)
    except TokenRefused as refused:
        raise _ended(login, refused) from refused
    if kept is None:
        raise LoginEnded(f"you have logged out of {login.host}")
    return kept, seconds


def _ended(login: Login, refused: TokenRefused) -> LoginEnded:
    return LoginEnded(
        f"the login to {login.host} as `{login.user}` has ended; "
        f"type `pratique login {shortest(login)}`. {login.host} says: {refused.message}"
    )
