"""One-time passwords by time (RFC 6238), as authenticator programmes make them.

SHA-1, six digits, steps of thirty seconds: the only parameters that every such programme obeys.
The shared secret must be kept as it is, since it takes part in each check.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

STEP: Final = timedelta(seconds=30)
DIGITS: Final = 6
# A step before and one after now, for clocks that disagree and fingers that are slow.
DRIFT: Final = 1
# RFC 4226 section 4, R6: at least 128 bits, better 160.
_SECRET_BYTES = 20


def new_totp_secret(random_bytes: Callable[[int], bytes]) -> str:
    """A new secret in base32; `random_bytes` gives that many unpredictable bytes."""
    return base64.b32encode(random_bytes(_SECRET_BYTES)).decode("ascii")


def step_at(at: datetime) -> int:
    """The number of the step that `at` falls into."""
    return int(at.timestamp()) // int(STEP.total_seconds())


def one_time_password(secret: str, step: int) -> str:
    """The password of one step (RFC 4226 section 5.3)."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(secret: str, typed: str, at: datetime) -> int | None:
    """The step whose password was typed, None when it is that of no step near `at`.

    Takes the same time for every wrong password. Whether the step was used before is for the
    caller to ask.
    """
    digits = "".join(typed.split())
    if not digits.isascii():
        return None
    now, found = step_at(at), None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(one_time_password(secret, step), digits):
            found = step
    return found


def otpauth_uri(secret: str, user_name: str, issuer: str) -> str:
    """The address that authenticator programmes take the secret from."""
    label = f"{quote(issuer, safe='')}:{quote(user_name, safe='')}"
    query = urlencode({"secret": secret, "issuer": issuer, "algorithm": "SHA1"}, quote_via=quote)
    period = int(STEP.total_seconds())
    return f"otpauth://totp/{label}?{query}&digits={DIGITS}&period={period}"
