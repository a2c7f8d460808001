"""The gate for people: the steps of signing in at the directory's own pages.

Counted as at every other sign-in (`attempts`), under the user name; one-time passwords are counted
apart, since a right password forgives wrong ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from pratique.admission.attempts import SignInAttempts, Turns, check_patience, source_of
from pratique.admission.pending_sign_ins import Pending, PendingSignIns
from pratique.admission.snapshot import Snapshot
from pratique.identity import SignInFailure, SignInRefused, User, UserPasswords
from pratique.identity.sign_in import second_factor_missing
from pratique.identity.totp import DRIFT, STEP, step_of

_USED: Final = "totp"
_VOID: Final = "void"


class UserGate:
    """Authenticates users step by step, and says whether a former sign-in still stands.

    Args:
        attempts: remembers wrong sign-ins.
        passwords: checks passwords.
        pending: remembers which one-time passwords were used, and which sign-ins are void.
    """

    def __init__(
        self, attempts: SignInAttempts, passwords: UserPasswords, pending: PendingSignIns
    ) -> None:
        self._attempts = attempts
        self._passwords = passwords
        self._pending = pending
        self._turns = Turns()

    async def by_password(
        self, snapshot: Snapshot, user_name: str, password: str, *, source: str, at: datetime
    ) -> User:
        """The user with this password; a second factor may be wanted still.

        Args:
            snapshot: law and directory of this request.
            user_name: as it was typed.
            password: as it was typed.
            source: the client's address.
            at: now, with a time zone.

        Raises:
            SignInRefused: with the same words, and after the same time, for a name that nobody
                has and for a wrong password.
        """
        account = user_name.casefold()[:256]
        user = snapshot.directory.users.get(account)
        async with self._counted(source, account, at):
            right = await self._passwords.right(user, password, snapshot.ldap)
            if user is None or not right:
                raise SignInRefused(SignInFailure.WRONG, "the user name or the password is wrong")
        return _enabled(user)

    async def by_password_alone(
        self, snapshot: Snapshot, user_name: str, password: str, *, source: str, at: datetime
    ) -> User:
        """As `by_password`, for a way to sign in that cannot ask for more.

        Raises:
            SignInRefused: as there, or the user has a second factor.
        """
        user = await self.by_password(snapshot, user_name, password, source=source, at=at)
        if user.totp_secret:
            raise second_factor_missing(user)
        return user

    async def second_factor(self, user: User, typed: str, *, source: str, at: datetime) -> None:
        """Check a one-time password, and use it up.

        Raises:
            SignInRefused: it is wrong, was used before, or there were too many wrong ones.
            NotKept: it cannot be written down that it was used, so it is not taken.
        """
        async with self._counted(source, f"totp:{user.object_id}", at):
            step = step_of(user.totp_secret, typed, at)
            if step is None:
                raise SignInRefused(
                    SignInFailure.SECOND_FACTOR_WRONG,
                    "the code is wrong; type the one that your authenticator shows now",
                )
        mark = hashlib.sha256(f"{user.totp_secret} {step}".encode()).hexdigest()
        until = at + STEP * (2 * DRIFT + 2)
        if not await self._pending.keep(Pending(_USED, mark, b"", user.object_id, until), at):
            raise SignInRefused(
                SignInFailure.SECOND_FACTOR_WRONG,
                "the code was used already; wait until your authenticator shows another",
            )

    async def still(
        self, snapshot: Snapshot, object_id: str, credential_id: str, sign_in_id: str, at: datetime
    ) -> User:
        """The user who signed in before.

        Args:
            snapshot: law and directory of this request.
            object_id: the user's.
            credential_id: of the password that was shown then.
            sign_in_id: of that sign-in.
            at: now, with a time zone.

        Raises:
            SignInRefused: the user is gone or disabled, has another password, was signed out
                everywhere, or the sign-in is void.
        """
        user = snapshot.directory.by_object_id.get(object_id)
        stands = (
            isinstance(user, User)
            and user.password_id == credential_id
            and await self._pending.find(_VOID, sign_in_id, at) is None
        )
        if not stands or not isinstance(user, User):
            raise SignInRefused(
                SignInFailure.CREDENTIAL_REVOKED,
                "the sign-in has no force any more, since the password was changed, the user was "
                "signed out, or a code was used twice; sign in again",
            )
        return _enabled(user)

    async def void(self, sign_in_id: str, object_id: str, until: datetime, at: datetime) -> None:
        """Let everything that goes back to one sign-in have no force any more.

        Args:
            sign_in_id: of that sign-in.
            object_id: of the user.
            until: when the last of it would have ended.
            at: now, with a time zone.

        Raises:
            NotKept: it cannot be written down.
        """
        await self._pending.keep(Pending(_VOID, sign_in_id, b"", object_id, until), at)

    @asynccontextmanager
    async def guesses(self, source: str, at: datetime) -> AsyncIterator[None]:
        """Count what is refused inside as a wrong guess of this source at a user code.

        Raises:
            SignInRefused: there were too many.
        """
        # One's own code is easily had, so a right one forgives nothing.
        async with self._counted(source, f"user-code:{source_of(source)}", at, forgives=False):
            yield

    @asynccontextmanager
    async def _counted(
        self, source: str, account: str, at: datetime, *, forgives: bool = True
    ) -> AsyncIterator[None]:
        counted = source_of(source)
        # Held from the look at the count until the count: guesses sent at once come one by one.
        async with self._turns.of(counted, account):
            await check_patience(self._attempts, counted, account, at)
            try:
                yield
            except SignInRefused as refused:
                # Nobody guessed wrong when nobody could say whether it was right.
                if refused.reason is not SignInFailure.LDAP_UNAVAILABLE:
                    await self._attempts.failed(counted, account, at)
                raise
            standing = await self._attempts.standing(counted, account, at)
            if forgives and (not standing.known or standing.pair.failures):
                await self._attempts.succeeded(counted, account, at)


def _enabled(user: User) -> User:
    if not user.enabled:
        raise SignInRefused(
            SignInFailure.ACCOUNT_DISABLED,
            f"`{user.user_name}` is disabled; ask the operator of this registry to enable it",
        )
    return user
