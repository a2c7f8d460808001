"""Every access case of `cases/*.toml`, asked of the one evaluator."""

from __future__ import annotations

import pytest
from tests.law.reading import LawCase, describe, read_cases

from pratique.access import Outcome, Reason, decide

_CASES = list(read_cases())


@pytest.mark.parametrize("case", _CASES, ids=[case.title for case in _CASES])
def test_verdict_is_the_one_on_record(case: LawCase) -> None:
    """The verdict, its reason and what became of each rule are as the case says."""
    verdict = decide(case.question, case.law, case.at)
    assert describe(verdict) == case.expected


def test_every_reason_is_reached_by_a_case() -> None:
    """No reason exists that no case can bring about."""
    reached = {decide(case.question, case.law, case.at).reason for case in _CASES}
    assert set(Reason) - reached == set()


def test_every_outcome_is_reached_by_a_case() -> None:
    """Nothing can become of a rule that no case shows."""
    verdicts = [decide(case.question, case.law, case.at) for case in _CASES]
    reached = {consulted.outcome for verdict in verdicts for consulted in verdict.consulted}
    assert set(Outcome) - reached == set()


def test_titles_tell_cases_apart() -> None:
    """No case stands twice: every title is used once."""
    titles = [case.title for case in _CASES]
    assert sorted(titles) == sorted(set(titles))


def test_the_cases_are_as_many_as_a_review_wants_them() -> None:
    """There are at least 200 questions, allowed ones and refused ones."""
    assert len(_CASES) >= 200
    assert {case.expected.partition(":")[0] for case in _CASES} == {"allowed", "denied"}
