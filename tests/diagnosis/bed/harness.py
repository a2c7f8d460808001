"""What a case is, how it is run, and how well the doctor did over all of them."""

from __future__ import annotations

import base64
import importlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.diagnosis.bed.stage import Shared, Stage

from pratique.diagnosis.facts.credentials import Client, Kubernetes
from pratique.diagnosis.facts.examination import Examination, Wish
from pratique.diagnosis.findings import Finding
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.rules import findings_of
from pratique.diagnosis.verdict import Verdict, verdict_on
from pratique.diagnosis.walk import examine

__all__ = ["Case", "Client", "Question", "Verdict", "Wish"]


class Unavailable(Exception):
    """A case needs a programme that is not here; the message names it."""


@dataclass(frozen=True)
class Question:
    """What the doctor is asked.

    Attributes:
        wish: what is to be found out.
        kubernetes: reads a cluster from the machine; None when there is none.
        auth_file: podman's `--authfile`.
    """

    wish: Wish
    kubernetes: Callable[[Machine], Kubernetes] | None = None
    auth_file: str = ""


@dataclass(frozen=True)
class Case:
    """One situation.

    Attributes:
        name: in a few words, unique.
        arrange: makes the situation, for real.
        expected: ids of exactly the causes that must be named.
        verdict: how it must end.
        twin_of: cause whose absence this case is about; empty for a case of a cause.
    """

    name: str
    arrange: Callable[[Stage], Question]
    expected: frozenset[str]
    verdict: Verdict
    twin_of: str = ""


def case(name: str, arrange: Callable[[Stage], Question], verdict: Verdict, *expected: str) -> Case:
    """A case of causes that must be named."""
    return Case(name, arrange, frozenset(expected), verdict)


def twin(
    name: str,
    arrange: Callable[[Stage], Question],
    verdict: Verdict,
    *expected: str,
    of: str,
) -> Case:
    """A case in which the cause `of` is absent, and only `expected` may be named."""
    return Case(name, arrange, frozenset(expected), verdict, of)


def all_cases() -> tuple[Case, ...]:
    """The cases of every module `cases_*.py` of this folder."""
    found: list[Case] = []
    for file in sorted(Path(__file__).parent.glob("cases_*.py")):
        found += importlib.import_module(f"tests.diagnosis.bed.{file.stem}").CASES
    names = [each.name for each in found]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"names that two cases have: {sorted(twice)}"
    return tuple(found)


@dataclass(frozen=True)
class Result:
    """What the doctor made of a case."""

    case: Case
    seen: Examination
    findings: tuple[Finding, ...]
    verdict: Verdict
    secrets: tuple[str, ...]

    @property
    def named(self) -> tuple[str, ...]:
        """Ids of the causes that were named, in their order."""
        return tuple(finding.cause.id for finding in self.findings)

    @property
    def text(self) -> str:
        """Everything that a person would be shown."""
        lines = [f"{step.name}: {step.words}" for step in self.seen.steps]
        for finding in self.findings:
            lines += [finding.words, finding.advice, *finding.evidence, *finding.commands]
        return "\n".join(lines)

    def shown_secrets(self) -> list[str]:
        """Secrets of the case that a person would be shown, in any usual spelling."""
        shown = self.text
        return [
            secret
            for secret in self.secrets
            if any(form in shown for form in (secret, quote(secret), *_encoded(secret)))
        ]

    def account(self) -> str:
        """For a test that failed: what was seen, step by step, and what was said."""
        lines = [f"{self.case.name}: {self.seen.outcome.name}, {self.verdict.name}"]
        lines += [f"  {step.well} {step.name}: {step.words}" for step in self.seen.steps]
        for each in self.seen.exchanges:
            came = each.failure or (each.answer.status if each.answer else None)
            said = each.answer.said if each.answer else ""
            lines.append(f"  > {each.method} {each.url} [{each.sent.name}] {came} {said}")
        for finding in self.findings:
            sure = "certain" if finding.certain else "suspected"
            lines.append(f"  = {finding.cause.id} ({sure}): {finding.words}")
        return "\n".join(lines)


def run(case: Case, root: Path, shared: Shared) -> Result:
    """Arrange a case and ask the doctor.

    Raises:
        Unavailable: a programme is missing.
    """
    stage = Stage(root, shared)
    try:
        question = case.arrange(stage)
        machine = stage.machine
        kubernetes = question.kubernetes(machine) if question.kubernetes else None
        seen = examine(machine, question.wish, kubernetes=kubernetes, auth_file=question.auth_file)
    finally:
        for end in stage.afterwards:
            end()
    findings = findings_of(seen)
    faults = shared.loopback.faults()
    assert not faults, "\n".join(faults)
    return Result(case, seen, findings, verdict_on(seen, findings), tuple(stage.secrets))


def _encoded(secret: str) -> Iterator[str]:
    # Base64 depends on how many bytes stand before: three spellings, each without the characters
    # at its ends that its neighbours decide.
    for before in range(3):
        text = base64.b64encode(b" " * before + secret.encode()).decode().rstrip("=")
        yield text[(0, 2, 3)[before] : len(text) - bool((before + len(secret)) % 3)]


@dataclass
class Score:
    """How well one cause was told: how often named rightly, missed, and named wrongly."""

    rightly: int = 0
    missed: int = 0
    wrongly: int = 0

    @property
    def precision(self) -> float:
        """Share of its mentions that were right."""
        return self.rightly / (self.rightly + self.wrongly) if self.rightly + self.wrongly else 1.0

    @property
    def recall(self) -> float:
        """Share of its cases in which it was named."""
        return self.rightly / (self.rightly + self.missed) if self.rightly + self.missed else 1.0


@dataclass
class Board:
    """The results of a session, by the name of the case."""

    results: dict[str, Result] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def scores(self) -> dict[str, Score]:
        """By cause."""
        return scores_of(self.results.values())


def scores_of(results: Iterable[Result]) -> dict[str, Score]:
    """How well each cause was told."""
    scores: dict[str, Score] = {}
    for result in results:
        named, expected = set(result.named), result.case.expected
        for cause in named | expected:
            score = scores.setdefault(cause, Score())
            score.rightly += cause in named and cause in expected
            score.missed += cause in expected and cause not in named
            score.wrongly += cause in named and cause not in expected
    return scores
