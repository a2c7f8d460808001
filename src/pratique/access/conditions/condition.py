"""A condition as a value: what was written, and the tree that it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache

from pratique.access.conditions.errors import InvalidCondition
from pratique.access.conditions.expressions import Expression

MAX_BYTES = 8 * 1024
"""The longest text, in UTF-8 (reference 4.5)."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of the language version 2.0; always valid. `str()` is its canonical text.

    Attributes:
        text: as written. Two conditions are equal when they are written alike.
        expression: the tree; conditions written alike share one, while they are remembered.
    """

    text: str
    expression: Expression = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Condition:
        """The condition that `text` spells.

        The last 2,048 different texts are remembered, since a law repeats few of them. The work
        is bounded by the length of the text, whatever it holds.

        Raises:
            InvalidCondition: it spells none, is longer than 8 KB or is nested too deep.
        """
        return _parse(text)

    def __str__(self) -> str:
        return str(self.expression)


@lru_cache(maxsize=2048)
def _parse(text: str) -> Condition:
    size = len(text) if len(text) > MAX_BYTES else len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise InvalidCondition(
            f"the condition is longer than {MAX_BYTES} bytes", text[:MAX_BYTES], 0
        )
    if not text.strip(" \t\r\n"):
        raise InvalidCondition("the condition is empty", text, len(text))
    for position, character in enumerate(text):
        if not (character.isprintable() or character in "\t\r\n"):
            raise InvalidCondition(
                f"the invisible character U+{ord(character):04X} stands",
                text,
                position,
                "plain text; texts copied from formatted documents often hold such characters",
            )
    return Condition(text, _reader()(text))


@cache
def _reader() -> Callable[[str], Expression]:
    # The parser generator loads `logging` and takes a tenth of a second: whoever only imports the
    # law, or meets no condition, must have neither.
    from pratique.access.conditions.parsing import parse_expression  # noqa: PLC0415

    return parse_expression
