"""`pratique access`: questions about the law, asked before somebody is refused."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import click

from pratique.cli.reviews import review
from pratique.cli.scopes import short_scope
from pratique.cli.screen import Screen, broken, commands, kind
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb
from pratique.cli.verdicts import consulted, on, remedies
from pratique.cli.what_if import what_if

access = group_of_verbs("access", "Who may do what, through what, and what if.")
_DENIED = 1
_ACTION = click.argument("action")
_RESOURCE = click.argument("resource")


@verb(access, "check", "pratique access check ci-bot pull team/app")
@click.argument("principal")
@_ACTION
@_RESOURCE
@click.pass_context
def _check(
    context: click.Context,
    session: Session,
    screen: Screen,
    principal: str,
    action: str,
    resource: str,
) -> None:
    """Say whether somebody may do something, and why.

    Of what is refused, every rule is shown with what became of it, and then what would help.

    PRINCIPAL is a user, a service principal or a group by any of its names, token:NAME, admin-user
    or anonymous. ACTION is pull, push, delete, metadata_read, metadata_write, catalog, or a
    permission such as Microsoft.ContainerRegistry/registries/write. RESOURCE is a repository, '*'
    for every repository, registry for the catalog and for permissions, or a scope such as /.

    The exit code is 0 when it is allowed and 1 when it is denied.
    """
    body = {"principal": principal, "action": action, "resource": resource}
    found = session.call("POST", address("access", "check"), body=body)
    if screen.as_json:
        screen.show(found)
    elif found["allowed"]:
        screen.show(found, *allowed(found))
    else:
        screen.show(found, *denied(found, principal, session.chosen_by))
    if not found["allowed"]:
        context.exit(_DENIED)


@verb(access, "who-can", "pratique access who-can pull team/app")
@_ACTION
@_RESOURCE
def _who_can(session: Session, screen: Screen, action: str, resource: str) -> None:
    """List everybody who may do something, and through what.

    ACTION and RESOURCE are as in `pratique access check`.
    """
    body = {"action": action, "resource": resource}
    found = session.call("POST", address("access", "who-can"), body=body)
    if screen.as_json:
        screen.show(found)
        return
    screen.table(
        found["holders"],
        {
            "NAME": "name",
            "KIND": lambda row: kind(row["kind"]),
            "THROUGH": "through",
            "SCOPE": short_scope,
        },
        empty=f"Nobody may do `{found['action']}` on {on(found['resource'])}.",
        prose=True,
    )


def allowed(found: Mapping[str, Any]) -> list[str]:
    """A leave in words."""
    sentence = (
        f"Yes: {found['principal']} may do `{found['action']}` on {on(found['resource'])}, since "
        f"{found['sentence']}."
    )
    return [*broken(sentence), *consulted(found["consulted"])]


def denied(found: Mapping[str, Any], principal: str, chosen_by: str) -> list[str]:
    """A refusal in words, and what would help.

    Args:
        found: as the management API gives it.
        principal: who was asked about, as the user named it.
        chosen_by: the words by which the user chose the registry.
    """
    lines = [*broken(f"No: {found['sentence']}."), *consulted(found["consulted"])]
    groups = found["groups_that_may"]
    if groups:
        joins = (
            f"pratique group add {shlex.quote(group)} {shlex.quote(principal)}{chosen_by}"
            for group in groups
        )
        which = "this group" if len(groups) == 1 else "each of these groups"
        opening = f"Members of {which} may, so joining would do:"
        lines += ["", *commands(opening, *joins)]
    lines += remedies(found["remedies"], chosen_by)
    if not groups and not found["remedies"]:
        lines += ["", "No command would allow it."]
    return lines


access.add_command(what_if)
access.add_command(review)
