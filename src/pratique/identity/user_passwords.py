"""Whether a user's password is right, wherever it is kept: as a hash here, or by an LDAP server."""

from __future__ import annotations

import asyncio
from typing import Final

from pratique.identity.ldap import LdapDirectory, LdapSetup, LdapUnavailable
from pratique.identity.passwords import MAX_LENGTH, PasswordHasher
from pratique.identity.records import LdapOrigin, User
from pratique.identity.sign_in import SignInFailure, SignInRefused

_CANNOT_BE_ASKED: Final = (
    "the LDAP server that keeps this password cannot be asked now, so nobody is let in by it; try "
    "again later (its operator finds the cause with `pratique ldap test`)"
)


class UserPasswords:
    """Checks passwords of users.

    Args:
        hasher: checks those that are kept here.
        ldap: asks the LDAP server for the others; None where there is none to ask.
    """

    def __init__(self, hasher: PasswordHasher, ldap: LdapDirectory | None = None) -> None:
        self._hasher = hasher
        self._ldap = ldap

    async def right(self, user: User | None, password: str, setup: LdapSetup | None) -> bool:
        """Whether this is the user's password; never for nobody.

        Nothing is remembered of a password that an LDAP server keeps: it is asked each time.

        Args:
            user: None for a name that nobody has, which takes as long as a wrong password.
            password: as it was typed.
            setup: of the LDAP server; None where none is set up.

        Raises:
            SignInRefused: the LDAP server cannot be asked.
        """
        if user is None or user.ldap is None:
            return await self._hasher.matches(password, user.password_hash if user else None)
        # Beside it runs what a name that nobody has would cost: a server that answers fast does
        # not tell by its speed whose password it keeps.
        right, _ = await asyncio.gather(
            self._bound(user.ldap, password, setup), self._hasher.matches(password, None)
        )
        return right

    async def _bound(self, origin: LdapOrigin, password: str, setup: LdapSetup | None) -> bool:
        if not _can_be_shown(password) or not origin.distinguished_name:
            return False
        if setup is None or self._ldap is None:
            raise SignInRefused(SignInFailure.LDAP_UNAVAILABLE, _CANNOT_BE_ASKED)
        try:
            return await self._ldap.password_is_right(setup, origin.distinguished_name, password)
        except LdapUnavailable as error:
            raise SignInRefused(SignInFailure.LDAP_UNAVAILABLE, _CANNOT_BE_ASKED) from error


def _can_be_shown(password: str) -> bool:
    """Whether a bind with this password would prove anything.

    One with an empty password succeeds without proof (RFC 4513 section 5.1.2), and what follows a
    NUL may be lost on the way.
    """
    try:
        password.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return 0 < len(password) <= MAX_LENGTH and "\0" not in password
