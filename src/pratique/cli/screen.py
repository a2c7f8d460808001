"""What a verb shows: JSON for programs, or compact words and tables for people."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from pratique.cli.json_text import json_text

# A column shows the value under a key, or what a function makes of the row.
Source = str | Callable[[Mapping[str, Any]], Any]
# Characters that a column of text needs to be read with ease.
PROSE_WIDTH = 30
# That a broken column needs, with the gap behind it, to be read at all.
NARROWEST = 12
GAP = 3
SHORT = 40
_CAPITAL = re.compile(r"(?<=.)[A-Z]")
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
            click.echo(json_text(content, indent=2))
        else:
            click.echo("\n".join(lines))

    def facts(self, content: Mapping[str, Any], fields: Mapping[str, Source], *below: str) -> None:
        """What is known of one thing, a line for each field; people read the lines below, too."""
        known = aligned({name: _value(content, s) for name, s in fields.items()})
        self.show(content, *known, *below)

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
        else:
            lines = tabled(rows, columns, prose=prose) if rows else [empty]
            click.echo("\n".join(lines))

    def warn(self, *lines: str) -> None:
        """Tell people what they may not have meant, on standard error."""
        click.echo("\n".join(("warning: " + lines[0], *lines[1:])), err=True)


def tabled(
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, Source],
    *,
    prose: bool = False,
    indent: str = "",
) -> list[str]:
    """The lines of a table with at least one row; arguments as of `Screen.table`."""
    cells = [[_text(_value(row, s)) for s in columns.values()] for row in rows]
    lines = _table(list(columns), cells, prose=prose, taken=len(indent))
    return [f"{indent}{line}" for line in lines]


def broken(text: str, indent: str = "") -> list[str]:
    """A paragraph in lines that fit a terminal; one line where there is none."""
    console = _console()
    if not console.is_terminal:
        return [f"{indent}{text}"]
    return textwrap.wrap(
        text,
        console.width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def width() -> int | None:
    """How many columns the terminal has; None where there is none."""
    console = _console()
    return int(console.width) if console.is_terminal else None


def shortened(text: str, limit: int = SHORT) -> str:
    """A text that is no longer than `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


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


def kind(name: str | None) -> str | None:
    """A kind of principal as people say it: `ServicePrincipal` is a service principal."""
    return None if name is None else _CAPITAL.sub(r" \g<0>", name).lower()


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
            # What others wrote must not move the cursor here, nor forge a line.
            text = "".join(c if c.isprintable() or c == "\n" else "?" for c in str(value))
            match = _INSTANT.fullmatch(text)
            return f"{match.group(1)} {match.group(2)}" if match else text


def _console() -> Any:
    from rich.console import Console  # noqa: PLC0415 - loaded when used

    return Console(file=sys.stdout, highlight=False)


def _table(headings: list[str], cells: list[list[str]], *, prose: bool, taken: int) -> list[str]:
    from rich.table import Table  # noqa: PLC0415 - loaded when used
    from rich.text import Text  # noqa: PLC0415

    console = _console()
    # Ids and digests are copied, so a line is never cut; only prose is broken to fit.
    if not (prose and console.is_terminal):
        console.width = 100_000
    console.width -= taken
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    columns = list(zip(headings, *cells, strict=True))
    whole = _kept_whole(columns[:-1], console.width)
    for number, (heading, *_) in enumerate(columns[:-1]):
        table.add_column(heading, no_wrap=number in whole, overflow="fold")
    table.add_column(columns[-1][0], no_wrap=not prose, overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    with console.capture() as printed:
        console.print(table)
    return [line.rstrip() for line in printed.get().splitlines()]


def _kept_whole(columns: Sequence[Sequence[str]], width: int) -> set[int]:
    """Which of the columns before the last one stay unbroken in a table of that width.

    All, where the last one has room then; else those of single words, which are names to be
    copied, if the others keep room to be read.
    """
    widths = [max(map(len, column)) + GAP for column in columns]
    if width - sum(widths) >= PROSE_WIDTH:
        return set(range(len(columns)))
    single = {n for n, (_, *column) in enumerate(columns) if not any(" " in c for c in column)}
    left = width - sum(widths[n] for n in single)
    return single if left >= NARROWEST * (len(columns) - len(single) + 1) else set()
