"""A condition as a value: what was written, and the tree that it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from threading import Lock

from pratique.access.conditions.analysis import depends_on_time
from pratique.access.conditions.errors import InvalidCondition
from pratique.access.conditions.expressions import Expression

MAX_BYTES = 8 * 1024
"""The longest text, in UTF-8 (reference 4.5)."""


# Trees take some fifty times the room of their text; so many characters are remembered of all.
_REMEMBERED_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of the language version 2.0; always valid. `str()` is its canonical text.

    Attributes:
        text: as written. Two conditions are equal when they are written alike.
        expression: the tree; conditions written alike share one, while they are remembered.
        depends_on_time: whether it asks for the moment of the request.
    """

    text: str
    expression: Expression = field(compare=False, repr=False)
    depends_on_time: bool = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Condition:
        """The condition that `text` spells.

        The work is bounded by the length of the text, whatever it holds.

        Raises:
            InvalidCondition: it spells none, is longer than 8 KB or is nested too deep.
        """
        found = read_condition(text)
        if isinstance(found, InvalidCondition):
            raise found.with_traceback(None)
        return found

    def __str__(self) -> str:
        return str(self.expression)


def read_condition(text: str) -> Condition | InvalidCondition:
    """The condition that `text` spells, or why it spells none.

    What was read last is remembered, up to a million characters of text, since a law repeats few
    conditions many times.
    """
    found = _MEMORY.find(text)
    if found is None:
        try:
            expression = _parse(text)
        except InvalidCondition as error:
            found = error
        else:
            found = Condition(text, expression, depends_on_time(expression))
        _MEMORY.keep(text, found)
    return found


class _Memory:
    """What was read, the oldest forgotten first; any thread may use it."""

    def __init__(self) -> None:
        self._known: dict[str, Condition | InvalidCondition] = {}
        self._characters = 0
        self._lock = Lock()

    def find(self, text: str) -> Condition | InvalidCondition | None:
        return self._known.get(text)

    def keep(self, text: str, found: Condition | InvalidCondition) -> None:
        if len(text) > MAX_BYTES:
            return
        with self._lock:
            if text not in self._known:
                self._known[text] = found
                self._characters += len(text)
            while self._characters > _REMEMBERED_CHARACTERS:
                oldest = next(iter(self._known))
                del self._known[oldest]
                self._characters -= len(oldest)


_MEMORY = _Memory()


def _parse(text: str) -> Expression:
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
    return _reader()(text)


@cache
def _reader() -> Callable[[str], Expression]:
    # The parser generator loads `logging` and takes a tenth of a second: whoever only imports the
    # law, or meets no condition, must have neither.
    from pratique.access.conditions.parsing import parse_expression  # noqa: PLC0415

    return parse_expression
