"""The Authorization header (RFC 9110 section 11.6.2) as credentials."""

from __future__ import annotations

import base64
import binascii

from pratique.identity import BasicCredentials, BearerToken, Credentials, NoCredentials

MAX_LENGTH = 24 * 1024


class UnreadableCredentials(ValueError):
    """The header is there and says nothing that can be checked."""


def parse_authorization(value: str | None) -> Credentials:
    """What the caller shows.

    Raises:
        UnreadableCredentials: another scheme, broken base64, no colon, or too long. Such a caller
            is refused rather than taken for an anonymous one.
    """
    if value is None:
        return NoCredentials()
    scheme, _, rest = value.partition(" ")
    rest = rest.strip()
    if len(value) > MAX_LENGTH:
        raise UnreadableCredentials("the Authorization header is too long")
    match scheme.lower():
        case "bearer" if rest:
            return BearerToken(rest)
        case "basic":
            return _basic(rest)
        case _:
            raise UnreadableCredentials("the Authorization header is neither Basic nor Bearer")


def _basic(encoded: str) -> BasicCredentials:
    try:
        decoded = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise UnreadableCredentials("the Basic credentials are not base64 of UTF-8") from error
    user_name, colon, password = decoded.partition(":")
    if not colon:
        raise UnreadableCredentials("the Basic credentials have no colon")
    return BasicCredentials(user_name, password)
