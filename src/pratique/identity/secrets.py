"""Secrets made by this registry: 256 random bits, kept as a SHA-256, compared in constant time.

A plain hash is enough because nobody can search 256 bits; passwords that people choose are another
matter (`passwords`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

# A fixed beginning lets secret scanners and people recognise a leaked secret.
_PREFIX = "prq_"


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """A new secret of 256 bits; `random_bytes` gives that many unpredictable bytes."""
    return _PREFIX + base64.urlsafe_b64encode(random_bytes(32)).rstrip(b"=").decode()


def hash_secret(secret: str) -> str:
    """The lower-case hexadecimal SHA-256 under which `secret` is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def secret_matches(secret: str, digest: str) -> bool:
    """Whether `digest` was made of `secret`, in a time that does not tell how nearly."""
    return hmac.compare_digest(hash_secret(secret), digest)
