"""The audit log as the management API gives it, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pratique.admission.audit import Head, Link
from pratique.cli.failures import Failed
from pratique.cli.session import Session, address

_AT_ONCE = "1000"


def extent(session: Session) -> tuple[Head, Head]:
    """The last entry that was pruned, and the last of all.

    Raises:
        Failed: the registry refused, or cannot be reached.
    """
    found = session.call("GET", address("audit", "head"))
    return Head.parse(found["base"]), Head.parse(found["head"])


def links_after(session: Session, seq: int) -> Iterator[Link]:
    """The entries beyond a sequence number, in their order, up to the last of now.

    Raises:
        Failed: the registry refused, cannot be reached, or its pages do not go on.
    """
    after = seq
    while True:
        query = {"after": str(after), "limit": _AT_ONCE}
        page = session.call("GET", address("audit", "entries"), query=query)
        links = [_link(row) for row in page["entries"]]
        yield from links
        if not links or not page["more"]:
            return
        if links[-1].seq <= after:
            raise Failed(f"{session.registry} gives the same page of its audit log again and again")
        after = links[-1].seq


def newest(session: Session, limit: int, category: str | None) -> list[Link]:
    """The newest entries, the newest last.

    Raises:
        Failed: the registry refused, or cannot be reached.
    """
    query: dict[str, str] = {} if category is None else {"category": category}
    found: list[Link] = []
    while len(found) < limit:
        query["limit"] = str(min(limit - len(found), int(_AT_ONCE)))
        page = session.call("GET", address("audit", "entries"), query=query)
        found += [_link(row) for row in page["entries"]]
        if not page["more"] or not page["entries"]:
            break
        query["below"] = str(found[-1].seq)
    return found[::-1]


def _link(row: dict[str, Any]) -> Link:
    return Link(
        row["seq"],
        row["at"],
        row["category"],
        row["change_id"],
        row["body"].encode(),
        bytes.fromhex(row["hash"]),
    )
