"""`pratique token`: non-directory tokens, each bound to a scope map."""

from __future__ import annotations

from typing import Any

import click

from pratique.cli.accounts import Kind, add_delete, add_enable_and_disable
from pratique.cli.screen import Screen, commands, names, once, state
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

token = group_of_verbs("token", "Tokens that are not of the directory, each with a scope map.")
_LIFE = click.option(
    "--expires-in-days", type=click.IntRange(1, 36_500), help="Never, when not given."
)
_PASSWORDS = ("password1", "password2")


@verb(token, "create", "pratique token create app-ci --scope-map _repositories_pull")
@click.argument("name")
@click.option("--scope-map", required=True, metavar="MAP", help="What it may do.")
@_LIFE
def _create(
    session: Session, screen: Screen, name: str, scope_map: str, expires_in_days: int | None
) -> None:
    """Make a token and its two passwords, which are shown this once."""
    body = {"name": name, "scope_map": scope_map, "expires_in_days": expires_in_days}
    made = session.call("POST", address("tokens"), body=body)
    screen.show(
        made,
        *once(f"The token `{made['username']}` is made. Its passwords", _shown(made)),
        *commands("Log in with it:", f"docker login {session.image_host()} -u {made['username']}"),
    )


@verb(token, "password", "pratique token password app-ci password2 --expires-in-days 30")
@click.argument("name")
@click.argument("password", type=click.Choice(_PASSWORDS), default="password1")
@_LIFE
def _password(
    session: Session, screen: Screen, name: str, password: str, expires_in_days: int | None
) -> None:
    """Make one of the two passwords anew; the other one stays."""
    body = {"name": password, "expires_in_days": expires_in_days}
    made = session.call("POST", address("tokens", name, "password"), body=body)
    opening = f"The token `{made['username']}` has another password"
    screen.show(made, *once(opening, _shown(made))[:-1])


@verb(token, "list", "pratique token list")
def _list(session: Session, screen: Screen) -> None:
    """List tokens."""
    screen.table(
        session.call("GET", address("tokens")),
        {
            "NAME": "name",
            "SCOPE MAP": "scope_map",
            "STATE": state,
            "PASSWORDS": lambda row: names(row["passwords"], "name"),
            "CREATED": "created",
        },
        empty="There are no tokens; `pratique token create NAME --scope-map MAP` makes one.",
    )


@verb(token, "update", "pratique token update app-ci --scope-map _repositories_push")
@click.argument("name")
@click.option("--scope-map", required=True, metavar="MAP", help="What it may do.")
def _update(session: Session, screen: Screen, name: str, scope_map: str) -> None:
    """Bind a token to another scope map; its passwords stay."""
    changed = session.call("PATCH", address("tokens", name), body={"scope_map": scope_map})
    screen.show(
        changed,
        f"The token `{changed['name']}` may do what the scope map `{changed['scope_map']}` says, "
        "from the next request on.",
    )


def _shown(made: dict[str, Any]) -> dict[str, Any]:
    new = {name: made[name] for name in _PASSWORDS if name in made}
    expires = {made["expires"][name] or "never" for name in new}
    return {"user name": made["username"], **new, "expires": ", ".join(sorted(expires))}


_KIND = Kind(token, "token", "tokens", "name", "app-ci")
add_enable_and_disable(_KIND)
add_delete(_KIND, "its passwords are void")
