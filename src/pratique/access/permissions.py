"""Matching of permission strings (reference 4.5): `*` stands for any run, case does not matter."""

from __future__ import annotations

import re
import string
from functools import lru_cache

# ASCII only: Unicode's folding would let U+212A (the Kelvin sign) pass for `k`.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
MAX_LENGTH = 512
_SEGMENT = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_PERMISSION = re.compile(
    rf"{_SEGMENT}(?:/{_SEGMENT})*/(?:read|write|delete|action)", re.ASCII | re.IGNORECASE
)
_PATTERN = re.compile(rf"[A-Za-z0-9._/*-]{{1,{MAX_LENGTH}}}", re.ASCII)


def is_permission(text: str) -> bool:
    """Whether `text` has the form of one permission (reference 4.5), without any `*`."""
    # The length is looked at outside the memory, which must not keep what is too long.
    return len(text) <= MAX_LENGTH and _has_the_form(text)


@lru_cache(maxsize=1024)
def _has_the_form(text: str) -> bool:
    return _PERMISSION.fullmatch(text) is not None


def is_pattern(text: str) -> bool:
    """Whether `text` can stand in a role: a permission, in which `*` may stand anywhere.

    What ends in no verb and in no `*` would never match anything, and is refused as a mistake.
    """
    if _PATTERN.fullmatch(text) is None or "//" in text or text.startswith("/"):
        return False
    return "*" in text or is_permission(text)


@lru_cache(maxsize=8192)
def permission_matches(pattern: str, permission: str) -> bool:
    """Whether `pattern`, which may hold `*` anywhere, names `permission`.

    The work is bounded by the product of both lengths, however many `*` there are. Pure;
    remembered, because laws repeat few patterns and requests few permissions.
    """
    text = permission.translate(_LOWER)
    first, *rest = pattern.translate(_LOWER).split("*")
    if not rest:
        return text == first
    *middle, last = rest
    if not text.startswith(first):
        return False
    position, end = len(first), len(text) - len(last)
    for part in middle:
        # The leftmost place leaves the most room for the parts that follow.
        found = text.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return position <= end and text.endswith(last)
