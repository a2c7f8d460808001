"""`pratique deny`: what is refused whatever any role grants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from pratique.cli.accounts import Kind, add_delete
from pratique.cli.conditions import in_short, laid_out
from pratique.cli.failures import Failed
from pratique.cli.permission_patterns import KEYS, doubts, permission_options
from pratique.cli.scopes import SCOPE, short_scope, whole_scope
from pratique.cli.screen import Screen, aligned
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

deny = group_of_verbs("deny", "Deny assignments: what is refused whatever any role grants.")
_DENIALS = "deny-assignments"
_DENY = click.argument("name", metavar="NAME")


@verb(
    deny,
    "create",
    "pratique deny create freeze --everyone --exclude release-bot "
    "--action Microsoft.ContainerRegistry/registries/push/write",
)
@_DENY
@click.option(
    "--principal",
    "principals",
    multiple=True,
    metavar="PRINCIPAL",
    help="Whom it concerns; a group means all that are in it. May be given several times.",
)
@click.option("--everyone", is_flag=True, help="It concerns everybody in the directory.")
@click.option(
    "--exclude",
    "excluded",
    multiple=True,
    metavar="PRINCIPAL",
    help="Whom it does not concern all the same. May be given several times.",
)
@permission_options("refuses")
@click.option("--condition", metavar="TEXT", help="Only where this condition is met.")
@SCOPE
@click.option("--this-scope-only", is_flag=True, help="Not below that scope.")
@click.option("--description", metavar="TEXT", help="For people to read.")
def _create(
    session: Session,
    screen: Screen,
    principals: tuple[str, ...],
    everyone: bool,
    scope: str | None,
    this_scope_only: bool,
    **content: Any,
) -> None:
    """Refuse something, whatever any role grants.

    It concerns users and service principals. The admin user, tokens with a scope map and anonymous
    pull each have a switch of their own.
    """
    if everyone == bool(principals):
        raise click.UsageError("say whom it concerns: --principal, or --everyone")
    body = {
        **content,
        "principals": principals,
        "everyone": everyone,
        "scope": whole_scope(session, scope),
        "applies_to_child_scopes": not this_scope_only,
    }
    made = session.call("POST", address(_DENIALS), body=body)
    opening = f"The deny assignment `{made['name']}` is in force from the next request on:"
    screen.show(made, opening, "", *_readable(made))
    lines = [*doubts({key: content[key] for key in KEYS}), *_idle(made)]
    if lines:
        screen.warn(*lines)


def _idle(made: Mapping[str, Any]) -> list[str]:
    if not made["not_in_force"]:
        return []
    patterns = ", ".join(f"`{pattern}`" for pattern in made["not_in_force"])
    return [
        (
            f"in the registry's present role mode, this refuses nothing: {patterns}. In mode rbac "
            "content is judged by actions such as "
            "`Microsoft.ContainerRegistry/registries/pull/read`, in mode abac by data actions such "
            "as `Microsoft.ContainerRegistry/registries/repositories/content/read`."
        )
    ]


@verb(deny, "list", "pratique deny list")
def _list(session: Session, screen: Screen) -> None:
    """List deny assignments."""
    screen.table(
        session.call("GET", address(_DENIALS)),
        {
            "NAME": "name",
            "CONCERNS": _concerned,
            "BUT NOT": lambda row: row["excluded"],
            "SCOPE": short_scope,
            "CONDITION": lambda row: in_short(row["condition"]),
            "REFUSES": _refused,
        },
        empty="There are no deny assignments; `pratique deny create NAME` makes one.",
        prose=True,
    )


@verb(deny, "show", "pratique deny show freeze")
@_DENY
def _show(session: Session, screen: Screen, name: str) -> None:
    """Show a deny assignment with its condition."""
    wanted = name.casefold()
    for found in session.call("GET", address(_DENIALS)):
        if wanted in {found["name"].casefold(), found["deny_id"]}:
            screen.show(found, *_readable(found))
            return
    raise Failed(f"there is no deny assignment `{name}`; `pratique deny list` shows them all")


@verb(deny, "update", "pratique deny update freeze --exclude ci-bot")
@_DENY
@click.option(
    "--exclude", multiple=True, metavar="PRINCIPAL", help="It does not concern this one any more."
)
@click.option("--include", multiple=True, metavar="PRINCIPAL", help="It concerns this one again.")
def _update(
    session: Session,
    screen: Screen,
    name: str,
    exclude: tuple[str, ...],
    include: tuple[str, ...],
) -> None:
    """Change whom a deny assignment leaves out."""
    if not exclude and not include:
        raise click.UsageError("say what to change: --exclude or --include")
    body = {"exclude": exclude, "include": include}
    changed = session.call("PATCH", address(_DENIALS, name), body=body)
    out = ", ".join(f"`{one}`" for one in changed["excluded"])
    screen.show(
        changed,
        f"The deny assignment `{changed['name']}` concerns {_concerned(changed)}"
        f"{f', but not {out}' if out else ''}.",
    )


add_delete(
    Kind(deny, "deny assignment", _DENIALS, "name", "freeze"),
    "what it refused is as the roles say",
)


def _readable(found: Mapping[str, Any]) -> list[str]:
    below = "and below" if found["applies_to_child_scopes"] else "and not below"
    fields = {
        "name": found["name"],
        "description": found["description"],
        "concerns": _concerned(found),
        "but not": found["excluded"],
        "scope": f"{found['scope']} {below}",
    }
    lines = aligned({name: value for name, value in fields.items() if value})
    for key in KEYS:
        if found[key]:
            lines += ["", f"{key.replace('_', ' ')}:", *(f"  {pattern}" for pattern in found[key])]
    if found["condition"] is not None:
        lines += ["", "where:", *(f"  {line}" for line in laid_out(found["condition"]))]
    return lines


def _concerned(row: Mapping[str, Any]) -> str:
    # One who is not there any more has no name.
    return "everyone" if row["everyone"] else ", ".join(name or "-" for name in row["principals"])


def _refused(row: Mapping[str, Any]) -> str:
    held = ", ".join([*row["actions"], *row["data_actions"]])
    taken_out = ", ".join([*row["not_actions"], *row["not_data_actions"]])
    return f"{held} but not {taken_out}" if taken_out else held
