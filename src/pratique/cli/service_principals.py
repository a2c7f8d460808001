"""`pratique sp`: service principals and their client secrets."""

from __future__ import annotations

from typing import Any

import click

from pratique.cli.accounts import Kind, add_delete, add_enable_and_disable
from pratique.cli.screen import Screen, commands, names, once, state
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

sp = group_of_verbs("sp", "Service principals and their client secrets.")
_secret = group_of_verbs("secret", "Client secrets: several at once, each with its own expiry.")
_PRINCIPALS = "service-principals"
_LIFE = click.option(
    "--expires-in-days", type=click.IntRange(1, 36_500), default=365, show_default=True
)
_PRINCIPAL = click.argument("principal")


@verb(sp, "create", "pratique sp create my-robot --expires-in-days 90")
@click.argument("name")
@_LIFE
def _create(session: Session, screen: Screen, name: str, expires_in_days: int) -> None:
    """Make a service principal with a first secret.

    The secret is shown this once. PRINCIPAL in other verbs is its client id, its object id, or its
    name while no other has it.
    """
    body = {"name": name, "expires_in_days": expires_in_days}
    made = session.call("POST", address(_PRINCIPALS), body=body)
    screen.show(
        made,
        *once(f"The service principal `{made['display_name']}` is made. Its secret", _shown(made)),
        *commands(
            "It has no role yet. Let it pull, and log in with it:",
            f"pratique role assign AcrPull --to {made['client_id']}{session.chosen_by}",
            f"docker login {session.image_host()} -u {made['client_id']}",
        ),
    )


@verb(sp, "list", "pratique sp list")
def _list(session: Session, screen: Screen) -> None:
    """List service principals."""
    screen.table(
        session.call("GET", address(_PRINCIPALS)),
        {
            "NAME": "display_name",
            "CLIENT ID": "client_id",
            "STATE": state,
            "SECRETS": lambda row: str(len(row["secrets"])),
            "CREATED": "created",
        },
        empty="There are no service principals; `pratique sp create NAME` makes one.",
    )


@verb(sp, "show", "pratique sp show my-robot")
@_PRINCIPAL
def _show(session: Session, screen: Screen, principal: str) -> None:
    """Show a service principal."""
    found = session.call("GET", address(_PRINCIPALS, principal))
    screen.facts(
        found,
        {
            "name": "display_name",
            "client id": "client_id",
            "object id": "object_id",
            "state": state,
            "created": "created",
            "secrets": lambda row: names(row["secrets"], "name"),
        },
    )


@verb(_secret, "add", "pratique sp secret add my-robot --name 2nd --expires-in-days 30")
@_PRINCIPAL
@click.option("--name", default="secret", show_default=True, help="To tell secrets apart.")
@_LIFE
def _add_secret(
    session: Session, screen: Screen, principal: str, name: str, expires_in_days: int
) -> None:
    """Add a secret, which is shown this once; the others stay."""
    body = {"name": name, "expires_in_days": expires_in_days}
    made = session.call("POST", address(_PRINCIPALS, principal, "secrets"), body=body)
    opening = f"The service principal `{made['display_name']}` has the new secret"
    screen.show(made, *once(f"{opening} `{made['secret_name']}`", _shown(made))[:-1])


@verb(_secret, "list", "pratique sp secret list my-robot")
@_PRINCIPAL
def _list_secrets(session: Session, screen: Screen, principal: str) -> None:
    """List what is known of a service principal's secrets."""
    found = session.call("GET", address(_PRINCIPALS, principal))
    screen.table(
        found["secrets"],
        {"NAME": "name", "SECRET ID": "secret_id", "CREATED": "created", "EXPIRES": "expires"},
        empty=f"`{found['display_name']}` has no secrets; `pratique sp secret add` makes one.",
    )


@verb(_secret, "delete", "pratique sp secret delete my-robot default")
@_PRINCIPAL
@click.argument("secret")
def _delete_secret(session: Session, screen: Screen, principal: str, secret: str) -> None:
    """Delete a secret by id, or by name if only one has it.

    Tokens that were made with it lose their force with the next request.
    """
    gone = session.call("DELETE", address(_PRINCIPALS, principal, "secrets", secret))
    screen.show(gone, f"The secret `{gone['name']}` is deleted, and tokens made with it are void.")


def _shown(made: dict[str, Any]) -> dict[str, Any]:
    return {
        "client id": made["client_id"],
        "object id": made["object_id"],
        "secret": made["secret"],
        "expires": made["expires"],
    }


_KIND = Kind(sp, "service principal", _PRINCIPALS, "display_name", "my-robot")
add_enable_and_disable(_KIND)
add_delete(_KIND, "its secrets, role assignments and memberships go with it")
sp.add_command(_secret)
