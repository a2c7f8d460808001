"""The language of conditions once more, written plainly and slowly, to judge the evaluator by.

It shares the tree with the product and nothing else. Truths are numbers, so that Kleene's AND is
the least of them and OR the greatest: 0 is false, 1 unknown, 2 true.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from string import ascii_uppercase, hexdigits

from pratique.access.conditions import (
    ActionMatches,
    And,
    Attribute,
    Comparison,
    Exists,
    Expression,
    Facts,
    Not,
    Or,
    SubOperationMatches,
    Value,
)

FALSE, UNKNOWN, TRUE = 0, 1, 2
Read = str | int | None
_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)


def judge(expression: Expression, facts: Facts) -> int:  # noqa: PLR0911 - one per kind of node
    """What the expression is under the facts."""
    match expression:
        case And(terms):
            return min(judge(term, facts) for term in terms)
        case Or(terms):
            return max(judge(term, facts) for term in terms)
        case Not(term):
            return 2 - judge(term, facts)
        case ActionMatches(pattern):
            # A permission's pattern knows `*` only.
            return _truth(_like(_lower(facts.permission), _lower(pattern), one="", escape=""))
        case SubOperationMatches(name):
            asked = facts.suboperation
            return _truth(asked is not None and _lower(asked) == _lower(name))
        case Exists(attribute):
            return _truth(len(_values(attribute, facts)) > 0)
        case Comparison():
            return _compare(expression, facts)
    raise TypeError(f"{expression!r} is of no kind that is known here")


def _compare(comparison: Comparison, facts: Facts) -> int:
    left = _values(comparison.attribute, facts)
    operand = comparison.operand
    right = _values(operand, facts) if isinstance(operand, Attribute) else operand
    name = str(comparison.operator)
    if comparison.quantifier is None:
        if len(left) != 1 or len(right) != 1:
            return UNKNOWN
        return _compare_values(left[0], name, right[0])
    if not left or not right:
        return UNKNOWN
    prefix = str(comparison.quantifier)
    for_left = max if prefix.startswith("ForAny") else min
    for_right = max if prefix.endswith("AnyValues") else min
    return for_left(for_right(_compare_values(a, name, b) for b in right) for a in left)


def _compare_values(left: Value, name: str, right: Value) -> int:
    a, b = _read(left, name), _read(right, name)
    if a is None or b is None:
        return UNKNOWN
    bare = name.replace("IgnoreCase", "").replace("Not", "")
    return _truth(_holds(a, bare, b) != ("Not" in name))


def _holds(a: str | int, name: str, b: str | int) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        if name.endswith("StartsWith"):
            return a[: len(b)] == b
        if name.endswith("Like"):
            return _like(a, b, one="?", escape="\\")
        return a == b
    if isinstance(a, str) or isinstance(b, str):
        raise TypeError("both sides were read alike")
    less = a < b and "LessThan" in name
    more = a > b and "GreaterThan" in name
    return less or more or (a == b and name.endswith("Equals"))


def _read(value: Value, name: str) -> Read:
    if name.startswith("String"):
        if not isinstance(value, str):
            return None
        return _lower(value) if name.endswith("IgnoreCase") else value
    if name.startswith("Guid"):
        return _guid(value)
    if name.startswith("DateTime"):
        return _ticks(value)
    if name.startswith("Bool"):
        return int(value) if isinstance(value, bool) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _guid(value: Value) -> str | None:
    if not isinstance(value, str):
        return None
    parts = value.split("-")
    hexadecimal = all(set(part) <= set(hexdigits) for part in parts)
    if not hexadecimal or [len(part) for part in parts] != [8, 4, 4, 4, 12]:
        return None
    return _lower(value)


def _ticks(value: Value) -> int | None:
    """Tenths of microseconds since the year one."""
    tenth = 0
    if isinstance(value, str):
        body, dot, fraction = value[:-1].partition(".")
        plain = fraction.isascii() and fraction.isdigit() and len(fraction) <= 7
        if not value.endswith("Z") or not value.isascii() or (dot and not plain):
            return None
        try:
            moment = datetime.strptime(body, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            return None
        # `strptime` takes single digits where the language wants two.
        if moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") != body:
            return None
        digits = (fraction + "0000000")[:7]
        moment += timedelta(microseconds=int(digits[:6]))
        tenth = int(digits[6])
    elif isinstance(value, datetime) and value.tzinfo is not None:
        moment = value
    else:
        return None
    return (moment - _YEAR_ONE) // timedelta(microseconds=1) * 10 + tenth


def _values(attribute: Attribute, facts: Facts) -> tuple[Value, ...]:
    name = _lower(attribute.name)
    match attribute.source.value:
        case "@Environment" if name == "utcnow":
            return (facts.at,)
        case "@Environment":
            return facts.environment.get(name, ())
        case "@Request":
            return facts.request.get(name, ())
        case "@Resource":
            return facts.resource.get(name, ())
    return facts.principal.get(name, ())


def _like(text: str, pattern: str, *, one: str, escape: str) -> bool:
    """Whether all of `text` is as `pattern` says, by the places that each step can reach."""
    places = {0}
    for step in _steps(pattern, escape, one):
        match step:
            case ("star", _):
                places = set(range(min(places, default=len(text) + 1), len(text) + 1))
            case ("one", _):
                places = {place + 1 for place in places if place < len(text)}
            case (_, character):
                places = {p + 1 for p in places if p < len(text) and text[p] == character}
    return len(text) in places


def _steps(pattern: str, escape: str, one: str) -> Iterable[tuple[str, str]]:
    index = 0
    while index < len(pattern):
        character, following = pattern[index], pattern[index + 1 : index + 2]
        index += 1
        if escape and character == escape and following and following in "*?":
            yield "character", following
            index += 1
        elif character == "*":
            yield "star", ""
        elif one and character == one:
            yield "one", ""
        else:
            yield "character", character


def _lower(text: str) -> str:
    return "".join(chr(ord(c) + 32) if c in ascii_uppercase else c for c in text)


def _truth(holds: bool) -> int:  # noqa: FBT001 - it is its whole meaning
    return TRUE if holds else FALSE
