"""`pratique role`: assignments of roles, with and without conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from pratique.cli.conditions import in_short, laid_out
from pratique.cli.failures import Failed
from pratique.cli.files import text_of
from pratique.cli.scopes import SCOPE, short_scope, whole_scope
from pratique.cli.screen import Screen, kind
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

role = group_of_verbs("role", "Role definitions and role assignments.")
_ASSIGNMENTS = "role-assignments"
_ROLE = click.argument("wanted", metavar="ROLE")
_ON_REPOSITORIES = "Microsoft.ContainerRegistry/registries/repositories/"


@verb(
    role,
    "assign",
    "pratique role assign 'Container Registry Repository Reader' --to ci-bot --repository 'team/*'",
)
@_ROLE
@click.option("--to", "principal", required=True, metavar="PRINCIPAL", help="Who gets it.")
@SCOPE
@click.option(
    "--repository",
    "repositories",
    multiple=True,
    metavar="PATTERN",
    help="Only on repositories of this name; `*` stands for any run of characters. Writes the "
    "condition for you. May be given several times.",
)
@click.option("--condition", metavar="TEXT", help="Only where this condition is met.")
@click.option(
    "--condition-file",
    type=click.File("rb"),
    metavar="FILE",
    help="The condition is in this file; `-` for standard input.",
)
@click.option("--description", metavar="TEXT", help="For people: why it is so.")
@click.option(
    "--replace", is_flag=True, help="Give an assignment that stands already this condition or none."
)
@click.option(
    "--also", is_flag=True, help="Let an assignment that stands already grant under this one too."
)
def _assign(
    session: Session,
    screen: Screen,
    *,
    wanted: str,
    principal: str,
    scope: str | None,
    repositories: tuple[str, ...],
    description: str | None,
    replace: bool,
    also: bool,
    **written: Any,
) -> None:
    """Assign a role to a principal, at a scope and all below it.

    ROLE is a name or a GUID of `pratique role definitions`. PRINCIPAL is an object id, a client
    id, a user name, or the name of a group or service principal.
    """
    condition = _condition(repositories, **written)
    if replace and also:
        raise click.UsageError("give --replace or --also, not both")
    if also and condition is None and not repositories:
        raise click.UsageError("--also needs --repository or --condition; --replace takes one away")
    body = {
        "role": wanted,
        "principal": principal,
        "scope": whole_scope(session, scope),
        "condition": condition,
        "repositories": repositories or None,
        "description": description,
        "when_present": "replace" if replace else "also" if also else None,
    }
    made = session.call("POST", address(_ASSIGNMENTS), body=body)
    has = f"`{made['principal']}` has the role `{made['role']}` on {short_scope(made)}"
    if made["condition"] is None:
        screen.show(made, f"{has}, from the next request on.")
        return
    lines = [f"{has}, from the next request on, under the condition:", ""]
    screen.show(made, *lines, *(f"  {line}" for line in laid_out(made["condition"])))
    if made["holes"]:
        screen.warn(*_holes(made["holes"]))


@verb(role, "unassign", "pratique role unassign AcrPull --from my-robot")
@click.argument("wanted", metavar="[ROLE]", required=False)
@click.option("--from", "principal", metavar="PRINCIPAL", help="Who loses it.")
@SCOPE
@click.option(
    "--id", "assignment_id", metavar="ID", help="The assignment, in place of all the others."
)
def _unassign(
    session: Session,
    screen: Screen,
    wanted: str | None,
    principal: str | None,
    scope: str | None,
    assignment_id: str | None,
) -> None:
    """Take a role away from a principal.

    SCOPE is where it was assigned; `pratique role list` shows that. An assignment whose principal
    or role is gone is named by its id.
    """
    if assignment_id is not None:
        if wanted or principal or scope:
            raise click.UsageError("give --id alone, or a role and --from")
        gone = session.call("DELETE", address(_ASSIGNMENTS, assignment_id))
        screen.show(gone, f"The role assignment {assignment_id} is gone.")
        return
    if wanted is None or principal is None:
        raise click.UsageError("say which role and --from whom, or give --id")
    query = {"role": wanted, "principal": principal}
    whole = whole_scope(session, scope)
    if whole is not None:
        query["scope"] = whole
    gone = session.call("DELETE", address(_ASSIGNMENTS), query=query)
    screen.show(
        gone,
        f"`{gone['principal']}` no longer has the role `{gone['role']}` on {short_scope(gone)}.",
    )


@verb(role, "list", "pratique role list --principal my-robot")
@click.option(
    "--principal", metavar="PRINCIPAL", help="Only what this one has, through groups as well."
)
def _list(session: Session, screen: Screen, principal: str | None) -> None:
    """List role assignments.

    Conditions are shortened; `--json` has them whole, with ids and dates.
    """
    query = {"principal": principal} if principal else {}
    whose = f"`{principal}` has no role" if principal else "Nobody has a role"
    screen.table(
        session.call("GET", address(_ASSIGNMENTS), query=query),
        {
            "PRINCIPAL": "principal",
            "KIND": lambda row: kind(row["principal_kind"]),
            "ROLE": "role",
            "SCOPE": short_scope,
            "CONDITION": lambda row: in_short(row["condition"]),
        },
        empty=f"{whose}; `pratique role assign ROLE --to PRINCIPAL` gives one.",
        prose=True,
    )


def assignment_named(session: Session, text: str) -> str:
    """The id of the assignment that `ROLE from PRINCIPAL` means; any other text as it is.

    Raises:
        Failed: there is no such assignment, or there are several.
    """
    wanted, said, principal = text.rpartition(" from ")
    if not said:
        return text
    held = session.call("GET", address(_ASSIGNMENTS), query={"principal": principal})
    found = [a for a in held if _is_of(a, wanted, principal)]
    if len(found) == 1:
        return str(found[0]["assignment_id"])
    if not found:
        raise Failed(
            f"`{principal}` does not have the role `{wanted}` itself; "
            f"`pratique role list --principal {principal}` shows what it has and through whom"
        )
    ids = "; ".join(f"{a['assignment_id']} on {short_scope(a)}" for a in found)
    raise Failed(f"`{principal}` has the role `{wanted}` more than once; give an id: {ids}")


def _is_of(assignment: Mapping[str, Any], wanted: str, principal: str) -> bool:
    role_named = wanted.casefold() in {assignment["role"].casefold(), assignment["role_id"]}
    # What comes through a group is the group's, and is removed from all of its members.
    own = principal.casefold() in {assignment["principal"].casefold(), assignment["principal_id"]}
    return role_named and own


def _condition(
    repositories: Sequence[str], *, condition: str | None, condition_file: Any
) -> str | None:
    given = [bool(repositories), condition is not None, condition_file is not None]
    if sum(given) > 1:
        raise click.UsageError("give one of --repository, --condition and --condition-file")
    # Lines count from the beginning of the file in what a refusal says, so only its end is cut.
    return condition if condition_file is None else text_of(condition_file).rstrip()


def _holes(permissions: Sequence[str]) -> list[str]:
    first = permissions[0]
    lines = [
        "the condition does not target these permissions, so they are allowed on every repository:",
        "",
        *(f"  {permission}" for permission in permissions),
        "",
        "Give the condition again with --replace and a target for each, such as",
        "",
        f"  (!(ActionMatches{{'{first}'}}) OR ...)",
    ]
    if all(permission.startswith(_ON_REPOSITORIES) for permission in permissions):
        lines += ["", "or let --repository PATTERN write it, which targets all of them."]
    return lines
