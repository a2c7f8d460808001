"""What holds for every parser of this room and every text: a value, or `InvalidName`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.naming.bounded_work import MEGABYTE, passes_over

from pratique.naming import (
    Digest,
    InvalidName,
    MediaType,
    RegistryName,
    RepositoryName,
    ResourceScope,
    Tag,
    parse_reference,
    parse_scopes,
)
from pratique.naming.errors import printable

_PARSERS: dict[str, Callable[[str], object]] = {
    "repository": RepositoryName,
    "tag": Tag,
    "registry": RegistryName,
    "reference": parse_reference,
    "digest": Digest.parse,
    "media-type": MediaType,
    "resource-scope": ResourceScope,
    "token-scopes": lambda text: parse_scopes([text]),
}
_every_parser = pytest.mark.parametrize("parse", _PARSERS.values(), ids=_PARSERS)
_unhurried = settings(deadline=None)

# Lone surrogates included, as `os.fsdecode` and JSON make them.
_any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=300)
_shaped_text = st.text(
    st.sampled_from([*"aA0z9/:.,;_-*+@%()~ \n\r\t\x00", "\u212a", "\u017f", "\u0661", "\ud800"]),
    max_size=60,
)
_LONG = {
    "letters": "a" * MEGABYTE,
    "parts": "a/" * (MEGABYTE // 2),
    "dashes": "a" + "-" * MEGABYTE,
    "joints": "a-" * (MEGABYTE // 2),
    "underscores": "a__" * (MEGABYTE // 3),
    "dots": "a." * (MEGABYTE // 2),
    "slashes": "/" * MEGABYTE,
    "colons": ":" * MEGABYTE,
    "commas": "repository:a:" + "a," * (MEGABYTE // 2),
    "spaces": " " * MEGABYTE,
    "words": "a " * (MEGABYTE // 2),
    "semicolons": ";" * MEGABYTE,
    "digits": "sha256:" + "a" * MEGABYTE,
    "algorithm": "a+" * (MEGABYTE // 2) + ":a",
    "scope": "/subscriptions/" + "a" * MEGABYTE,
    "scopes": "/subscriptions/a" * (MEGABYTE // 16),
    "subtype": "a/" + "b" * MEGABYTE,
    "nul": "\x00" * MEGABYTE,
    "surrogates": "\ud800" * MEGABYTE,
}


def _refusal(parse: Callable[[str], object], text: str) -> InvalidName | None:
    try:
        parse(text)
    except InvalidName as refusal:
        return refusal
    return None


@_every_parser
@_unhurried
@given(text=_any_text | _shaped_text)
def test_any_text_is_a_value_or_no_name(parse: Callable[[str], object], text: str) -> None:
    """No text brings about another failure, and every refusal is one printable line."""
    refusal = _refusal(parse, text)
    if refusal is not None:
        assert str(refusal).isprintable()
        assert len(refusal.text) <= 80


@_every_parser
@_unhurried
@given(text=_shaped_text)
def test_what_is_read_prints_and_reads_the_same(parse: Callable[[str], object], text: str) -> None:
    """A value, printed and read again, is the same value."""
    try:
        value = parse(text)
    except InvalidName:
        return
    again = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    assert parse(again) == value
    assert again.isascii()


@_every_parser
@pytest.mark.parametrize("text", _LONG.values(), ids=_LONG)
def test_a_megabyte_costs_bounded_work(parse: Callable[[str], object], text: str) -> None:
    """However a long text is made, reading it costs no more than a few looks at it."""
    assert passes_over(text, lambda: _refusal(parse, text)) < 5


@_unhurried
@given(_any_text, st.integers(2, 100))
def test_printable_text_is_short_and_safe(text: str, limit: int) -> None:
    """What stands in a message has no control character, no surrogate, and a bounded length."""
    safe = printable(text, limit)
    assert safe.isprintable()
    assert len(safe) == min(len(text), limit)
    assert safe.encode().decode() == safe


def test_printable_text_shows_where_it_was_cut() -> None:
    """A text that fits is kept, and a longer one ends with an ellipsis."""
    assert printable("abcd", 4) == "abcd"
    assert printable("abcde", 4) == "abc\u2026"
    assert printable("a\nb\u202ec", 80) == "a?b?c"


def test_printable_text_looks_no_further_than_its_limit() -> None:
    """A megabyte is made printable without a look at all of it."""
    text = "a" * MEGABYTE
    assert passes_over(text, lambda: printable(text)) < 0.1
