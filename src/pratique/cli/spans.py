"""Lengths of time on the command line: `30m`, `6h`, `30d`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import click

from pratique.naming import InvalidName
from pratique.naming.moments import Since

Callback = Callable[[click.Context, click.Parameter, str | None], timedelta | None]
LEAST_MINUTES: Final = 5


def span(never: str = "") -> Callback:
    """What reads an option that is a length of time, of five minutes at least.

    Args:
        never: the word that stands for none; empty when there is no such word.
    """

    def read(_ctx: click.Context, _param: click.Parameter, text: str | None) -> timedelta | None:
        if text is None or (never and text == never):
            return None
        also = f", or `{never}`" if never else ""
        try:
            found = Since.parse(text).begins
        except InvalidName:
            found = None
        if not isinstance(found, timedelta):
            raise click.BadParameter(
                f"`{text}` is no length of time; write it as in `30m`, `6h` or `30d`{also}"
            )
        if found < timedelta(minutes=LEAST_MINUTES):
            raise click.BadParameter(f"`{text}` is too short; {LEAST_MINUTES}m is the least{also}")
        return found

    return read
