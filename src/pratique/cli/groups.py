"""`pratique group`: groups of the registry's own directory."""

from __future__ import annotations

import click

from pratique.cli.accounts import Kind, add_delete
from pratique.cli.screen import Screen, commands, names
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

group = group_of_verbs("group", "Groups of users, service principals and groups.")


@verb(group, "create", "pratique group create builders")
@click.argument("name")
def _create(session: Session, screen: Screen, name: str) -> None:
    """Make a group."""
    made = session.call("POST", address("groups"), body={"name": name})
    screen.show(
        made,
        f"The group `{made['display_name']}` is made; its object id is {made['object_id']}.",
        "",
        *commands(
            "Put somebody into it, and give all of them a role:",
            f"pratique group add {made['object_id']} PRINCIPAL{session.chosen_by}",
            f"pratique role assign AcrPush --to {made['object_id']}{session.chosen_by}",
        ),
    )


@verb(group, "add", "pratique group add builders alice")
@click.argument("name", metavar="GROUP")
@click.argument("principal")
def _add(session: Session, screen: Screen, name: str, principal: str) -> None:
    """Put a user, a service principal or a group into a group."""
    body = {"principal": principal}
    changed = session.call("POST", address("groups", name, "members"), body=body)
    screen.show(changed, f"`{principal}` is in the group `{changed['display_name']}`.")


@verb(group, "remove", "pratique group remove builders alice")
@click.argument("name", metavar="GROUP")
@click.argument("principal")
def _remove(session: Session, screen: Screen, name: str, principal: str) -> None:
    """Take a principal out of a group."""
    changed = session.call("DELETE", address("groups", name, "members", principal))
    screen.show(changed, f"`{principal}` is no longer in the group `{changed['display_name']}`.")


@verb(group, "list", "pratique group list")
def _list(session: Session, screen: Screen) -> None:
    """List groups with their members."""
    screen.table(
        session.call("GET", address("groups")),
        {
            "NAME": "display_name",
            "OBJECT ID": "object_id",
            "MEMBERS": lambda row: names(row["members"], "display_name"),
        },
        empty="There are no groups; `pratique group create NAME` makes one.",
    )


add_delete(
    Kind(group, "group", "groups", "display_name", "builders"),
    "its role assignments go with it, its members stay",
)
