"""What stored credentials say of themselves, when they are tokens."""

from __future__ import annotations

from typing import Any

from pratique.diagnosis.claims import read_claims, read_object
from pratique.diagnosis.facts.credentials import Credential


def claims_of(credential: Credential) -> dict[str, Any]:
    """The claims of a credential that is a JWT; empty for others. Nothing is verified."""
    return read_claims((credential.identity_token or credential.secret).reveal()) or {}


def expiry_of(credential: Credential) -> float | None:
    """When a credential ends, in seconds since 1970; None when it does not say.

    A JWT says it in `exp`; the password of Amazon's user `AWS` is an object with `expiration`.
    """
    value = claims_of(credential).get("exp")
    if value is None and credential.username == "AWS":
        value = (read_object(credential.secret.reveal()) or {}).get("expiration")
    return float(value) if isinstance(value, int | float) and value is not True else None
