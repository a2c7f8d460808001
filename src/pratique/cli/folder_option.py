"""The options that say where a registry is kept, of verbs that need its stores themselves."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli.defaults import DEFAULT_DATA

F = TypeVar("F", bound=Callable[..., Any])
DATABASE_VARIABLE = "PRATIQUE_DATABASE"
BLOBS_VARIABLE = "PRATIQUE_BLOBS"


def folder_option(words: str = "The registry's folder.") -> Callable[[F], F]:
    """The option `--data` of verbs that look at a folder alone; `words` are its line in the help.

    Where the environment names other stores, the folder must be typed: it is not what `serve`
    would serve.
    """
    return data_option(words, _only_a_folder)


def data_option(
    words: str, callback: Callable[[click.Context, click.Parameter, Path], Path] | None = None
) -> Callable[[F], F]:
    """The option `--data`; `words` are its line in the help."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=DEFAULT_DATA,
        envvar="PRATIQUE_DATA",
        show_default=True,
        help=words,
        callback=callback,
    )


def _only_a_folder(context: click.Context, _parameter: click.Parameter, value: Path) -> Path:
    if context.get_parameter_source("data") is not click.core.ParameterSource.COMMANDLINE:
        for variable in (DATABASE_VARIABLE, BLOBS_VARIABLE):
            if os.environ.get(variable):
                raise click.UsageError(
                    f"{variable} is set, and `{context.info_name}` looks at a folder alone; name "
                    "one with --data DIR, or use the tools of the database and the object store"
                )
    return value


def database_option() -> Callable[[F], F]:
    """The option `--database`."""
    return click.option(
        "--database",
        envvar=DATABASE_VARIABLE,
        show_envvar=True,
        metavar="postgresql://...",
        help="Keep rows in PostgreSQL instead; the variable hides the password from `ps`.",
    )


def places_options(words: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of all stores, handed on as `places`; `words` describe the folder."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_places(
            *args: Any, data: Path, database: str | None, blobs: str | None, **arguments: Any
        ) -> Any:
            from pratique.settings import Places  # noqa: PLC0415 - loaded when used

            return function(*args, places=Places(data, database, blobs), **arguments)

        decorated = with_places
        for option in (
            click.option(
                "--blobs",
                envvar=BLOBS_VARIABLE,
                show_envvar=True,
                metavar="s3://...",
                help="Keep blobs in an object store instead: s3://, az:// or gs://.",
            ),
            database_option(),
            data_option(words),
        ):
            decorated = option(decorated)
        return decorated

    return decorate
