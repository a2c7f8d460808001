"""Writes `docs/reference/causes.md` from the catalogue of causes."""

from __future__ import annotations

import sys

from pratique.diagnosis.causes import CAUSES, Cause, Reach

_MEANINGS = {
    Reach.PROVES: "observations on some machine prove it",
    Reach.SUSPECTS: "observations make it likely; the owner of the registry has to confirm it",
    Reach.READS: "only the words of a client, a helper or a server tell of it",
    Reach.OUT: "nothing that the doctor may look at tells of it",
}


def page() -> str:
    """The whole page."""
    numbered = [cause for cause in CAUSES.values() if cause.number is not None]
    own = [cause for cause in CAUSES.values() if cause.number is None]
    counts = {reach: sum(c.reach is reach for c in numbered) for reach in Reach}
    lines = [
        "# Causes",
        "",
        "Why an image cannot be pulled, pushed or found, and what `pratique doctor` can do about",
        "each cause. This page is made from the catalogue in the code; a test fails when it",
        "differs.",
        "",
        "| The doctor | Causes | That is |",
        "|---|---|---|",
        *(f"| {reach.value} | {counts[reach]} | {_MEANINGS[reach]} |" for reach in Reach),
        "",
        "Words that were pasted (`pratique doctor --error 'TEXT'`) can prove more than that: a",
        "registry may say what it otherwise only lets suspect.",
        "",
        "## The catalogue, commonest first",
        "",
        "| No. | Id | What is wrong | The doctor |",
        "|---|---|---|---|",
        *(
            f"| {cause.number} | `{cause.id}` | {cause.title} | {_does(cause)} |"
            for cause in numbered
        ),
        "",
        "## Where the chain itself ends",
        "",
        "| Id | What is wrong | The doctor |",
        "|---|---|---|",
        *(f"| `{cause.id}` | {cause.title} | {_does(cause)} |" for cause in own),
        "",
    ]
    return "\n".join(lines)


def _does(cause: Cause) -> str:
    return f"{cause.reach.value}: {cause.why_out}" if cause.why_out else cause.reach.value


if __name__ == "__main__":
    sys.stdout.write(page())
