"""`pratique admin-user`: the one account that may handle every image."""

from __future__ import annotations

from typing import Any

import click

from pratique.cli.screen import Screen, aligned, commands, once, state
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

admin_user = group_of_verbs("admin-user", "The one account that may handle every image.")
_ADMIN = "admin-user"


@verb(admin_user, "show", "pratique admin-user show")
def _show(session: Session, screen: Screen) -> None:
    """Show whether it is enabled, and when its passwords were made."""
    found = session.call("GET", address(_ADMIN))
    dates = {f"{name} made": at for name, at in found["password_dates"].items()}
    lines = aligned({"user name": found["username"], "state": state(found), **dates})
    screen.show(found, *lines)


@verb(admin_user, "enable", "pratique admin-user enable")
def _enable(session: Session, screen: Screen) -> None:
    """Enable it.

    The first time, both passwords are made and shown this once.
    """
    changed = session.call("POST", address(_ADMIN, "enable"))
    host = session.image_host()
    login = commands("Log in as it:", f"docker login {host} -u {changed['username']}")
    if "passwords" in changed:
        screen.show(changed, *_passwords(changed, "The admin user is enabled. Its"), *login)
        return
    screen.show(
        changed,
        "The admin user is enabled, with the passwords that it had. Make one anew with "
        f"`pratique admin-user regenerate password{session.chosen_by}`.",
        "",
        *login,
    )


@verb(admin_user, "disable", "pratique admin-user disable")
def _disable(session: Session, screen: Screen) -> None:
    """Disable it.

    Its passwords count again when it is enabled again.
    """
    changed = session.call("POST", address(_ADMIN, "disable"))
    screen.show(changed, "The admin user is disabled, from the next request on.")


@verb(admin_user, "regenerate", "pratique admin-user regenerate password2")
@click.argument("name", type=click.Choice(["password", "password2"]), default="password")
def _regenerate(session: Session, screen: Screen, name: str) -> None:
    """Make one of the two passwords anew; the other one stays."""
    changed = session.call("POST", address(_ADMIN, "regenerate"), body={"name": name})
    screen.show(changed, *_passwords(changed, "The admin user has another")[:-1])


def _passwords(changed: dict[str, Any], opening: str) -> list[str]:
    made: dict[str, str] = changed["passwords"]
    noun = "password" if len(made) == 1 else "passwords"
    return once(f"{opening} {noun}", {"user name": changed["username"], **made})
