"""What a reader of conditions stumbled over, in words of the language and not of its grammar."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import cast

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from pratique.naming.errors import printable

_WORD = re.compile(r"[A-Za-z0-9_.@-]+|.", re.DOTALL)
_NOT_CLOSED = {"'": "quote", "[": "bracket"}

_A_TERM = (
    "a comparison such as `@Request[...] StringEquals 'text'`, `ActionMatches{'...'}`, `Exists`, "
    "`NOT` or an opening parenthesis"
)

# The first row of which a name is expected tells what is; more special rows stand first.
_EXPECTED = (
    ("LPAR", _A_TERM),
    ("OPERATOR", "an operator such as `StringEquals`"),
    ("INTEGER", "a value such as 'text', 42, `true` or a GUID"),
    ("STRING", "a text in single quotes"),
    ("NAME", "the name of the attribute in brackets, such as `[UtcNow]`"),
    ("LBRACE", "values in braces, such as `{'text'}`"),
    ("SOURCE", "an attribute such as `@Request[...]`"),
    ("COMMA", "`,` or `}`"),
    ("RBRACE", "`}`"),
    ("OR", "`AND`, `OR` or the end"),
    ("AND", "`AND` or the end"),
)


class Fault(Exception):
    """A place in a text where it ceases to be a condition.

    Attributes:
        wrong: what is wrong there, in words.
        position: in characters, from 0.
        expected: what could stand there instead; empty when that goes without saying.
    """

    def __init__(self, wrong: str, position: int, expected: str = "") -> None:
        self.wrong = wrong
        self.position = position
        self.expected = expected
        super().__init__(wrong)


def place_of(token: Token) -> int:
    """Where `token` stands, in characters from 0."""
    return token.start_pos or 0


def fault_of_token(text: str, error: UnexpectedToken) -> Fault:
    """The fault behind a word that stands where no such word may."""
    token: Token = error.token
    position = place_of(token)
    expected = error.accepts
    if token.type == "$END":
        return _early_end(text, error, expected)
    if token.type == "RPAR" and "$END" in expected:
        return Fault("this parenthesis closes none that is open", position)
    if (token.type == "OR" and "AND" in expected) or (token.type == "AND" and "OR" in expected):
        return Fault(
            "`AND` and `OR` are mixed without parentheses",
            position,
            "parentheses around the terms that belong together, since neither binds closer",
        )
    return Fault(f"unexpected `{printable(token)}`", position, _words(expected))


def fault_of_character(text: str, error: UnexpectedCharacters) -> Fault:
    """The fault behind a character with which nothing begins that may stand there."""
    # lark declares it as None and always sets it.
    position = cast("int", error.pos_in_stream)
    opened = _NOT_CLOSED.get(text[position])
    if opened is not None:
        return Fault(f"the {opened} that opens here is not closed on this line", position)
    found = _WORD.match(text, position)
    word = found.group() if found else text[position]
    return Fault(f"unexpected `{printable(word)}`", position, _words(error.allowed or set()))


def _early_end(text: str, error: UnexpectedToken, expected: AbstractSet[str]) -> Fault:
    if "RPAR" in expected and error.interactive_parser is not None:
        stack = error.interactive_parser.parser_state.value_stack
        opened = [value for value in stack if isinstance(value, Token) and value.type == "LPAR"]
        return Fault("the parenthesis that opens here is never closed", place_of(opened[-1]))
    return Fault("the text ends too early", len(text.rstrip()), _words(expected))


def _words(expected: AbstractSet[str]) -> str:
    return next((words for name, words in _EXPECTED if name in expected), "the end")
