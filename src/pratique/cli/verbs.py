"""What all verbs share: their options, their help with an example, and how they end."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pratique.cli.choice import Chosen, chosen_session
from pratique.cli.failures import Failed
from pratique.cli.folder_option import BLOBS_VARIABLE, DATABASE_VARIABLE
from pratique.cli.screen import Screen

Operation = Callable[..., None]


class Verb(click.Command):
    """A command whose help ends with an example.

    Args:
        example: a whole line as it is typed.
    """

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example."""
        del ctx
        with formatter.section("Example"):
            formatter.write(f"{' ' * formatter.current_indent}{self.example}\n")


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Verbs in the order in which they were written, the usual ones first."""
        del ctx
        return list(self.commands)


def _json() -> click.Option:
    return click.Option(["--json", "as_json"], is_flag=True, help="Print JSON.")


def _choice() -> list[click.Parameter]:
    return [
        click.Option(
            ["--data"],
            type=click.Path(file_okay=False, path_type=Path),
            envvar="PRATIQUE_DATA",
            metavar="DIR",
            help="The registry's folder, for whoever owns it.",
        ),
        # Seldom typed: whoever runs several nodes has them in the environment.
        click.Option(["--database"], envvar=DATABASE_VARIABLE, hidden=True),
        click.Option(["--blobs"], envvar=BLOBS_VARIABLE, hidden=True),
        click.Option(
            ["--server"],
            envvar="PRATIQUE_SERVER",
            metavar="HOST",
            help="A registry you are logged in to; the last one, when not given.",
        ),
        click.Option(
            ["--registry"],
            envvar="PRATIQUE_REGISTRY",
            metavar="NAME",
            help="One of several registries there; the one that is addressed, when not given.",
        ),
    ]


def verb(
    group: click.Group | None, name: str, example: str
) -> Callable[[Operation], click.Command]:
    """Make a verb of a function that takes a session, a screen, and its own arguments.

    Args:
        group: where the verb belongs; None for one that stands alone.
        name: as it is typed.
        example: a whole line as it is typed.
    """

    def decorate(operation: Operation) -> click.Command:
        @functools.wraps(operation)
        def with_session(
            screen: Screen,
            *,
            data: Path | None,
            database: str | None,
            blobs: str | None,
            server: str | None,
            registry: str | None,
            **arguments: Any,
        ) -> None:
            chosen = Chosen(data, database, blobs, server, registry)
            with chosen_session(chosen, typed=_typed()) as session:
                operation(session, screen, **arguments)

        command = local_verb(group, name, example)(with_session)
        command.params[-1:-1] = _choice()
        return command

    return decorate


def local_verb(
    group: click.Group | None, name: str, example: str
) -> Callable[[Operation], click.Command]:
    """Make a verb, as `verb` does, that speaks to no registry or chooses one itself."""

    def decorate(operation: Operation) -> click.Command:
        @functools.wraps(operation)
        def to_the_end(*, as_json: bool, **arguments: Any) -> None:
            try:
                operation(Screen(as_json=as_json), **arguments)
            except Failed as failed:
                failed.as_json = as_json
                raise

        command = click.command(name, cls=Verb, example=example)(to_the_end)
        command.params.append(_json())
        if group is not None:
            group.add_command(command)
        return command

    return decorate


def group_of_verbs(name: str, description: str) -> click.Group:
    """A verb that has verbs of its own."""
    return _Group(name, help=description)


def _typed() -> frozenset[str]:
    """Which ways to choose a registry were typed, not taken from the environment."""
    context = click.get_current_context()
    typed = click.core.ParameterSource.COMMANDLINE
    return frozenset(
        name
        for name in ("data", "database", "server", "registry")
        if context.get_parameter_source(name) is typed
    )
