"""Patterns of the `Like` operators."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.naming.bounded_work import passes_over

from pratique.access.conditions.patterns import like


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", ""),
        ("*", ""),
        ("*", "a/b\nc"),
        ("**", "a"),
        ("a*", "a"),
        ("*a", "bba"),
        ("a*c?", "abcd"),
        ("?", "/"),
        ("?", "\n"),
        ("a*a*a", "aaa"),
        ("*ab*ab", "abab"),
        ("rel/*", "rel/"),
        (r"\*", "*"),
        (r"\?", "?"),
        (r"a\*", "a*"),
        (r"\\*", r"\*"),
        (r"a\b", r"a\b"),
        ("a\\", "a\\"),
        ("[a-c].", "[a-c]."),
        ("a*[", "ab["),
    ],
)
def test_text_is_as_the_pattern_says(pattern: str, text: str) -> None:
    """`*` is any run and `?` any one character; a backslash before them takes that away."""
    assert like(pattern)(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", "a"),
        ("?", ""),
        ("?", "ab"),
        ("a*c?", "abc"),
        ("a*c", "abcd"),
        ("A*", "ab"),
        ("aa*aa", "aaa"),
        ("*ab*ab", "ab"),
        (r"\*", "a"),
        (r"\?", "a"),
        (r"a\*", "ab"),
        (r"\\*", r"\a"),
        ("a.c", "abc"),
        ("[a-c]*", "b"),
        ("rel/*", "rel"),
        ("*.*", "ab"),
    ],
)
def test_text_is_not_as_the_pattern_says(pattern: str, text: str) -> None:
    """The pattern names the whole text, and nothing but `*` and `?` is special."""
    assert not like(pattern)(text)


@settings(deadline=None)
@given(st.lists(st.text("ab?", max_size=3), min_size=1, max_size=5), st.data())
def test_whatever_fills_the_stars_is_matched(parts: list[str], data: st.DataObject) -> None:
    """Any texts in the places of the stars, and any characters in those of `?`, are matched."""
    filled = parts[0]
    for part in parts[1:]:
        filled += data.draw(st.text("ab*\n", max_size=4)) + part
    assert like("*".join(parts))(filled.replace("?", data.draw(st.sampled_from("ab/\n"))))


@pytest.mark.parametrize(
    "pattern", ["*a" * 4000 + "b", "*?" * 4000 + "b", "*a?" * 2000 + "*b", "*aaaaaaaaab" * 700]
)
def test_many_stars_cost_little(pattern: str) -> None:
    """The longest pattern of stars is judged in a few looks at a long text."""
    text = "a" * 20_000
    matches = like(pattern)
    assert not matches(text)
    assert passes_over(text, lambda: matches(text)) < 50
