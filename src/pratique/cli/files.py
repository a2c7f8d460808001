"""Files that are named on a command line."""

from __future__ import annotations

from typing import BinaryIO

import click


def text_of(file: BinaryIO) -> str:
    """The text of an open file, without a byte order mark.

    Raises:
        click.BadParameter: it is not UTF-8.
    """
    try:
        return file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"the file `{file.name}` is not UTF-8 text") from error
