"""Search filters (RFC 4515): what a user typed stands in them as a value, whatever it holds."""

from __future__ import annotations

from typing import Final

NAME: Final = "{name}"
_DEEPEST: Final = 32


def escaped(value: str) -> str:
    r"""`value` as an assertion value: it means itself and nothing else (RFC 4515 section 3).

    Everything but plain ASCII letters, digits and a few marks is written as `\XX`, byte by byte.
    """
    return "".join(
        chr(b) if b < 128 and (chr(b).isalnum() or chr(b) in "-_.@ ") else f"\\{b:02x}"
        for b in value.encode("utf-8", "surrogatepass")
    )


def for_name(template: str, user_name: str) -> str:
    """The filter that finds the entry of `user_name`."""
    return template.replace(NAME, escaped(user_name))


def for_everybody(template: str) -> str:
    """The filter that finds the entries of all users."""
    return template.replace(NAME, "*")


def check(text: str) -> None:
    """Refuse what is no filter at all; whether it makes sense only the server knows.

    Raises:
        ValueError: with what is wrong.
    """
    if not text.isprintable() or len(text) > 2048:
        raise ValueError("it is longer than 2048 characters, or some of them cannot be printed")
    if not text.startswith("(") or not text.endswith(")"):
        raise ValueError("it does not stand in parentheses")
    depth = 0
    for number, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth > _DEEPEST:
            raise ValueError(f"it is more than {_DEEPEST} parentheses deep")
        if depth <= 0 and number < len(text) - 1:
            raise ValueError("it ends before its last character")
    if depth:
        raise ValueError("its parentheses are not balanced")
