"""The option `--data` of verbs that need the folder itself, with a server beside it or without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pratique.cli.defaults import DEFAULT_DATA

F = TypeVar("F", bound=Callable[..., Any])


def folder_option(words: str = "The registry's folder.") -> Callable[[F], F]:
    """The option; `words` are its line in the help."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=DEFAULT_DATA,
        envvar="PRATIQUE_DATA",
        show_default=True,
        help=words,
    )
