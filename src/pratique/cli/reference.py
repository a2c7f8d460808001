"""The page "Command line" of the documentation, written from the verbs themselves.

`python -m pratique.cli.reference > docs/reference/cli.md`
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from pratique.cli.program import program
from pratique.cli.verbs import Verb

WIDTH = 100
_SHARED = {"data": "--data", "server": "--server", "as_json": "--json"}
_INTRODUCTION = """\
# Command line

This page is made from the verbs themselves: `python -m pratique.cli.reference`.

## Which registry

A verb speaks to one registry, in this order:

1. the one that is typed: `--data DIR`, the folder, for whoever owns it, beside a running server or
   without one; or `--server HOST`, to which you have logged in;
2. the one in the environment: `PRATIQUE_DATA` or `PRATIQUE_SERVER`;
3. that of the last `pratique login`;
4. the folder `pratique-data` below the present one, where `pratique serve` keeps a registry unless
   it is told another place.

Logins are kept in `$XDG_CONFIG_HOME/pratique/credentials.json`, or `~/.config/pratique` without
that variable, readable by their owner alone.

## What comes back

| Exit code | Meaning |
|---|---|
| 0 | done |
| 1 | refused, not found, or the registry cannot be reached; one sentence says why and what to do |
| 1 | of `pratique access check`, with the answer on standard output: denied |
| 2 | the command line is wrong |

With `--json`, standard output holds one JSON value, and an error is one on standard error:
`{"error": {"code": ..., "message": ...}}`. Warnings are lines on standard error that begin with
`warning:`; what they warn of was done. Secrets are shown by the verb that makes them, and by no
other.
"""


def page() -> str:
    """The page in Markdown."""
    return "\n".join([_INTRODUCTION, *(_part(words, command) for words, command in verbs())])


def verbs() -> Iterator[tuple[str, click.Command]]:
    """Every verb and every group of verbs, with the words that are typed for it."""
    context = root()
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        if command is not None:
            yield from _with_those_below(f"pratique {name}", command)


def root() -> click.Context:
    """The context in which verbs stand; without it they would not know `-h`."""
    return click.Context(program, info_name="pratique", **program.context_settings)


def _with_those_below(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _with_those_below(f"{words} {name}", below)


def _part(words: str, command: click.Command) -> str:
    context = click.Context(command, info_name=words, parent=root())
    blocks = [f"{'#' * (1 + words.count(' '))} {words}", *_paragraphs(command.help or "")]
    if not isinstance(command, click.Group):
        usage = " ".join([words, *command.collect_usage_pieces(context)])
        blocks.append(f"```text\n{usage}\n```")
        blocks += _options(command, context)
    if isinstance(command, Verb):
        blocks.append(f"```sh\n{command.example}\n```")
    return "\n\n".join(blocks) + "\n"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield textwrap.fill(" ".join(paragraph.split()), WIDTH, break_on_hyphens=False)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    options = [p for p in command.params if isinstance(p, click.Option)]
    shared = [p.name for p in options if isinstance(command, Verb) and p.name in _SHARED]
    records = [p.get_help_record(context) for p in options if p.name not in shared]
    lines = [
        textwrap.fill(
            f"- `{record[0]}`: {' '.join(record[1].split())}",
            WIDTH,
            subsequent_indent="  ",
            break_on_hyphens=False,
        )
        for record in records
        if record is not None
    ]
    if shared:
        lines.append("- also " + ", ".join(f"`{_SHARED[name]}`" for name in shared if name))
    if lines:
        yield "\n".join(lines)


if __name__ == "__main__":
    click.echo(page(), nl=False)
