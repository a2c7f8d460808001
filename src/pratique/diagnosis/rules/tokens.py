"""What stored credentials say of themselves, when they are tokens."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from pratique.diagnosis.facts.credentials import Credential

_LONGEST: Final = 64 * 1024
# Beyond the year 3800 no token lives, and a date cannot be written for ever.
_LATEST: Final = 6e10


def claims_of(credential: Credential) -> dict[str, Any]:
    """The claims of a credential that is a JWT; empty for others. Nothing is verified."""
    token = (credential.identity_token or credential.secret).reveal()
    parts = token.split(".")
    return _object(parts[1]) if len(parts) == 3 and len(token) <= _LONGEST else {}


def expiry_of(credential: Credential) -> float | None:
    """When a credential ends, in seconds since 1970; None when it does not say.

    A JWT says it in `exp`; the password of Amazon's user `AWS` is an object with `expiration`.
    """
    value = claims_of(credential).get("exp")
    if value is None and credential.username == "AWS":
        value = _object(credential.secret.reveal()).get("expiration")
    if not isinstance(value, int | float) or value is True or not abs(value) < _LATEST:
        return None
    return float(value)


def _object(encoded: str) -> dict[str, Any]:
    try:
        padded = encoded[:_LONGEST] + "=" * (-len(encoded) % 4)
        found = json.loads(base64.urlsafe_b64decode(padded.replace("+", "-").replace("/", "_")))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
