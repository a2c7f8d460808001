"""Resource scopes on the command line: short words for the registry's own, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from pratique.cli.session import Session, address

# How many parts of the registry's own scope belong to each.
_SHORT_SCOPES = {"registry": 9, "resource-group": 5, "subscription": 3}
WORDS = (
    "resource-group, subscription, / for everything, or a whole scope such as "
    "/subscriptions/ID/resourceGroups/NAME."
)
SCOPE = click.option(
    "--scope", metavar="SCOPE", help=f"registry (which it is when not given), {WORDS}"
)


def whole_scope(session: Session, scope: str | None) -> str | None:
    """The scope that a word stands for; others, and none, as they are.

    Raises:
        Failed: the registry had to be asked for its own scope, and refused.
    """
    if scope not in _SHORT_SCOPES:
        return scope
    registry: str = session.call("GET", address("registry"))["id"]
    return "/".join(registry.split("/")[: _SHORT_SCOPES[scope]])


def short_scope(row: Mapping[str, Any]) -> str | None:
    """The last kind and name of a row's scope, which tells people enough; None without one."""
    if row["scope"] is None:
        return None
    return "/".join(row["scope"].split("/")[-2:]).removeprefix("/") or "/"
