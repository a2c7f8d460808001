"""The list of refusals as the management API gives it, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pratique.cli.failures import Failed
from pratique.cli.session import MOST_PAGES, Session, address

# What the management API gives at once.
MOST_AT_ONCE: Final = 1000
Row = dict[str, Any]


class Newest(NamedTuple):
    """The newest of the refusals that were asked for.

    Attributes:
        rows: the oldest of them first.
        more: whether there may be older ones.
        settled_until: no refusal of before will appear in the list any more; the registry's time.
    """

    rows: list[Row]
    more: bool
    settled_until: str


def newest(session: Session, query: Mapping[str, str], since: str, limit: int) -> Newest:
    """The newest refusals.

    Args:
        session: with the registry.
        query: what they have in common, as the management API calls it.
        since: when the list begins, as the management API takes it.
        limit: how many at most.

    Raises:
        Failed: the registry refused, or cannot be reached.
    """
    found: list[Row] = []
    asked = {**query, "since": since}
    settled_until = ""
    for _ in range(MOST_PAGES):
        asked["limit"] = str(min(limit - len(found), MOST_AT_ONCE))
        page = session.call("GET", address("decisions"), query=asked)
        found += page["decisions"]
        settled_until = settled_until or page["settled_until"]
        if page["next"] is None or len(found) >= limit:
            return Newest(found[::-1], page["next"] is not None, settled_until)
        asked |= {"since": page["since"], "after": page["next"]}
    raise Failed(f"{session.registry} gives more than {MOST_PAGES:,} pages of refusals")


def why(session: Session) -> str:
    """The command that explains one of them."""
    return f"pratique why ID{session.chosen_by}"
