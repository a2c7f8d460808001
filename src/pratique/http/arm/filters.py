"""`$filter`, as far as these clients write it: clauses joined by `and` (OData 4.01, 5.1.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pratique.http.arm.errors import ArmError
from pratique.http.wire.messages import Request
from pratique.naming.errors import printable

MAX_LENGTH = 2048
_TEXT = r"'((?:[^']|'')*)'"
_FORMS = (
    ("eq", re.compile(rf"([A-Za-z/]+)\s+eq\s+{_TEXT}")),
    ("startswith", re.compile(rf"startswith\(\s*([A-Za-z]+)\s*,\s*{_TEXT}\s*\)")),
    ("any", re.compile(rf"([A-Za-z]+)/any\(\s*([a-z])\s*:\s*\2\s+eq\s+{_TEXT}\s*\)")),
    ("assignedTo", re.compile(rf"assignedTo\(\s*{_TEXT}\s*\)")),
    ("atScope", re.compile(r"atScope\(\)")),
    ("atScopeAndBelow", re.compile(r"atScopeAndBelow\(\)")),
)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition of a filter.

    Attributes:
        form: `eq`, `startswith`, `any`, or the name of a function.
        field: that is compared; empty for functions without one.
        value: with which; empty for functions without one.
    """

    form: str
    field: str = ""
    value: str = ""

    def fits(self, text: str) -> bool:
        """Whether a field's text fulfils the clause; case does not count, as at Azure."""
        wanted, found = self.value.casefold(), text.casefold()
        return found.startswith(wanted) if self.form == "startswith" else found == wanted


def filter_of(request: Request, known: frozenset[tuple[str, str]]) -> tuple[Clause, ...]:
    """The clauses that a request's items must fulfil, all of them.

    Args:
        request: whose query is read.
        known: form and field of the clauses that make sense here.

    Raises:
        ArmError: another one. What is not understood must not be left out: more would be shown, or
            deleted, than was asked for.
    """
    text = (request.parameter("$filter") or "").strip()
    if len(text) > MAX_LENGTH:
        raise _unknown(f"the filter is longer than {MAX_LENGTH} characters")
    clauses = []
    position = 0
    while position < len(text):
        clause, position = _clause_at(text, position)
        if (clause.form, clause.field) not in known:
            raise _unknown(f"the filter `{printable(text, 200)}` is not understood here")
        clauses.append(clause)
        joint = _AND.match(text, position)
        if joint is None and position < len(text):
            raise _unknown(f"the filter `{printable(text, 200)}` is not understood")
        position = joint.end() if joint else position
    return tuple(clauses)


def _clause_at(text: str, position: int) -> tuple[Clause, int]:
    for form, pattern in _FORMS:
        match = pattern.match(text, position)
        if match is None:
            continue
        groups = match.groups()
        value = groups[-1].replace("''", "'") if groups else ""
        field = groups[0] if len(groups) > 1 else ""
        return Clause(form, field, value), match.end()
    raise _unknown(f"the filter `{printable(text, 200)}` is not understood")


def _unknown(sentence: str) -> ArmError:
    return ArmError(400, "InvalidFilterInQueryString", sentence)
