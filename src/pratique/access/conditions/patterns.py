r"""Patterns of the `Like` operators: `*` any run, `?` one character, `\*` and `\?` themselves.

The work is bounded by the product of the lengths of pattern and text, however many `*` there are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_PIECE = re.compile(r"\\[*?]|\*+|\?|[^*?\\]+|\\", re.DOTALL)


@lru_cache(maxsize=4096)
def like(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether a text, slashes and all, is as `pattern` says.

    A backslash before any other character, or at the end, is a backslash. Remembered, because an
    attribute may hold the pattern.
    """
    pieces = _PIECE.findall(pattern)
    if not any(piece[0] in "*?" for piece in pieces):
        return _literal(pieces).__eq__
    if pieces[-1][0] == "*" and not any(piece[0] in "*?" for piece in pieces[:-1]):
        prefix = _literal(pieces[:-1])
        return lambda text: text.startswith(prefix)
    matches = re.compile(_expression(pieces), re.DOTALL).fullmatch
    return lambda text: matches(text) is not None


def _literal(pieces: list[str]) -> str:
    return "".join(piece[1] if len(piece) == 2 and piece[0] == "\\" else piece for piece in pieces)


def _expression(pieces: list[str]) -> str:
    first, *rest = _segments(pieces)
    *middle, last = rest or [first]
    if not rest:
        return first
    # Atomic: the leftmost place leaves the most room for what follows, so none is ever retried.
    return first + "".join(f"(?>.*?{segment})" for segment in middle) + ".*" + last


def _segments(pieces: list[str]) -> list[str]:
    """The parts between the stars, as regular expressions of fixed length."""
    segments = [""]
    for piece in pieces:
        if piece[0] == "*":
            segments.append("")
        elif piece == "?":
            segments[-1] += "."
        else:
            segments[-1] += re.escape(_literal([piece]))
    return segments
