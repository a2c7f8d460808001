"""Codes that people carry from one device to another (RFC 8628 section 6.1).

Eight letters out of twenty: without vowels no word comes about, and no letter of the twenty is
taken for a digit or for another. That is 34 bits, enough for a code that lives a quarter of an
hour and whose guessing is slowed down.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH: Final = 8
_HALF = LENGTH // 2
# The largest multiple of the alphabet's size that a byte can hold: what is above is thrown away,
# so that no letter is likelier than another.
_FAIR = 256 - 256 % len(ALPHABET)


def new_user_code(random_bytes: Callable[[int], bytes]) -> str:
    """A code without its hyphen; `random_bytes` gives that many unpredictable bytes."""
    letters = ""
    while len(letters) < LENGTH:
        letters += "".join(ALPHABET[b % len(ALPHABET)] for b in random_bytes(LENGTH) if b < _FAIR)
    return letters[:LENGTH]


def shown(code: str) -> str:
    """A code as people read it: `WDJB-MJHT`."""
    return f"{code[:_HALF]}-{code[_HALF:]}"


def parse_user_code(typed: str) -> str | None:
    """The code that somebody typed, in any case, with or without hyphens and spaces.

    None when it cannot be one.
    """
    code = "".join(typed.split()).replace("-", "").upper()
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None
