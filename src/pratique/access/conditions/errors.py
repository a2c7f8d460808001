"""The refusal of a text that is no condition."""

from __future__ import annotations

from pratique.naming.errors import printable

_WINDOW = 76
_BEFORE_THE_FAULT = 48


class InvalidCondition(ValueError):
    """A text is not a condition of this language.

    As a text: the sentence, the line it speaks of, and a caret below the place.

    Attributes:
        message: one lower-case sentence: what is wrong, where, and what was expected.
        line: from 1.
        column: in characters, from 1.
    """

    def __init__(self, wrong: str, text: str, position: int, expected: str = "") -> None:
        """Point at `position` of `text`, counted in characters from 0."""
        before = text[:position]
        start = before.rfind("\n") + 1
        self.line = before.count("\n") + 1
        self.column = position - start + 1
        wish = f"; expected {expected}" if expected else ""
        self.message = f"{wrong} at line {self.line}, column {self.column}{wish}"
        end = text.find("\n", position)
        line = text[start:] if end < 0 else text[start:end]
        super().__init__(f"{self.message}\n{_excerpt(line, position - start)}")


def _excerpt(line: str, fault: int) -> str:
    """The part of `line` around `fault`, and the caret below it."""
    start = max(0, fault - _BEFORE_THE_FAULT) if len(line) > _WINDOW else 0
    cut = line[start : start + _WINDOW]
    before = "…" if start else ""
    after = "…" if start + _WINDOW < len(line) else ""
    # Whatever is not printed as one character would move what stands below it.
    shown = printable(cut.replace("\t", " "), len(cut))
    indent = " " * (fault - start + len(before))
    return f"  {before}{shown}{after}\n  {indent}^"
