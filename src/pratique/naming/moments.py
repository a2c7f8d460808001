"""Where a span of time begins: an instant, or so long ago; a text becomes one or is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from pratique.naming.errors import InvalidName

_AGO = re.compile(r"([0-9]{1,6})([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=36_500)
# RFC 3339, whose time, seconds and zone may be left out; `fromisoformat` alone takes far more.
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?",
    re.ASCII,
)
_RULE = (
    "write how long ago, as in `30m`, `1h` or `2d`, or a date and time, as in `2026-01-05` or "
    "`2026-01-05T08:30:00Z` (in UTC, unless it has an offset such as `+01:00`)"
)


@dataclass(frozen=True, slots=True)
class Since:
    """A beginning.

    Attributes:
        begins: the instant, in UTC; or how long ago.
    """

    begins: datetime | timedelta

    @classmethod
    def parse(cls, text: str) -> Self:
        """The beginning that `text` names.

        Raises:
            InvalidName: it is neither an instant nor a length of time.
        """
        match = _AGO.fullmatch(text)
        if match is not None:
            ago = timedelta(**{_UNITS[match[2]]: int(match[1])})
            if ago <= _LONGEST:
                return cls(ago)
        elif _INSTANT.fullmatch(text):
            try:
                # Python 3.11 knows `Z` in upper case alone, and three or six digits of a second.
                found = datetime.fromisoformat(_six_digits(text.upper()))
                found = found if found.tzinfo else found.replace(tzinfo=UTC)
                return cls(found.astimezone(UTC))
            except (ValueError, OverflowError):
                pass
        raise InvalidName("point in time", text, _RULE)

    def before(self, now: datetime) -> datetime:
        """The instant that is meant at `now`, which has a time zone."""
        return self.begins if isinstance(self.begins, datetime) else now - self.begins


def told_since(text: str) -> str:
    """What came after the point in time that `text` names, in a sentence: `in the last 1d`.

    Raises:
        InvalidName: it names none.
    """
    ago = isinstance(Since.parse(text).begins, timedelta)
    return f"in the last {text}" if ago else f"since {text}"


def told_before(text: str) -> str:
    """What came before it, likewise: `more than 1d ago`."""
    ago = isinstance(Since.parse(text).begins, timedelta)
    return f"more than {text} ago" if ago else f"before {text}"


def _six_digits(text: str) -> str:
    return re.sub(r"\.([0-9]+)", lambda match: f".{match[1]:0<6}", text)
