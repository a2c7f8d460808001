"""`pratique trust`: outside issuers whose tokens stand for service principals of this directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pratique.cli.failures import Failed
from pratique.cli.screen import Screen, aligned, commands
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

trust = group_of_verbs("trust", "Outside issuers whose tokens are taken in place of secrets.")
_TRUSTS = "trusts"
_GITHUB = "https://token.actions.githubusercontent.com"
_ISSUER = click.argument("issuer")
_KEYS = click.option(
    "--jwks",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A JWK set with its public keys; the issuer is never asked then.",
)


@verb(trust, "add", f"pratique trust add {_GITHUB} --audience registry.example.com")
@_ISSUER
@click.option(
    "--audience",
    "audiences",
    multiple=True,
    required=True,
    help="The `aud` of tokens made for this registry; several are allowed.",
)
@click.option("--name", help="What to call it; the issuer's host, when not given.")
@_KEYS
def _add(
    session: Session,
    screen: Screen,
    issuer: str,
    audiences: tuple[str, ...],
    name: str | None,
    jwks: Path | None,
) -> None:
    """Take tokens of an outside issuer from now on.

    ISSUER is the `iss` of its tokens, exactly. A trust lets nobody in by itself: a federated
    credential says which of the issuer's subjects is which service principal.
    """
    body = {"issuer": issuer, "audiences": audiences, "name": name, "jwks": _content(jwks)}
    made = session.call("POST", address(_TRUSTS), body=body)
    screen.show(
        made,
        f"Tokens of `{made['issuer']}` ({made['kind']}) for {_listed(made)} are taken.",
        *commands(
            "Say whom its tokens stand for, and see whether its keys can be had:",
            f"pratique sp federated-credential add PRINCIPAL --issuer {made['issuer']} "
            f"--subject SUBJECT --audience {made['audiences'][0]}{session.chosen_by}",
            f"pratique trust check {made['issuer']}{session.chosen_by}",
        ),
    )


@verb(trust, "list", "pratique trust list")
def _list(session: Session, screen: Screen) -> None:
    """List trusted issuers."""
    screen.table(
        session.call("GET", address(_TRUSTS)),
        {
            "NAME": "name",
            "ISSUER": "issuer",
            "KIND": "kind",
            "AUDIENCES": "audiences",
            "KEYS": "keys",
            "SERVICE PRINCIPALS": "service_principals",
        },
        empty="No outside issuer is trusted; `pratique trust add` trusts one.",
    )


@verb(trust, "update", "pratique trust update github --audience registry.example.com")
@_ISSUER
@click.option("--audience", "audiences", multiple=True, help="In place of those so far.")
@_KEYS
@click.option("--discover", is_flag=True, help="Ask the issuer for its keys from now on.")
def _update(
    session: Session,
    screen: Screen,
    issuer: str,
    audiences: tuple[str, ...],
    jwks: Path | None,
    discover: bool,
) -> None:
    """Change the audiences or the keys of a trust.

    ISSUER is the issuer or the trust's name.

    Registry logins that were made before stay; they end by themselves within three hours.
    """
    if jwks is not None and discover:
        raise click.UsageError("give --jwks or --discover, not both")
    if jwks is None and not discover and not audiences:
        raise click.UsageError("say what to change: --audience, --jwks or --discover")
    body = {
        "issuer": issuer,
        "audiences": audiences or None,
        "jwks": "" if discover else _content(jwks),
    }
    changed = session.call("PATCH", address(_TRUSTS), body=body)
    screen.show(
        changed,
        f"Tokens of `{changed['issuer']}` for {_listed(changed)} are taken; keys are "
        f"{changed['keys']}.",
    )


@verb(trust, "remove", "pratique trust remove github --with-credentials")
@_ISSUER
@click.option(
    "--with-credentials",
    is_flag=True,
    help="Remove the federated credentials that name it too; logins made through them die.",
)
def _remove(session: Session, screen: Screen, issuer: str, with_credentials: bool) -> None:
    """Take no more tokens of an issuer.

    ISSUER is the issuer or the trust's name.
    """
    query = {"issuer": issuer, "with_credentials": str(with_credentials).lower()}
    gone = session.call("DELETE", address(_TRUSTS), query=query)
    lost = ", ".join(f"`{name}`" for name in gone["service_principals"])
    screen.show(
        gone,
        f"Tokens of `{gone['issuer']}` are not taken any more.",
        *([f"Logins made with them are void: {lost}."] if lost else []),
    )


@verb(trust, "check", f"pratique trust check {_GITHUB}")
@_ISSUER
def _check(session: Session, screen: Screen, issuer: str) -> None:
    """Ask an issuer for its keys now, and say what was found.

    The registry that is asked does the asking, so this shows whether it can. ISSUER need not be
    trusted yet.
    """
    found = session.call("POST", address(_TRUSTS, "check"), body={"issuer": issuer})
    fields = {
        "issuer": found["issuer"],
        "kind": found["kind"],
        "trusted": found["trusted"],
        "metadata": found.get("metadata", "not asked; its keys were given with the trust"),
        "keys from": found.get("keys_from"),
        "keys": found["keys"],
        "key ids": found["key_ids"],
        "algorithms": found["algorithms"],
    }
    screen.show(found, *aligned({n: v for n, v in fields.items() if v is not None}))
    if found.get("private_address"):
        screen.warn(
            f"`{issuer}` is not at a public address; the server asks it only when it was started "
            "with --allow-private-issuers"
        )


def _listed(shown: dict[str, Any]) -> str:
    return ", ".join(f"`{audience}`" for audience in shown["audiences"])


def _content(jwks: Path | None) -> str | None:
    if jwks is None:
        return None
    try:
        return jwks.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"the file {jwks} cannot be read: {error}") from error
