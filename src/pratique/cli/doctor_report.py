"""A diagnosis for people: what was done, what is wrong, what to type."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from pratique.cli.screen import broken

_MARKS = {True: ("ok", "green"), False: ("no", "red"), None: ("--", "yellow")}
_INDENT = "    "


def report_lines(told: Mapping[str, Any]) -> list[str]:
    """The lines of a whole report.

    Args:
        told: as `pratique.diagnosis.report.report` gives it.
    """
    return [
        *_steps(told["steps"]),
        "",
        *broken(_verdict(told)),
        *(["", *findings_lines(told["findings"])] if told["findings"] else []),
    ]


def findings_lines(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lines of findings, the first of which matters most."""
    lines: list[str] = []
    for number, finding in enumerate(findings, 1):
        lines += ["", *_finding(number, finding)] if lines else _finding(number, finding)
    return lines


def _finding(number: int, finding: Mapping[str, Any]) -> Iterator[str]:
    sure = ("certain", "red") if finding["certain"] else ("suspected", "yellow")
    title = _bold(f"{number}. {finding['title']}")
    yield f"{title}  {_coloured(sure[0], sure[1])}  {_dim(finding['id'])}"
    yield from broken(finding["words"], _INDENT)
    for line in finding["evidence"]:
        yield from _dimmed(broken(f"seen: {line}", _INDENT))
    if finding["advice"]:
        yield from broken(finding["advice"], _INDENT)
    if finding["commands"]:
        yield ""
        # A command is copied, so it is never broken into lines.
        yield from (f"{_INDENT}  {_bold(command)}" for command in finding["commands"])


def _steps(steps: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    listed = list(steps)
    width = max((len(step["name"]) for step in listed), default=0)
    for step in listed:
        mark, colour = _MARKS[step["well"]]
        milliseconds = f"{step['seconds'] * 1000:6.0f} ms"
        yield (
            f"{_coloured(mark, colour)}  {step['name'].ljust(width)}  {_dim(milliseconds)}  "
            f"{step['words']}"
        )


def _verdict(told: Mapping[str, Any]) -> str:
    image = told["image"]
    if told["works"]:
        if told["findings"]:
            return _bold(f"It works. Something about `{image}` is worth knowing:")
        return _bold(f"All is well: `{image}` works from here, the way {told['client']} does it.")
    if told["works"] is None:
        wrong = "something is wrong" if told["findings"] else "nothing is wrong that files show"
        return _bold(f"Nothing was sent; {wrong}.")
    proven = told["verdict"] == "proven"
    return _bold(
        f"`{image}` does not work from here."
        + ("" if proven else " The cause is not proven; this is what is likely:")
    )


def _dimmed(lines: Iterable[str]) -> Iterator[str]:
    return (_dim(line) for line in lines)


def _bold(text: str) -> str:
    return click.style(text, bold=True) if sys.stdout.isatty() else text


def _dim(text: str) -> str:
    return click.style(text, dim=True) if sys.stdout.isatty() else text


def _coloured(text: str, colour: str) -> str:
    return click.style(text, fg=colour, bold=True) if sys.stdout.isatty() else text
