"""JSON that people see: nothing in it moves their cursor."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.cli.json_text import json_text

_TEXTS = st.text(st.characters(codec=None), max_size=20)


@given(st.dictionaries(_TEXTS, _TEXTS | st.lists(_TEXTS, max_size=3), max_size=3))
def test_it_means_the_same_and_shows_only_what_can_be_shown(content: dict[str, object]) -> None:
    """Whatever others wrote, programmes read it back and a terminal is told nothing."""
    for indent in (None, 2):
        text = json_text(content, indent)
        assert json.loads(text) == content
        assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "obeyed", ["\x1b", "\x7f", "\x9b", "\u202e", "\u2066", "\u2028", "\ufeff", "\U000e0041"]
)
def test_what_a_terminal_might_obey_is_escaped(obeyed: str) -> None:
    """Control characters of both sets, and what turns the direction of writing."""
    assert obeyed not in json_text({"name": f"a{obeyed}b"})


def test_letters_stay() -> None:
    """Names of people are read as they are written."""
    assert json_text(["Zoë 李 😀"]) == '["Zoë 李 😀"]'
