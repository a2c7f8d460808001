"""`pratique check`: what is wrong in a data folder, with or without a server beside it."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import click

from pratique.cli.failures import Failed
from pratique.cli.folder_option import folder_option
from pratique.cli.progress import ProgressLine
from pratique.cli.screen import Screen
from pratique.cli.verbs import local_verb
from pratique.registry.checking import Finding, Outcome, Progress

# A store of a million images without their layers has a million notes.
NOTES_SHOWN: Final = 20
FINDINGS_KEPT: Final = 10_000


@local_verb(None, "check", "pratique check --data /srv/pratique --fast")
@folder_option()
@click.option(
    "--repair",
    is_flag=True,
    help="Repair what can be without losing anything whole; what is damaged is moved aside.",
)
@click.option("--fast", is_flag=True, help="Go by the sizes of blobs, and do not read them.")
@click.option(
    "--given-up",
    is_flag=True,
    help="With --repair: unlink missing blobs even where most of all are missing.",
)
def check(screen: Screen, *, data: Path, repair: bool, fast: bool, given_up: bool) -> None:
    """Compare everything in a data folder with what it should be.

    It may run while the registry is served. The exit code is 0 when there is no fault, or all were
    repaired, and 1 when there is one. Notes are no faults.
    """
    from pratique.assembly import upkeep_of  # noqa: PLC0415 - loaded when used
    from pratique.registry import ContentError  # noqa: PLC0415
    from pratique.settings import Places  # noqa: PLC0415

    upkeep = upkeep_of(Places(data))
    if not upkeep.holds_a_registry():
        raise Failed(f"there is no registry in {data}; name its folder with `--data DIR`")
    report = _Report(screen)
    try:
        for finding in upkeep.check(report.told, fast=fast, repair=repair, given_up=given_up):
            report.add(finding)
    except ContentError as error:
        raise Failed(f"the check could not go on: {getattr(error, 'detail', error)}") from error
    finally:
        report.line.clear()
    report.end()
    sys.exit(1 if report.open else 0)


class _Report:
    """Shows findings as they come to people, and all at the end to programs.

    Attributes:
        line: for how far the check has come.
        open: faults that are there still.
    """

    def __init__(self, screen: Screen) -> None:
        self.line = ProgressLine()
        self.open = 0
        self._screen = screen
        self._looked_at: dict[str, int] = {}
        self._outcomes: Counter[str] = Counter()
        self._kept: list[dict[str, Any]] = []

    def told(self, progress: Progress) -> None:
        """Note how far the check has come, and show it."""
        self._looked_at[progress.stage] = progress.done
        of = "" if progress.total is None else f" of {progress.total}"
        self.line.show(f"{progress.stage}: {progress.done}{of}")

    def add(self, finding: Finding) -> None:
        """Count a finding, and show it to people."""
        word = "note" if finding.is_note else _WORDS[finding.outcome]
        self._outcomes[word] += 1
        self.open += finding.is_open
        if self._screen.as_json:
            if len(self._kept) < FINDINGS_KEPT:
                self._kept.append(_facts(finding))
        elif word != "note" or self._outcomes[word] <= NOTES_SHOWN:
            self.line.clear()
            self._screen.show(
                None,
                f"{word.ljust(8)}  {_plain(finding.where)}",
                f"          {_plain(finding.what)}",
                f"          {'done' if word == 'repaired' else 'to do'}: {_plain(finding.to_do)}",
            )

    def end(self) -> None:
        """Show what there was in all."""
        counts = {word: self._outcomes[word] for word in ("fault", "repaired", "left", "note")}
        looked_at = {k: v for k, v in self._looked_at.items() if k != "database"}
        content = {
            "clean": not self.open,
            "looked_at": looked_at,
            "counts": counts,
            "findings": self._kept,
            "left_off": sum(self._outcomes.values()) - len(self._kept),
        }
        hidden = counts["note"] - NOTES_SHOWN
        self._screen.show(
            content,
            *([f"and {hidden} more notes"] if hidden > 0 else []),
            "looked at: " + ", ".join(f"{number} {stage}" for stage, number in looked_at.items()),
            f"{'clean' if not self.open else 'not clean'}: "
            + ", ".join(f"{number} {_plural(word, number)}" for word, number in counts.items()),
        )


_WORDS: Final = {
    Outcome.FOUND: "fault",
    Outcome.REPAIRED: "repaired",
    Outcome.LEFT: "left",
}


def _facts(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind.value,
        "fault": not finding.is_note,
        "where": finding.where,
        "what": finding.what,
        "outcome": finding.outcome.value,
        "to_do": finding.to_do,
    }


def _plural(word: str, number: int) -> str:
    return word if number == 1 or word in {"repaired", "left"} else f"{word}s"


def _plain(text: str) -> str:
    """Text from a damaged store, which must not move the cursor here."""
    return "".join(c if c.isprintable() else "?" for c in text)
