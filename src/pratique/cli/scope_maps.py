"""`pratique scope-map`: what tokens may do, repository by repository."""

from __future__ import annotations

import click

from pratique.cli.accounts import Kind, add_delete
from pratique.cli.screen import Screen, commands
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

scope_map = group_of_verbs("scope-map", "What tokens may do, repository by repository.")
_MAPS = "scope-maps"
_FORM = "REPO:VERB,VERB"
_MEANING = "VERB is content/read, content/write, content/delete, metadata/read or metadata/write."


@verb(
    scope_map,
    "create",
    "pratique scope-map create app-pull --allow 'app/*:content/read,metadata/read'",
)
@click.argument("name")
@click.option(
    "--allow",
    multiple=True,
    required=True,
    metavar=_FORM,
    help=f"{_MEANING} REPO may be `*` or end in `/*`. May be given several times.",
)
@click.option("--description", help="For people to read.")
def _create(
    session: Session, screen: Screen, name: str, allow: tuple[str, ...], description: str | None
) -> None:
    """Make a scope map."""
    body = {"name": name, "actions": _actions(allow), "description": description}
    made = session.call("POST", address(_MAPS), body=body)
    screen.show(
        made,
        f"The scope map `{made['name']}` is made:",
        "",
        *(f"  {action}" for action in made["actions"]),
        "",
        *commands(
            "Make a token with it:",
            f"pratique token create TOKEN --scope-map {made['name']}{session.chosen_by}",
        ),
    )


@verb(scope_map, "update", "pratique scope-map update app-pull --add 'tools:content/read'")
@click.argument("name")
@click.option("--add", "--allow", "add", multiple=True, metavar=_FORM, help="Allow this too.")
@click.option("--remove", multiple=True, metavar=_FORM, help="Allow this no longer.")
@click.option("--description", help="For people to read.")
def _update(
    session: Session,
    screen: Screen,
    name: str,
    add: tuple[str, ...],
    remove: tuple[str, ...],
    description: str | None,
) -> None:
    """Change a scope map.

    Its tokens are judged by it from the next request on.
    """
    if not add and not remove and description is None:
        raise click.UsageError("say what to change: --add, --remove or --description")
    body = {"add": _actions(add), "remove": _actions(remove), "description": description}
    changed = session.call("PATCH", address(_MAPS, name), body=body)
    screen.show(
        changed,
        f"The scope map `{changed['name']}` allows now:",
        "",
        *([f"  {action}" for action in changed["actions"]] or ["  nothing"]),
    )


@verb(scope_map, "list", "pratique scope-map list")
def _list(session: Session, screen: Screen) -> None:
    """List scope maps, those that came with the product too."""
    screen.table(
        session.call("GET", address(_MAPS)),
        {
            "NAME": "name",
            "TYPE": "type",
            "ALLOWS": lambda row: ", ".join(
                action.removeprefix("repositories/") for action in row["actions"]
            ),
        },
        empty="There are no scope maps.",
        prose=True,
    )


add_delete(
    Kind(scope_map, "scope map", _MAPS, "name", "app-pull"),
    "nothing can be allowed by it any more",
)


def _actions(given: tuple[str, ...]) -> list[str]:
    """Every `REPO:VERB,VERB` as the actions that it stands for; whole actions as they are."""
    actions: list[str] = []
    for text in given:
        repository, colon, verbs = text.rpartition(":")
        if not colon and text.startswith("repositories/"):
            actions.append(text)
        elif not repository or not verbs:
            raise click.BadParameter(f"`{text}` is not {_FORM}; for example app:content/read")
        else:
            actions += [f"repositories/{repository}/{word.strip()}" for word in verbs.split(",")]
    return actions
