"""What a verb shows: JSON for programs, or compact words and tables for people."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

# A column shows the value under a key, or what a function makes of the row.
Source = str | Callable[[Mapping[str, Any]], Any]
# Characters that a column of text needs to be read with ease.
PROSE_WIDTH = 30
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z")


@dataclass(frozen=True, slots=True)
class Screen:
    """Standard output in the form that the user asked for.

    Attributes:
        as_json: whether programs read it.
    """

    as_json: bool

    def show(self, content: Any, *lines: str) -> None:
        """One result: `content` for programs, `lines` for people."""
        if self.as_json:
            click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        else:
            click.echo("\n".join(lines))

    def facts(self, content: Mapping[str, Any], fields: Mapping[str, Source]) -> None:
        """What is known of one thing, a line for each field."""
        self.show(content, *aligned({name: _value(content, s) for name, s in fields.items()}))

    def table(
        self,
        rows: Sequence[Mapping[str, Any]],
        columns: Mapping[str, Source],
        *,
        empty: str,
        prose: bool = False,
    ) -> None:
        """A list.

        Args:
            rows: the entries, as programs get them.
            columns: what people see of each.
            empty: the sentence that stands for a list without entries.
            prose: whether the last column is text that may be broken into lines.
        """
        if self.as_json:
            self.show(rows)
        elif not rows:
            click.echo(empty)
        else:
            cells = [[_text(_value(row, s)) for s in columns.values()] for row in rows]
            _print_table(list(columns), cells, prose=prose)


def aligned(fields: Mapping[str, Any], indent: str = "") -> list[str]:
    """A line for each field, values below each other."""
    width = max(map(len, fields), default=0)
    return [f"{indent}{name.ljust(width)}  {_text(value)}" for name, value in fields.items()]


def once(opening: str, fields: Mapping[str, Any]) -> list[str]:
    """The lines that show a secret for the only time."""
    return [f"{opening}, shown this once:", "", *aligned(fields, "  "), ""]


def commands(opening: str, *lines: str) -> list[str]:
    """The lines that tell what to type next."""
    return [opening, "", *(f"  {line}" for line in lines)]


def state(row: Mapping[str, Any]) -> str:
    """Whether an account is enabled, in one word."""
    return "enabled" if row["enabled"] else "disabled"


def names(entries: Iterable[Mapping[str, Any]], key: str) -> str:
    """The entries' names on one line."""
    return ", ".join(_text(entry[key]) for entry in entries) or "-"


def _value(row: Mapping[str, Any], source: Source) -> Any:
    return row.get(source) if isinstance(source, str) else source(row)


def _text(value: Any) -> str:
    match value:
        case None | "" | []:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_text, value))
        case _:
            text = str(value)
            match = _INSTANT.fullmatch(text)
            return f"{match.group(1)} {match.group(2)}" if match else text


def _print_table(headings: list[str], cells: list[list[str]], *, prose: bool) -> None:
    from rich.console import Console  # noqa: PLC0415 - loaded when used
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=sys.stdout, highlight=False)
    # Ids and digests are copied, so a line is never cut; only prose is broken to fit.
    if not (prose and console.is_terminal):
        console.width = 100_000
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    *others, last = zip(headings, *cells, strict=True)
    taken = sum(max(map(len, column)) + 3 for column in others)
    narrow = console.width - taken < PROSE_WIDTH
    for heading, *_ in others:
        table.add_column(heading, no_wrap=not narrow)
    table.add_column(last[0], no_wrap=not prose)
    for row in cells:
        table.add_row(*map(Text, row))
    with console.capture() as printed:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))
