"""Refusals in columns, as many at a time as there are: one line each where there is room, or two.

The id of a decision is never cut: it is copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pratique.cli.scopes import short_scope
from pratique.cli.screen import shortened
from pratique.naming.errors import printable

HEADINGS: Final = ("TIME (UTC)", "WHO", "WHAT", "REASON", "DECISION")
# What usually fits, so that columns stay where they are when more come.
_USUAL: Final = (19, 12, 24, 20, 36)
_WIDEST_WHO: Final = 24
_WIDEST_REASON: Final = 24
_GAP: Final = "   "
_LONGEST: Final = 200
Row = Mapping[str, Any]


class RefusalLines:
    """Lays refusals out.

    Args:
        width: columns of the terminal; None where there is none, and then nothing is cut.
    """

    def __init__(self, width: int | None) -> None:
        self._width = width
        self._columns = list(_USUAL)

    def fit(self, rows: Iterable[Row]) -> None:
        """Let columns be as wide as these rows need."""
        for row in rows:
            self._columns = [
                max(wide, len(cell)) for wide, cell in zip(self._columns, _cells(row), strict=True)
            ]

    def heading(self) -> list[str]:
        """The lines above the first refusal."""
        return self._laid_out(HEADINGS)

    def lines(self, rows: Iterable[Row]) -> list[str]:
        """The lines of these refusals."""
        return [line for row in rows for line in self._laid_out(_cells(row))]

    def _laid_out(self, cells: Sequence[str]) -> list[str]:
        whole = sum(self._columns) + len(_GAP) * (len(cells) - 1)
        if self._width is None or whole <= self._width:
            padded = [cell.ljust(wide) for cell, wide in zip(cells, self._columns, strict=True)]
            return [_GAP.join(padded).rstrip()]
        at, who, what, reason, decision_id = cells
        caller = shortened(who, _WIDEST_WHO).ljust(min(self._columns[1], _WIDEST_WHO))
        opening = _GAP.join([at.ljust(_USUAL[0]), caller, ""])
        below = f"{_GAP}{reason.ljust(_WIDEST_REASON)}{_GAP}{decision_id}"
        return [f"{opening}{shortened(what, max(12, self._width - len(opening)))}", below]


def _cells(row: Row) -> tuple[str, ...]:
    at = row["at"].replace("T", " ").replace("Z", "")
    cells = (at, _who(row), _what(row), row["reason"], row["decision_id"])
    # What others wrote must not move the cursor here, nor forge a line.
    return tuple(printable(cell, _LONGEST) for cell in cells)


def _who(row: Row) -> str:
    """The caller as `--principal` takes them, or where the request came from."""
    match row["caller_kind"]:
        case "":
            return f"from {row['client'] or 'here'}"
        case "token":
            return f"token:{row['caller_id']}"
        case "principal":
            return str(row["caller"]).strip("`")
        case kind:
            return str(kind)


def _what(row: Row) -> str:
    action, resource = row["action"], row["resource"]
    if not action:
        return "sign in"
    if action.startswith("Microsoft."):
        action = action.partition("/")[2]
    if resource == "registry":
        return str(action)
    if resource == "*":
        return f"{action} every repository"
    place = short_scope({"scope": resource}) if resource.startswith("/") else resource
    return f"{action} {place}"
