"""Matching of permission strings (reference 4.5): `*` stands for any run, case does not matter."""

from __future__ import annotations

import string
from functools import lru_cache

# ASCII only: Unicode's folding would let U+212A (the Kelvin sign) pass for `k`.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


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
