"""`pratique role`: role definitions and role assignments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from pratique.cli.screen import Screen
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

role = group_of_verbs("role", "Role definitions and role assignments.")
_ASSIGNMENTS = "role-assignments"
# How many parts of the registry's own scope belong to each.
_SHORT_SCOPES = {"registry": 9, "resource-group": 5, "subscription": 3}
_SCOPE = click.option(
    "--scope",
    metavar="SCOPE",
    help="registry (which it is when not given), resource-group, subscription, / for everything, "
    "or a whole scope such as /subscriptions/ID/resourceGroups/NAME.",
)
_ROLE = click.argument("wanted", metavar="ROLE")


@verb(role, "assign", "pratique role assign AcrPull --to my-robot")
@_ROLE
@click.option("--to", "principal", required=True, metavar="PRINCIPAL", help="Who gets it.")
@_SCOPE
def _assign(
    session: Session, screen: Screen, wanted: str, principal: str, scope: str | None
) -> None:
    """Assign a role to a principal, at a scope and all below it.

    ROLE is a name or a GUID of `pratique role definitions`. PRINCIPAL is an object id, a client
    id, a user name, or the name of a group or service principal.
    """
    body = {"role": wanted, "principal": principal, "scope": _whole_scope(session, scope)}
    made = session.call("POST", address(_ASSIGNMENTS), body=body)
    screen.show(
        made,
        f"`{made['principal']}` has the role `{made['role']}` on {_short_scope(made)}, "
        "from the next request on.",
    )


@verb(role, "unassign", "pratique role unassign AcrPull --from my-robot")
@_ROLE
@click.option("--from", "principal", required=True, metavar="PRINCIPAL", help="Who loses it.")
@_SCOPE
def _unassign(
    session: Session, screen: Screen, wanted: str, principal: str, scope: str | None
) -> None:
    """Take a role away from a principal.

    SCOPE is where it was assigned; `pratique role list` shows that.
    """
    query = {"role": wanted, "principal": principal}
    whole = _whole_scope(session, scope)
    if whole is not None:
        query["scope"] = whole
    gone = session.call("DELETE", address(_ASSIGNMENTS), query=query)
    screen.show(
        gone,
        f"`{gone['principal']}` no longer has the role `{gone['role']}` on {_short_scope(gone)}.",
    )


@verb(role, "list", "pratique role list --principal my-robot")
@click.option(
    "--principal", metavar="PRINCIPAL", help="Only what this one has, through groups as well."
)
def _list(session: Session, screen: Screen, principal: str | None) -> None:
    """List role assignments."""
    query = {"principal": principal} if principal else {}
    whose = f"`{principal}` has no role" if principal else "Nobody has a role"
    screen.table(
        session.call("GET", address(_ASSIGNMENTS), query=query),
        {
            "PRINCIPAL": "principal",
            "KIND": "principal_kind",
            "ROLE": "role",
            "SCOPE": _short_scope,
            "CREATED": "created",
        },
        empty=f"{whose}; `pratique role assign ROLE --to PRINCIPAL` gives one.",
    )


@verb(role, "definitions", "pratique role definitions")
def _definitions(session: Session, screen: Screen) -> None:
    """List the roles that can be assigned."""
    screen.table(
        session.call("GET", address("role-definitions")),
        {"ROLE": "name", "WHAT IT IS FOR": "description"},
        empty="There are no roles.",
        prose=True,
    )


def _whole_scope(session: Session, scope: str | None) -> str | None:
    if scope not in _SHORT_SCOPES:
        return scope
    registry: str = session.call("GET", address("registry"))["id"]
    return "/".join(registry.split("/")[: _SHORT_SCOPES[scope]])


def _short_scope(assignment: Mapping[str, Any]) -> str:
    """The last kind and name of a scope, which tells people enough."""
    return "/".join(assignment["scope"].split("/")[-2:]).removeprefix("/") or "/"
