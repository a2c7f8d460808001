"""What a caller may show: nothing, a user name with a password, or a bearer token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

NULL_GUID: Final = "00000000-0000-0000-0000-000000000000"
"""The user name that says "my password is a registry token" (reference section 1)."""


@dataclass(frozen=True, slots=True)
class NoCredentials:
    """The caller showed nothing."""


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    """A user name and a password (RFC 7617), not yet checked; the password is never printed."""

    user_name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A bearer token (RFC 6750), not yet verified; never printed."""

    unverified: str = field(repr=False)


Credentials = NoCredentials | BasicCredentials | BearerToken
