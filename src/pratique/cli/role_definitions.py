"""`pratique role`: definitions of roles, those that came with the product and your own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from pratique.cli.accounts import Kind, add_delete
from pratique.cli.files import text_of
from pratique.cli.permission_patterns import KEYS, doubts, permission_options
from pratique.cli.role_files import read_role
from pratique.cli.roles import role
from pratique.cli.scopes import WORDS, whole_scope
from pratique.cli.screen import Screen, aligned, commands
from pratique.cli.session import Session, address
from pratique.cli.verbs import verb

__all__ = ["role"]

_DEFINITIONS = "role-definitions"
_DESCRIPTION = click.option("--description", metavar="TEXT", help="What it is for.")
_SCOPES = click.option(
    "--assignable-scope",
    "assignable_scopes",
    multiple=True,
    metavar="SCOPE",
    help=f"Where it may be assigned: registry (which it is when none is given), {WORDS}",
)
_FILE = click.option(
    "--from-file",
    type=click.File("rb"),
    metavar="FILE",
    help="The definition in JSON, as `az role definition create` takes it or "
    "`az role definition list` prints it; `-` for standard input.",
)


@verb(role, "definitions", "pratique role definitions")
def _definitions(session: Session, screen: Screen) -> None:
    """List the roles that can be assigned."""
    screen.table(
        session.call("GET", address(_DEFINITIONS)),
        {"ROLE": "name", "WHAT IT IS FOR": "description"},
        empty="There are no roles.",
        prose=True,
    )


@verb(role, "show", "pratique role show 'Container Registry Repository Reader'")
@click.argument("wanted", metavar="ROLE")
def _show(session: Session, screen: Screen, wanted: str) -> None:
    """Show a role definition with its permissions."""
    found = session.call("GET", address(_DEFINITIONS, wanted))
    screen.show(found, *_readable(found))


@verb(
    role,
    "create",
    "pratique role create Taggers --action Microsoft.ContainerRegistry/registries/metadata/write",
)
@click.argument("name", required=False)
@permission_options("grants")
@_DESCRIPTION
@_SCOPES
@_FILE
def _create(
    session: Session, screen: Screen, name: str | None, from_file: Any, **content: Any
) -> None:
    """Make a role of your own.

    NAME may stand in the file instead.
    """
    body = _body(session, name, from_file, content)
    if "name" not in body:
        raise click.UsageError("say how the role is called: NAME, or Name in the file")
    made = session.call("POST", address(_DEFINITIONS), body=body)
    screen.show(
        made,
        f"The role `{made['name']}` is made.",
        "",
        *_readable(made),
        "",
        *commands(
            "Give it to somebody:",
            f"pratique role assign {made['role_id']} --to PRINCIPAL{session.chosen_by}",
        ),
    )
    _doubt(screen, body)


@verb(
    role,
    "update",
    "pratique role update Taggers --description 'May move and lock tags'",
)
@click.argument("wanted", metavar="ROLE")
@click.option("--name", help="Another name.")
@permission_options("grants")
@_DESCRIPTION
@_SCOPES
@_FILE
def _update(
    session: Session,
    screen: Screen,
    wanted: str,
    name: str | None,
    from_file: Any,
    **content: Any,
) -> None:
    """Change a role of your own; what is not given stays.

    What is given stands in place of what was there: all actions, for example, of which '' alone
    leaves none. Whoever has the role is judged by it from the next request on.
    """
    given = _body(session, name, from_file, content)
    if not given:
        raise click.UsageError(
            "say what to change: --name, --action, --not-action, --data-action, "
            "--not-data-action, --description, --assignable-scope or --from-file"
        )
    present = session.call("GET", address(_DEFINITIONS, wanted))
    kept = {key: present[key] for key in ("name", "description", "assignable_scopes")}
    body = {**kept, **_only_permissions(present), **given}
    changed = session.call("PUT", address(_DEFINITIONS, wanted), body=body)
    screen.show(changed, f"The role `{changed['name']}` is now:", "", *_readable(changed))
    _doubt(screen, {key: given[key] for key in KEYS if key in given})


add_delete(
    Kind(role, "role", _DEFINITIONS, "name", "Taggers"),
    "nobody can be given it any more",
)


def _body(
    session: Session, name: str | None, from_file: Any, content: Mapping[str, Any]
) -> dict[str, Any]:
    """What is given, as the API takes it; from the file or from the options."""
    given = {key: value for key, value in content.items() if value not in (None, ())}
    if from_file is not None and given:
        raise click.UsageError("give --from-file or what the role is made of, not both")
    if from_file is not None:
        given = read_role(text_of(from_file))
        if set(given) & set(KEYS):
            given = {**dict.fromkeys(KEYS, ()), **given}
    for key in KEYS:
        if key in given:
            given[key] = [pattern for pattern in given[key] if pattern]
    if "assignable_scopes" in given:
        scopes = given["assignable_scopes"]
        given["assignable_scopes"] = [whole_scope(session, scope) for scope in scopes]
    return given if name is None else {**given, "name": name}


def _only_permissions(present: Mapping[str, Any]) -> dict[str, Any]:
    return {key: present["permissions"][0][key] for key in KEYS} if present["permissions"] else {}


def _doubt(screen: Screen, body: Mapping[str, Any]) -> None:
    lines = doubts({key: body.get(key, ()) for key in KEYS})
    if lines:
        screen.warn(*lines)


def _readable(found: Mapping[str, Any]) -> list[str]:
    """A definition over lines, one for each permission."""
    lines = aligned(
        {
            "role": found["name"],
            "role id": found["role_id"],
            "kind": "built in" if found["built_in"] else "custom",
            "what it is for": found["description"],
            "assignable at": found["assignable_scopes"],
        }
    )
    for permissions in found["permissions"]:
        for key in KEYS:
            if permissions[key]:
                lines += ["", f"{key.replace('_', ' ')}:"]
                lines += [f"  {pattern}" for pattern in permissions[key]]
    return lines
