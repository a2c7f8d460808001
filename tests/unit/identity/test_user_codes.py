"""Codes that people type."""

from __future__ import annotations

from collections import Counter

import pytest

from pratique.identity.user_codes import ALPHABET, LENGTH, new_user_code, parse_user_code, shown


def test_a_code_is_read_as_it_is_shown() -> None:
    """With its hyphen, and as people type it."""
    code = new_user_code(lambda size: bytes(range(size)))
    assert code == "BCDFGHJK"
    assert shown(code) == "BCDF-GHJK"
    for typed in (shown(code), code.lower(), " bcdf ghjk "):
        assert parse_user_code(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "BCDF", "BCDFGHJKL", "BCDF-GHJA", "BCDF-GHJ0", "\uff22\uff23\uff24\uff26GHJK"]
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    """Too short, too long, or with letters that no code has."""
    assert parse_user_code(typed) is None


def test_no_letter_is_likelier_than_another() -> None:
    """Every byte once gives every letter equally often; those above the last whole round none."""
    stream = iter(bytes(range(256)) * LENGTH)
    codes = "".join(
        new_user_code(lambda size: bytes(next(stream) for _ in range(size))) for _ in range(30)
    )
    counted = Counter(codes)
    assert set(counted) == set(ALPHABET)
    assert max(counted.values()) == min(counted.values())
