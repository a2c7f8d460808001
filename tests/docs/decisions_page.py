"""Writes `docs/reference/decisions.md`: every reason and outcome, with an example."""

from __future__ import annotations

import sys

from tests.law.reading import NOON, LawCase, read_cases

from pratique.access import (
    Allowed,
    Denied,
    Outcome,
    Reason,
    decide,
    grounds,
    meaning,
    remedies,
    sentence,
)

_OPENING = """# Decisions

Every verdict has one reason, and a refusal holds what became of each rule that was looked at. This
page is made by deciding the cases of `tests/law/cases`; a test fails when it differs from them.
`pratique access check` shows a verdict, `pratique why ID` one that was recorded.
"""


def page() -> str:
    """The whole page."""
    cases = list(read_cases())
    lines = [
        _OPENING,
        "## Why something is allowed",
        "",
        "| Reason | In words, for example |",
        "|---|---|",
        *(_allowed(reason, cases) for reason in _reasons(cases, Allowed)),
        "",
        "## Why something is refused",
        "",
        "What is said to the one who was refused, and what the operator may type.",
        "",
        "| Reason | What is said, for example | What would help there |",
        "|---|---|---|",
        *(_denied(reason, cases) for reason in _reasons(cases, Denied)),
        "",
        "## What becomes of a rule",
        "",
        "| Outcome | The assignment |",
        "|---|---|",
        *(f"| `{outcome}` | {meaning(outcome)} |" for outcome in Outcome),
        "",
    ]
    return "\n".join(lines)


def _reasons(cases: list[LawCase], kind: type[Allowed | Denied]) -> list[Reason]:
    found = {verdict.reason for verdict in map(_verdict, cases) if isinstance(verdict, kind)}
    return [reason for reason in Reason if reason in found]


def _allowed(reason: Reason, cases: list[LawCase]) -> str:
    verdict = _first(reason, cases)
    words = grounds(verdict) if isinstance(verdict, Allowed) else ""
    return f"| `{reason}` | {words} |"


def _denied(reason: Reason, cases: list[LawCase]) -> str:
    verdict = _first(reason, cases)
    if not isinstance(verdict, Denied):
        raise TypeError(f"{reason} both allows and refuses")
    ways = [" then ".join(way.commands(verdict.law)) for way in remedies(verdict, NOON)]
    helps = "<br>".join(f"`{way}`" for way in ways) or "nothing that can be typed"
    return f"| `{reason}` | {sentence(verdict, verdict.law)} | {helps} |"


def _first(reason: Reason, cases: list[LawCase]) -> Allowed | Denied:
    return next(verdict for verdict in map(_verdict, cases) if verdict.reason is reason)


def _verdict(case: LawCase) -> Allowed | Denied:
    return decide(case.question, case.law, case.at)


if __name__ == "__main__":
    sys.stdout.write(page())
