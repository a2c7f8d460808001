"""Phrases: what is printed, written so that a table of them can be read.

In a phrase, `{name}` stands for a value of that kind, `…` for up to 160 characters of anything, a
blank for a blank or a line break, and `$` at its end for the end of a line. Everything else stands
for itself, in upper or lower case. Every part is bounded, so that searching takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from pratique.diagnosis.printed.tidying import lowered
from pratique.diagnosis.printed.values import SHAPES, checked

_PARTS = re.compile(r"(\{[a-z]+\}|…)")
_GAP: Final = r"[\s\S]{0,160}?"
_START: Final = r"(?<![a-z0-9_])"
_END_OF_LINE: Final = r"(?=[\"'`.,;:)\]}]*(?:\n|$))"
_LONGEST_EVIDENCE: Final = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that was found.

    Attributes:
        shown: the phrase with its values; of the text itself it holds checked values only.
        values: by kind; those that are not what they should be are left out.
        place: where in the text it begins.
    """

    shown: str
    values: Mapping[str, str]
    place: int


class Phrase:
    """One thing that is printed.

    Args:
        source: in the notation of this module.
    """

    __slots__ = ("_chunks", "_parts", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self._parts = _parts(source)
        literals = [lowered(part) for part in self._parts if not _is_open(part)]
        self._chunks = sorted({word for part in literals for word in part.split(" ")}, key=len)[-3:]

    def find(self, text: str, low: str) -> Hit | None:
        """Where the phrase stands first.

        Args:
            text: a tidied text.
            low: the same in lower case.
        """
        if not all(chunk in low for chunk in self._chunks):
            return None
        match = _compiled(self.source).search(low)
        if match is None:
            return None
        values = {}
        for name in match.groupdict():
            value = checked(name, text[match.start(name) : match.end(name)])
            if value is not None:
                values[name] = value
        return Hit(self._shown(values), values, match.start())

    def _shown(self, values: Mapping[str, str]) -> str:
        words = [
            values.get(part[1:-1], "…") if part.startswith("{") else part for part in self._parts
        ]
        return "".join(words).strip()[:_LONGEST_EVIDENCE]


@cache
def _compiled(source: str) -> re.Pattern[str]:
    # Hundreds of them, of which a text needs a few: none is made before its words are there.
    start = _START if source[0].isalnum() else ""
    end = _END_OF_LINE if source.endswith("$") else ""
    return re.compile(start + "".join(map(_regex, _parts(source))) + end)


def _parts(source: str) -> list[str]:
    return [part for part in _PARTS.split(source.removesuffix("$")) if part]


def _is_open(part: str) -> bool:
    return part == "…" or part.startswith("{")


def _regex(part: str) -> str:
    if part == "…":
        return _GAP
    if part.startswith("{"):
        name = part[1:-1]
        return f"(?P<{name}>{SHAPES[name]})"
    return re.escape(lowered(part)).replace(r"\ ", "[ \n]")
