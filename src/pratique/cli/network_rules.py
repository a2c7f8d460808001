"""`pratique network-rule`: from which addresses images may be pulled and pushed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from pratique.cli.screen import Screen
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

network_rule = group_of_verbs(
    "network-rule", "From which network addresses the registry may be reached."
)
_SWITCH: Final = {"on": True, "off": False}
_RULES: Final = address("network-rules")
_ADDRESSES = click.argument("addresses", metavar="ADDRESS", nargs=-1, required=True)


@verb(network_rule, "list", "pratique network-rule list")
def _list(session: Session, screen: Screen) -> None:
    """List the addresses that are let in, and say whether others are."""
    _show(screen, session.call("GET", _RULES))


@verb(network_rule, "add", "pratique network-rule add 203.0.113.0/24")
@_ADDRESSES
def _add(session: Session, screen: Screen, addresses: tuple[str, ...]) -> None:
    """Let addresses in, or ranges of them.

    ADDRESS is one address or a range, as in 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.
    """
    _show(screen, session.call("PATCH", _RULES, body={"add": addresses}))


@verb(network_rule, "remove", "pratique network-rule remove 203.0.113.0/24")
@_ADDRESSES
def _remove(session: Session, screen: Screen, addresses: tuple[str, ...]) -> None:
    """Take rules away; ADDRESS is what the rule names."""
    _show(screen, session.call("PATCH", _RULES, body={"remove": addresses}))


@verb(network_rule, "set", "pratique network-rule set --default-action deny")
@click.option(
    "--default-action",
    type=click.Choice(["allow", "deny"]),
    help="What becomes of addresses that no rule names.",
)
@click.option(
    "--public-access",
    type=click.Choice(list(_SWITCH)),
    help="Whether anybody is let in over a network at all, rules or not.",
)
def _set(
    session: Session, screen: Screen, *, default_action: str | None, public_access: str | None
) -> None:
    """Say what becomes of everybody else.

    Pulls, pushes and logins are judged by it; the management API, the Azure resource manager and
    whoever owns the data folder are not, so that it can be changed back.
    """
    body = {
        "default_action": default_action,
        "public_access": None if public_access is None else _SWITCH[public_access],
    }
    given = {name: value for name, value in body.items() if value is not None}
    if not given:
        raise click.UsageError("nothing to set; give --default-action or --public-access")
    _show(screen, session.call("PATCH", _RULES, body=given))


def _show(screen: Screen, found: Mapping[str, Any]) -> None:
    screen.show(found, *[f"allow {rule}" for rule in found["allowed"]], _rest(found))


def _rest(found: Mapping[str, Any]) -> str:
    denies = found["default_action"] == "deny"
    if not found["public_access"]:
        return (
            "Nobody is let in over a network, whatever the rules name, until `pratique "
            "network-rule set --public-access on`."
        )
    if denies:
        return "All other addresses are refused."
    if found["allowed"]:
        return (
            "All other addresses are let in too, until `pratique network-rule set "
            "--default-action deny`."
        )
    return "There are no rules: every address is let in."
