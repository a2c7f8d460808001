"""The port behind which an LDAP server is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pratique.identity.ldap.entries import LdapContent
from pratique.identity.ldap.setup import LdapSetup


class LdapUnavailable(Exception):
    """The server gave no usable answer; the sentence says why, to the operator."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of a trial.

    Attributes:
        step: in a word or two.
        good: whether it went well; after one that did not there are no more.
        found: a sentence.
    """

    step: str
    good: bool
    found: str


class LdapDirectory(Protocol):
    """An LDAP server, asked by a setup that comes with each question; keeps nothing."""

    async def password_is_right(
        self, setup: LdapSetup, distinguished_name: str, password: str
    ) -> bool:
        """Whether the server takes this password for that entry (a simple bind).

        Args:
            setup: where to ask, and how.
            distinguished_name: not empty.
            password: not empty, since an empty one proves nothing (RFC 4513 section 5.1.2).

        Raises:
            LdapUnavailable: it could not be asked; nothing is known of the password.
        """
        ...

    async def read(self, setup: LdapSetup, at: datetime) -> LdapContent:
        """All users and groups, whole.

        Raises:
            LdapUnavailable: they cannot be had, or not all of them.
        """
        ...

    async def examine(
        self, setup: LdapSetup, user_name: str | None, password: str | None, at: datetime
    ) -> tuple[Finding, ...]:
        """Ask step by step, and say what was found; the last step is bad if any is.

        Args:
            setup: to try.
            user_name: somebody to look up; None for nobody.
            password: of that user, to be tried; None to try none.
            at: now, with a time zone.
        """
        ...
