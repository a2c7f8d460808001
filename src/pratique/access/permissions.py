"""Matching of permission strings (reference 4.5): `*` stands for any run, case does not matter."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=8192)
def permission_matches(pattern: str, permission: str) -> bool:
    """Whether `pattern`, which may hold `*` anywhere, names `permission`.

    Pure; remembered, because laws repeat few patterns and requests few permissions.
    """
    return _compiled(pattern).fullmatch(permission) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(
        ".*".join(re.escape(part) for part in re.split(r"\*+", pattern)), re.IGNORECASE | re.DOTALL
    )
