"""Objects inside tokens and passwords. Nothing is verified: the registry does that."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

_LONGEST: Final = 64 * 1024
# Seconds of a calendar's time, before and after 1970: up to the year 3871.
_LARGEST: Final = 6e10


def read_claims(token: str) -> dict[str, Any] | None:
    """The claims of a JWT (RFC 7519); None when it is none."""
    parts = token.split(".")
    return read_object(parts[1]) if len(parts) == 3 and len(token) <= _LONGEST else None


def read_object(encoded: str) -> dict[str, Any] | None:
    """A JSON object in base64 of either alphabet; None when it is none.

    Numbers that are none, or too large for a date, are None.
    """
    if len(encoded) > _LONGEST:
        return None
    try:
        padded = encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4)
        found = json.loads(
            base64.urlsafe_b64decode(padded.replace("+", "-").replace("/", "_")),
            parse_int=_number,
            parse_float=_number,
            parse_constant=_number,
        )
    except (binascii.Error, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _number(text: str) -> int | float | None:
    value = float(text)
    if not abs(value) <= _LARGEST:
        return None
    return int(text) if text.lstrip("-").isdecimal() else value
