"""`pratique user`: people of the registry's own directory."""

from __future__ import annotations

import click

from pratique.cli.accounts import Kind, add_delete, add_enable_and_disable
from pratique.cli.screen import Screen, commands, once, state
from pratique.cli.session import Session, address
from pratique.cli.standard_input import read_password
from pratique.cli.verbs import group_of_verbs, verb

user = group_of_verbs("user", "People of the registry's own directory.")
_totp = group_of_verbs("totp", "One-time passwords, asked for at the sign-in page.")
user.add_command(_totp)
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
        "password": read_password() if password_stdin else None,
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
            "SOURCE": "source",
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
    body = {"password": read_password() if password_stdin else None}
    changed = session.call("POST", address("users", name, "password"), body=body)
    opening = f"The user `{changed['username']}` has another password."
    screen.show(changed, *_told(changed, opening)[:-1])


@verb(user, "sign-out", "pratique user sign-out alice")
@click.argument("name")
def _sign_out(session: Session, screen: Screen, name: str) -> None:
    """Sign a user out everywhere.

    Every token and browser session of theirs has no force from the next request on. The password
    stays; a client that has stored it signs in anew.
    """
    changed = session.call("POST", address("users", name, "sign-out"))
    screen.show(changed, f"The user `{changed['username']}` is signed out everywhere.")


@verb(_totp, "enable", "pratique user totp enable alice")
@click.argument("name")
def _enable_totp(session: Session, screen: Screen, name: str) -> None:
    """Ask a user for one-time passwords from now on.

    The secret is shown this once.

    The password alone then opens nothing: they sign in at the sign-in page, as `az login` does. A
    second time, it makes another secret. Either way they are signed out everywhere.
    """
    changed = session.call("POST", address("users", name, "totp"))
    opening = f"The user `{changed['username']}` signs in with one-time passwords. The secret"
    fields = {"address for authenticators": changed["uri"], "to type it in": changed["secret"]}
    screen.show(changed, *once(opening, fields)[:-1])


@verb(_totp, "disable", "pratique user totp disable alice")
@click.argument("name")
def _disable_totp(session: Session, screen: Screen, name: str) -> None:
    """Ask a user for the password alone."""
    changed = session.call("DELETE", address("users", name, "totp"))
    screen.show(changed, f"The user `{changed['username']}` signs in with the password alone.")


def _told(made: dict[str, str], opening: str) -> list[str]:
    if "password" not in made:
        return [opening, ""]
    fields = {"user name": made["username"], "password": made["password"]}
    return once(f"{opening} The password", fields)


_KIND = Kind(user, "user", "users", "username", "alice")
add_enable_and_disable(_KIND)
add_delete(_KIND, "role assignments and memberships go too")
