"""Values of attributes and literals, and how each kind of them is read.

A literal is kept in one form per meaning: a date as `yyyy-mm-ddThh:mm:ss.fffffffZ`, a GUID in lower
case. So two conditions that mean the same literal hold equal trees.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

Literal = str | int | bool
Value = Literal | datetime

Instant = tuple[datetime, int]
"""A point in time: microseconds and, since Azure writes seven digits, the tenths of one."""

MAX_INTEGER = 2**63 - 1
_INTEGER_DIGITS = len(str(MAX_INTEGER))

# ASCII only: Unicode's folding would let U+212A (the Kelvin sign) pass for `k`.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,7}))?Z")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Kind(StrEnum):
    """What an operator compares; the first part of its name."""

    STRING = "String"
    NUMERIC = "Numeric"
    DATE = "DateTime"
    GUID = "Guid"
    BOOL = "Bool"


def fold(text: str) -> str:
    """`text` with the letters A to Z in lower case, and no other change."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def attribute_key(name: str) -> str:
    """The key of an attribute in the mappings of `Facts`: its name without regard to case."""
    return fold(name)


def read_string(value: Value) -> str | None:
    """A text as it is; None for any other type."""
    return value if isinstance(value, str) else None


def read_folded(value: Value) -> str | None:
    """A text without regard to case; None for any other type."""
    return fold(value) if isinstance(value, str) else None


def read_integer(value: Value) -> int | None:
    """An integer; None for any other type, truth values included."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_bool(value: Value) -> bool | None:
    """A truth value; None for any other type."""
    return value if isinstance(value, bool) else None


def read_guid(value: Value) -> str | None:
    """A GUID in lower case; None for any other text or type."""
    if isinstance(value, str) and _GUID.fullmatch(value):
        return value.lower()
    return None


def read_instant(value: Value) -> Instant | None:
    """A point in time, from a value with a time zone or from Azure's text form; else None."""
    if isinstance(value, datetime):
        return None if value.utcoffset() is None else (value, 0)
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    day, clock, fraction = match.groups(default="")
    digits = fraction.ljust(7, "0")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{digits[:6]}")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC), int(digits[6])


READERS: Mapping[Kind, Callable[[Value], Any]] = {
    Kind.STRING: read_string,
    Kind.NUMERIC: read_integer,
    Kind.DATE: read_instant,
    Kind.GUID: read_guid,
    Kind.BOOL: read_bool,
}

_WANTED = {
    Kind.STRING: "a text in single quotes",
    Kind.NUMERIC: "an integer of at most 64 bits",
    Kind.DATE: "a date in UTC such as '2027-01-01T00:00:00.000Z'",
    Kind.GUID: "a GUID such as 7f951dda-4ed3-4680-a7ca-43fe172d538d",
    Kind.BOOL: "`true` or `false`",
}


def wanted(kind: Kind) -> str:
    """What a literal of that kind looks like, in words."""
    return _WANTED[kind]


def canonical(kind: Kind, literal: Literal) -> Literal | None:
    """The one form of a literal; None when it is not of that kind, or holds what is invisible."""
    read: Any = READERS[kind](literal)
    if read is None:
        return None
    if kind is Kind.DATE:
        moment, tenth = read
        return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}{tenth}Z"
    if (kind is Kind.STRING and not read.isprintable()) or (
        kind is Kind.NUMERIC and not -MAX_INTEGER - 1 <= read <= MAX_INTEGER
    ):
        return None
    return str(read) if kind is Kind.GUID else literal


def read_digits(text: str) -> int | None:
    """The integer that `text` spells; None when it has more digits than 64 bits can hold."""
    digits = text.lstrip("-").lstrip("0") or "0"
    if len(digits) > _INTEGER_DIGITS:
        return None
    return -int(digits) if text.startswith("-") else int(digits)


def write(kind: Kind, literal: Literal) -> str:
    """A literal as it stands in a condition: a quote inside a text is doubled."""
    match literal:
        case bool():
            return "true" if literal else "false"
        case str() if kind is not Kind.GUID:
            return quote(literal)
        case _:
            return str(literal)


def quote(text: str) -> str:
    """`text` in single quotes, those inside it doubled."""
    return "'" + text.replace("'", "''") + "'"
