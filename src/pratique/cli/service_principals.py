"""`pratique sp`: service principals, and their secrets among other credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import click

from pratique.cli.accounts import Kind, add_delete, add_enable_and_disable
from pratique.cli.application_credentials import certificate, federated_credential
from pratique.cli.client_certificates import certificate_in, new_certificate
from pratique.cli.screen import Screen, aligned, commands, names, once, state
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

sp = group_of_verbs("sp", "Service principals and their credentials.")
_secret = group_of_verbs("secret", "Client secrets, several at once.")
_PRINCIPALS = "service-principals"
_LIFE = click.option(
    "--expires-in-days", type=click.IntRange(1, 36_500), default=365, show_default=True
)
_PRINCIPAL = click.argument("principal")


@verb(sp, "create", "pratique sp create my-robot --expires-in-days 90")
@click.argument("name")
@_LIFE
@click.option(
    "--certificate",
    "given",
    type=click.File("rb"),
    metavar="FILE",
    help="Give it this certificate, in PEM, and no secret. A key beside it is not sent.",
)
@click.option(
    "--create-certificate",
    "created",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a new key and certificate to FILE, give it the certificate, and no secret.",
)
def _create(
    session: Session,
    screen: Screen,
    name: str,
    expires_in_days: int,
    given: BinaryIO | None,
    created: Path | None,
) -> None:
    """Make one, with a first secret or a certificate.

    The secret is shown this once. PRINCIPAL in other verbs is its client id, its object id, or its
    name while no other has it.
    """
    if given is not None and created is not None:
        raise click.UsageError("give --certificate or --create-certificate, not both")
    if given is not None:
        _certified(session, screen, name, certificate_in(given), None)
        return
    if created is not None:
        with new_certificate(created, name, expires_in_days) as pem:
            _certified(session, screen, name, pem, created)
        return
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
            "certificates": lambda row: names(row["certificates"], "name"),
            "federated credentials": lambda row: names(row["federated_credentials"], "name"),
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


def _certified(session: Session, screen: Screen, name: str, pem: str, kept: Path | None) -> None:
    """Make a service principal with a certificate.

    Args:
        session: with the registry.
        screen: to tell of it.
        name: for people to read.
        pem: the certificate.
        kept: the file with its key, when it was made here.
    """
    made = session.call("POST", address(_PRINCIPALS), body={"name": name, "certificate": pem})
    (held,) = made["certificates"]
    fields = {
        "client id": made["client_id"],
        "object id": made["object_id"],
        "thumbprint": held["thumbprint"],
        "expires": held["expires"],
        **({} if kept is None else {"key and certificate": str(kept)}),
    }
    shown = made if kept is None else {**made, "file": str(kept)}
    screen.show(
        shown,
        f"The service principal `{made['display_name']}` is made, with a certificate:",
        "",
        *aligned(fields, "  "),
        "",
        *commands(
            "It has no role yet. Let it pull:",
            f"pratique role assign AcrPull --to {made['client_id']}{session.chosen_by}",
        ),
    )


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
sp.add_command(certificate)
sp.add_command(federated_credential)
