"""Verbs that read alike for every kind of account: enable, disable, delete."""

from __future__ import annotations

from dataclasses import dataclass

import click

from pratique.cli.screen import Screen
from pratique.cli.session import Session, address
from pratique.cli.verbs import verb


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that the management API keeps.

    Attributes:
        group: the verb under which its verbs stand.
        noun: for sentences.
        collection: its part of the API's addresses.
        named_by: the key of its name in answers.
        example: a name for examples.
    """

    group: click.Group
    noun: str
    collection: str
    named_by: str
    example: str


def add_enable_and_disable(kind: Kind) -> None:
    """Give a kind the verbs `enable` and `disable`."""
    for name, consequence in (
        ("enable", "what it was allowed is allowed again"),
        ("disable", "everything is refused from the next request on"),
    ):
        _add(kind, "POST", name, consequence)


def add_delete(kind: Kind, consequence: str) -> None:
    """Give a kind the verb `delete`.

    Args:
        kind: the kind.
        consequence: what goes with it.
    """
    _add(kind, "DELETE", "delete", consequence)


def _add(kind: Kind, method: str, name: str, consequence: str) -> None:
    @click.argument("reference", metavar=kind.noun.rpartition(" ")[2].upper())
    def operation(session: Session, screen: Screen, reference: str) -> None:
        parts = (name,) if method == "POST" else ()
        changed = session.call(method, address(kind.collection, reference, *parts))
        done = f"{name}d"
        screen.show(
            changed, f"The {kind.noun} `{changed[kind.named_by]}` is {done}: {consequence}."
        )

    operation.__doc__ = (
        f"{name.title()} a {kind.noun}.\n\n{consequence[0].upper()}{consequence[1:]}."
    )
    verb(kind.group, name, f"pratique {kind.group.name} {name} {kind.example}")(operation)
