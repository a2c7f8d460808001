"""Sign-in with a user name and a secret: who it is, or why not.

What is said depends on what was proved: whoever shows the right secret is told that it has expired
or that the account is disabled; everybody else learns only that name and secret do not fit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from pratique.access import AdminUser, DirectoryPrincipal, RepositoryToken, Subject
from pratique.identity.directory import Account
from pratique.identity.records import (
    AdminAccount,
    Application,
    StoredSecret,
    TokenAccount,
    User,
)
from pratique.identity.secrets import secret_matches


class SignInFailure(StrEnum):
    """Why a sign-in was refused."""

    WRONG = "wrong-name-or-secret"
    SECRET_EXPIRED = "secret-expired"
    ACCOUNT_DISABLED = "account-disabled"
    TOKEN_EXPIRED = "registry-token-expired"
    TOKEN_INVALID = "registry-token-invalid"
    CREDENTIAL_REVOKED = "credential-revoked"
    ASSERTION_INVALID = "client-assertion-invalid"
    SECOND_FACTOR_MISSING = "second-factor-missing"
    SECOND_FACTOR_WRONG = "second-factor-wrong"
    TOO_MANY = "too-many-attempts"
    LDAP_UNAVAILABLE = "ldap-server-unavailable"


PasswordCheck = Callable[[User | None, str], Awaitable[bool]]
"""Whether a password is a user's; for None it takes as long, and is not."""


class SignInRefused(Exception):
    """A credential did not prove anybody.

    Attributes:
        reason: for records and remedies.
        retry_after_seconds: when more attempts make sense, after too many.
    """

    def __init__(
        self, reason: SignInFailure, sentence: str, retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody proved to be somebody.

    Attributes:
        name: as it was signed in with; for people to read.
        credential_id: of the secret or password that was shown.
    """

    subject: Subject
    name: str
    credential_id: str


async def sign_in(
    account: Account | None,
    user_name: str,
    password: str,
    *,
    at: datetime,
    admin_enabled: bool,
    right: PasswordCheck,
) -> SignedIn:
    """Check `password` against `account`.

    Args:
        account: whose name `user_name` is, None when nobody's.
        user_name: as the caller wrote it.
        password: as the caller wrote it.
        at: now, with a time zone.
        admin_enabled: whether the registry has its admin user switched on.
        right: checks what people chose.

    Raises:
        SignInRefused: with the reason.
    """
    match account:
        case Application():
            secret = _find(account.secrets, password, at)
            signed = SignedIn(
                DirectoryPrincipal(account.object_id), account.display_name, secret.secret_id
            )
            enabled = account.enabled
        case TokenAccount():
            secret = _find(account.passwords, password, at)
            signed = SignedIn(RepositoryToken(account.name), account.name, secret.secret_id)
            enabled = account.enabled
        case AdminAccount():
            secret = _find(account.passwords, password, at)
            signed = SignedIn(AdminUser(), user_name, secret.secret_id)
            enabled = admin_enabled
        case User():
            if not await right(account, password):
                raise _wrong()
            signed = SignedIn(
                DirectoryPrincipal(account.object_id), account.user_name, account.password_id
            )
            enabled = account.enabled
            if enabled and account.totp_secret:
                raise second_factor_missing(account)
        case None:
            await right(None, password)
            raise _wrong()
        case _:
            assert_never(account)
    if not enabled:
        # The admin user bears the registry's name, which would read as if that were disabled.
        admin = isinstance(account, AdminAccount)
        who = "the admin user of this registry" if admin else f"`{signed.name}`"
        raise SignInRefused(
            SignInFailure.ACCOUNT_DISABLED,
            f"{who} is disabled; ask the operator of this registry to enable it",
        )
    return signed


def second_factor_missing(user: User) -> SignInRefused:
    """The refusal of a password that is right and, for this user, not enough."""
    return SignInRefused(
        SignInFailure.SECOND_FACTOR_MISSING,
        f"`{user.user_name}` signs in with a one-time password too, which only the sign-in page "
        "asks for; use a client that opens it or shows a code for it, as `az login` does",
    )


def _find(secrets: Iterable[StoredSecret], shown: str, at: datetime) -> StoredSecret:
    # Every secret is compared, so that the time does not tell which one was nearly right.
    matching = [s for s in secrets if secret_matches(shown, s.digest)]
    if not matching:
        raise _wrong()
    standing = [s for s in matching if not s.expired(at)]
    if not standing:
        when = matching[0].expires_at
        raise SignInRefused(
            SignInFailure.SECRET_EXPIRED,
            f"the secret `{matching[0].name}` expired at {when:%Y-%m-%d %H:%M} UTC; "
            "ask for a new one",
        )
    return standing[0]


def _wrong() -> SignInRefused:
    return SignInRefused(SignInFailure.WRONG, "the user name or the password is wrong")
