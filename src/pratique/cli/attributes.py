"""`pratique attribute`: custom security attributes, which conditions find under `@Principal`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import click

from pratique.cli.screen import Screen
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

attribute = group_of_verbs("attribute", "Attributes of principals, which conditions ask for.")
_PRINCIPAL = click.argument("principal")
_NAME = click.argument("name")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_TRUTH = {"true": True, "false": False}


@verb(attribute, "list", "pratique attribute list alice")
@_PRINCIPAL
def _list(session: Session, screen: Screen, principal: str) -> None:
    """List a principal's attributes."""
    found = session.call("GET", address("principals", principal, "attributes"))
    if screen.as_json:
        screen.show(found)
        return
    screen.table(
        [{"name": name, "values": values} for name, values in found["attributes"].items()],
        {"ATTRIBUTE": "name", "VALUES": _written},
        empty=f"`{found['principal']}` has no attributes; `pratique attribute set` gives one.",
    )


@verb(attribute, "set", "pratique attribute set alice Engineering_Project web shop")
@_PRINCIPAL
@_NAME
@click.argument("values", metavar="VALUE...", nargs=-1, required=True)
@click.option("--text", is_flag=True, help="Take every VALUE as a text.")
def _set(
    session: Session,
    screen: Screen,
    principal: str,
    name: str,
    values: tuple[str, ...],
    text: bool,
) -> None:
    """Give a principal an attribute, in place of its values so far.

    NAME is SET_NAME. Conditions find it as
    @Principal[Microsoft.Directory/CustomSecurityAttributes/Id:NAME]. A whole number, true and false
    are taken as such unless --text is given; a negative number stands behind `--`.
    """
    body = {"values": [value if text else _typed(value) for value in values]}
    changed = session.call("PUT", address("principals", principal, "attributes", name), body=body)
    held = _written({"values": _of(changed, name)})
    screen.show(changed, f"`{changed['principal']}` has the attribute `{name}`: {held}.")


@verb(attribute, "remove", "pratique attribute remove alice Engineering_Project")
@_PRINCIPAL
@_NAME
def _remove(session: Session, screen: Screen, principal: str, name: str) -> None:
    """Take an attribute away from a principal."""
    changed = session.call("DELETE", address("principals", principal, "attributes", name))
    screen.show(changed, f"`{changed['principal']}` no longer has the attribute `{name}`.")


def _of(changed: Mapping[str, Any], name: str) -> list[Any]:
    held: dict[str, list[Any]] = changed["attributes"]
    return next(values for key, values in held.items() if key.lower() == name.lower())


def _typed(value: str) -> str | int | bool:
    if value in _TRUTH:
        return _TRUTH[value]
    return int(value) if _INTEGER.fullmatch(value) else value


def _written(row: Mapping[str, Any]) -> str:
    """Values as conditions write them, so that 1 and '1' are told apart."""
    return ", ".join(
        f"'{value}'" if isinstance(value, str) else str(value).lower() for value in row["values"]
    )
