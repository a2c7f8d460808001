"""`pratique sp certificate` and `pratique sp federated-credential`: credentials but secrets."""

from __future__ import annotations

from typing import Any, BinaryIO

import click

from pratique.cli.client_certificates import certificate_in
from pratique.cli.screen import Screen, aligned
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

certificate = group_of_verbs("certificate", "Certificates, several at once.")
federated_credential = group_of_verbs(
    "federated-credential", "Outside identities that stand for it."
)
_PRINCIPALS, _CERTIFICATES, _FEDERATED = (
    "service-principals",
    "certificates",
    "federated-credentials",
)
_PRINCIPAL = click.argument("principal")


@verb(certificate, "add", "pratique sp certificate add my-robot my-robot.pem")
@_PRINCIPAL
@click.argument("file", type=click.File("rb"))
@click.option("--name", default="certificate", show_default=True, help="To tell them apart.")
def _add_certificate(
    session: Session, screen: Screen, principal: str, file: BinaryIO, name: str
) -> None:
    """Add a certificate; the others stay.

    FILE is in PEM. A private key in it is not sent. The key is RSA of 2,048 bits or more, or on the
    curve P-256.
    """
    body = {"name": name, "certificate": certificate_in(file)}
    made = session.call("POST", address(_PRINCIPALS, principal, _CERTIFICATES), body=body)
    screen.show(
        made, f"The certificate `{made['name']}` is added.", "", *aligned(_shown(made), "  ")
    )


@verb(certificate, "list", "pratique sp certificate list my-robot")
@_PRINCIPAL
def _list_certificates(session: Session, screen: Screen, principal: str) -> None:
    """List a service principal's certificates."""
    screen.table(
        session.call("GET", address(_PRINCIPALS, principal, _CERTIFICATES)),
        {
            "NAME": "name",
            "CERTIFICATE ID": "certificate_id",
            "THUMBPRINT": "thumbprint",
            "EXPIRES": "expires",
        },
        empty=f"`{principal}` has no certificates; `pratique sp certificate add` adds one.",
    )


@verb(certificate, "remove", "pratique sp certificate remove my-robot certificate")
@_PRINCIPAL
@click.argument("certificate")
def _remove_certificate(session: Session, screen: Screen, principal: str, certificate: str) -> None:
    """Remove a certificate.

    CERTIFICATE is its id, its thumbprint, or its name if only one has it.

    Tokens that were made with it lose their force with the next request.
    """
    gone = session.call("DELETE", address(_PRINCIPALS, principal, _CERTIFICATES, certificate))
    told = f"The certificate `{gone['name']}` is removed, and tokens made with it are void."
    screen.show(gone, told)


@verb(
    federated_credential,
    "add",
    "pratique sp federated-credential add my-robot --issuer "
    "https://token.actions.githubusercontent.com --subject repo:octo-org/app:ref:refs/heads/main",
)
@_PRINCIPAL
@click.option("--issuer", required=True, metavar="URL", help="The tokens' `iss`, exactly.")
@click.option("--subject", required=True, metavar="TEXT", help="The tokens' `sub`, exactly.")
@click.option(
    "--pattern",
    is_flag=True,
    help="Let `*` in the subject stand for characters but `:` and `/`, `**` at its end for all.",
)
@click.option("--audience", metavar="TEXT", help="In the tokens' `aud`; by custom, Entra ID's.")
@click.option("--name", metavar="TEXT", help="To tell them apart; the subject, when not given.")
def _add_federated_credential(
    session: Session,
    screen: Screen,
    principal: str,
    issuer: str,
    subject: str,
    pattern: bool,
    audience: str | None,
    name: str | None,
) -> None:
    """Let an outside identity stand for it.

    Its tokens stand for the service principal's own credentials.

    The issuer must be trusted too: `pratique trust add`. Give the subject and the audience as the
    issuer writes them into its tokens.
    """
    body: dict[str, Any] = {"issuer": issuer, "subject": subject, "pattern": pattern}
    if audience is not None:
        body["audience"] = audience
    if name is not None:
        body["name"] = name
    made = session.call("POST", address(_PRINCIPALS, principal, _FEDERATED), body=body)
    fields = {
        "id": made["credential_id"],
        "issuer": made["issuer"],
        "subject": made["subject"],
        "audience": made["audience"],
    }
    told = f"The federated credential `{made['name']}` is added."
    screen.show(made, told, "", *aligned(fields, "  "))


@verb(federated_credential, "list", "pratique sp federated-credential list my-robot")
@_PRINCIPAL
def _list_federated_credentials(session: Session, screen: Screen, principal: str) -> None:
    """List a service principal's federated credentials."""
    screen.table(
        session.call("GET", address(_PRINCIPALS, principal, _FEDERATED)),
        {
            "NAME": "name",
            "CREDENTIAL ID": "credential_id",
            "ISSUER": "issuer",
            "SUBJECT": "subject",
            "PATTERN": "pattern",
            "AUDIENCE": "audience",
        },
        empty=f"`{principal}` has no federated credentials; "
        "`pratique sp federated-credential add` adds one.",
    )


@verb(
    federated_credential, "remove", "pratique sp federated-credential remove my-robot main-branch"
)
@_PRINCIPAL
@click.argument("credential")
def _remove_federated_credential(
    session: Session, screen: Screen, principal: str, credential: str
) -> None:
    """Remove a federated credential.

    CREDENTIAL is its id, or its name if only one has it.

    Tokens that were made with it lose their force with the next request.
    """
    gone = session.call("DELETE", address(_PRINCIPALS, principal, _FEDERATED, credential))
    told = (
        f"The federated credential `{gone['name']}` is removed, and tokens made with it are void."
    )
    screen.show(gone, told)


def _shown(made: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": made["certificate_id"],
        "thumbprint": made["thumbprint"],
        "expires": made["expires"],
    }
