"""What a token says of itself. Nothing is verified: the registry does that."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from pratique.diagnosis.facts.conversation import Grant

_LONGEST: Final = 64 * 1024
# Seconds of a calendar's time, before and after 1970: up to the year 3871.
_LARGEST: Final = 6e10


def read_claims(token: str) -> dict[str, Any] | None:
    """The claims of a JWT (RFC 7519); None when it is none."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _LONGEST:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        found = json.loads(
            base64.urlsafe_b64decode(padded),
            parse_int=_number,
            parse_float=_number,
            parse_constant=_number,
        )
    except (binascii.Error, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def read_grant(token: str, repository: str) -> Grant:
    """What an access token allows on a repository (distribution's `access` claim).

    Args:
        token: opaque, or a JWT.
        repository: that was asked for.
    """
    claims = read_claims(token)
    if claims is None:
        return Grant(readable=False, actions=None)
    access = claims.get("access")
    others = {name: value for name, value in claims.items() if name != "access"}
    if access is None:
        # A registry may leave the list out when it is empty, and others never write one.
        return Grant(readable=True, actions=None, claims=others)
    entries = access if isinstance(access, list) else []
    lists = (
        entry.get("actions")
        for entry in entries
        if isinstance(entry, dict) and entry.get("name") == repository
    )
    actions = {str(action) for listed in lists if isinstance(listed, list) for action in listed}
    return Grant(readable=True, actions=frozenset(actions), claims=others)


def _number(text: str) -> int | float | None:
    """A number that every programme can work with; None for one that is none or far too large."""
    value = float(text)
    if not abs(value) <= _LARGEST:
        return None
    return int(text) if text.lstrip("-").isdecimal() else value
