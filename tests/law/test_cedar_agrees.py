"""A second judge: Cedar, which was written by others for other laws, decides the same questions."""

from __future__ import annotations

from dataclasses import fields
from random import Random

import cedarpy
import pytest
from tests.law.cedar_translation import NO_FLAW, Flaws, entities, policies, request
from tests.law.plain_laws import PlainLaw, random_law, random_question
from tests.law.reading import NOON, read_question

from pratique.access import Allowed, Reason, decide

_LAWS = 500
_QUESTIONS = 20
_SEED = 20


def _posed(laws: int, seed: int = _SEED) -> list[tuple[PlainLaw, list[str]]]:
    random = Random(seed)  # noqa: S311 - nothing secret is made of it
    found = []
    for _ in range(laws):
        law = random_law(random)
        found.append((law, [random_question(random, law.mode) for _ in range(_QUESTIONS)]))
    return found


def _by_cedar(law: PlainLaw, questions: list[str], flaws: Flaws = NO_FLAW) -> list[bool]:
    results = cedarpy.is_authorized_batch(
        [request(question) for question in questions], policies(law, flaws), entities(law, flaws)
    )
    for result in results:
        assert result.diagnostics.errors == []
    return [result.allowed for result in results]


def _disagreements(posed: list[tuple[PlainLaw, list[str]]], flaws: Flaws = NO_FLAW) -> list[str]:
    found = []
    for plain, questions in posed:
        law = plain.law()
        here = [isinstance(decide(read_question(q), law, NOON), Allowed) for q in questions]
        there = _by_cedar(plain, questions, flaws)
        found += [
            f"{question}: here {ours}, there {theirs}, on {plain}"
            for question, ours, theirs in zip(questions, here, there, strict=True)
            if ours is not theirs
        ]
    return found


def test_cedar_decides_ten_thousand_questions_alike() -> None:
    """On random laws, both judges give the same answer to every question."""
    assert _disagreements(_posed(_LAWS)) == []


def test_the_questions_are_worth_asking() -> None:
    """Both answers are frequent, and every reason that these laws can give is among them."""
    reasons: dict[Reason, int] = {}
    for plain, questions in _posed(_LAWS):
        law = plain.law()
        for question in questions:
            reason = decide(read_question(question), law, NOON).reason
            reasons[reason] = reasons.get(reason, 0) + 1
    assert reasons[Reason.ROLE_ASSIGNMENT] > 1500
    assert set(reasons) == {
        *(Reason.ROLE_ASSIGNMENT, Reason.ANONYMOUS_PULL, Reason.DENY_ASSIGNMENT),
        *(Reason.NO_ROLE_ASSIGNMENT, Reason.NO_ROLE_GRANTS_IT, Reason.CONDITION_NOT_MET),
        Reason.PRINCIPAL_DISABLED,
    }
    assert min(reasons.values()) >= 50


@pytest.mark.parametrize("flaw", [field.name for field in fields(Flaws)])
def test_a_wrong_translation_is_noticed(flaw: str) -> None:
    """The comparison can fail: whatever the translation leaves out, the judges disagree."""
    assert _disagreements(_posed(60), Flaws(**{flaw: True})) != []
