"""`pratique user`: people of the registry's own directory."""

from __future__ import annotations

import sys

import click

from pratique.cli.accounts import Kind, add_delete, add_enable_and_disable
from pratique.cli.screen import Screen, commands, once, state
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

user = group_of_verbs("user", "People of the registry's own directory.")
_PASSWORD_STDIN = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input; else make one."
)


@verb(user, "create", "pratique user create alice --display-name 'Alice Liddell'")
@click.argument("name")
@click.option("--display-name", help="For people to read; the user name, when not given.")
@_PASSWORD_STDIN
def _create(
    session: Session, screen: Screen, name: str, display_name: str | None, password_stdin: bool
) -> None:
    """Make a user.

    Unless you give a password, one is made and shown this once.
    """
    body = {
        "username": name,
        "display_name": display_name,
        "password": _read_password() if password_stdin else None,
    }
    made = session.call("POST", address("users"), body=body)
    screen.show(
        made,
        *_told(made, f"The user `{made['username']}` is made."),
        *commands(
            "This user has no role yet. Let them pull, and log in as them:",
            f"pratique role assign AcrPull --to {made['username']}{session.chosen_by}",
            f"docker login {session.image_host()} -u {made['username']}",
        ),
    )


@verb(user, "list", "pratique user list")
def _list(session: Session, screen: Screen) -> None:
    """List users."""
    screen.table(
        session.call("GET", address("users")),
        {
            "USER NAME": "username",
            "DISPLAY NAME": "display_name",
            "STATE": state,
            "OBJECT ID": "object_id",
            "CREATED": "created",
        },
        empty="There are no users; `pratique user create NAME` makes one.",
    )


@verb(user, "password", "pratique user password alice")
@click.argument("name")
@_PASSWORD_STDIN
def _password(session: Session, screen: Screen, name: str, password_stdin: bool) -> None:
    """Give a user another password.

    Unless you give it, it is made and shown this once. Tokens made with the old one are void.
    """
    body = {"password": _read_password() if password_stdin else None}
    changed = session.call("POST", address("users", name, "password"), body=body)
    opening = f"The user `{changed['username']}` has another password."
    screen.show(changed, *_told(changed, opening)[:-1])


def _told(made: dict[str, str], opening: str) -> list[str]:
    if "password" not in made:
        return [opening, ""]
    fields = {"user name": made["username"], "password": made["password"]}
    return once(f"{opening} The password", fields)


def _read_password() -> str:
    return sys.stdin.readline().removesuffix("\n").removesuffix("\r")


_KIND = Kind(user, "user", "users", "username", "alice")
add_enable_and_disable(_KIND)
add_delete(_KIND, "role assignments and memberships go too")
