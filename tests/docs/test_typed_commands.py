"""Each command of Pratique on a page is one that the programme takes, with its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import click
import pytest
from tests.docs.pages import ROOT, pages, quoted, typed

from pratique.cli.program import program
from pratique.cli.reference import root

# Variables, `sudo` or `kubectl exec ... --` may stand before it. With some programmes, `pratique`
# is the name of something else.
_BEGINS = re.compile(r"(?<!-n )(?<!--name )(?<!helm install )(?<![\w/.-])pratique (?=[a-z])")
_AND_SO_ON = {"...", "…"}


def fault(line: str) -> str:
    """Why the programme would not take a line; empty when it would.

    Args:
        line: what stands behind `pratique`.
    """
    # The quote that ends a command within another's is not of this one.
    inner = line.removesuffix("'") if line.count("'") % 2 else line
    words = shlex.split(inner, comments=True)
    words = [word for word in _before_the_shell_goes_on(words) if word not in _AND_SO_ON]
    context = root()
    command: click.Command = program
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        below = command.get_command(context, words[0])
        if below is None:
            return f"there is no `{words[0]}`"
        command, context = below, click.Context(below, parent=context, **below.context_settings)
        words = words[1:]
    try:
        _, rest, _ = command.make_parser(context).parse_args(words)
    except click.BadOptionUsage:
        # A sentence may name an option without its value.
        return ""
    except click.UsageError as error:
        return error.format_message()
    return f"`{rest[0]}` is too much" if rest and not isinstance(command, click.Group) else ""


def _before_the_shell_goes_on(words: list[str]) -> Iterator[str]:
    return takewhile(lambda word: word[0:1] not in {"|", "&", ";", "<", ">"}, words)


def _commands(page: Path) -> list[str]:
    lines = [*typed(page), *(code for code in quoted(page) if code.startswith("pratique "))]
    return [line[match.end() :] for line in lines for match in _BEGINS.finditer(line)]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_on_a_page_are_there(page: Path) -> None:
    """Verbs, options, and how many words."""
    faults = {line: fault(line) for line in _commands(page)}
    assert {line: said for line, said in faults.items() if said} == {}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("role assign AcrPull --to ci-bot", ""),
        ("audit export --since 1d > audit.jsonl", ""),
        ("role assing AcrPull --to ci-bot", "there is no `assing`"),
        ("role assign AcrPull --for ci-bot", "No such option"),
        ("repo show team/app v1", "`v1` is too much"),
    ],
)
def test_what_is_found(line: str, said: str) -> None:
    """A verb, an option or a word that is not there."""
    assert fault(line).startswith(said)
    assert bool(fault(line)) is bool(said)
