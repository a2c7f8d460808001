"""Every access case of `cases/*.toml`, asked of the one evaluator."""

from __future__ import annotations

import pytest
from tests.law.reading import LawCase, describe, read_cases

from pratique.access import Reason, decide

_CASES = list(read_cases())


@pytest.mark.parametrize("case", _CASES, ids=[case.title for case in _CASES])
def test_verdict_is_the_one_on_record(case: LawCase) -> None:
    """The verdict, its reason and what became of each assignment are as the case says."""
    verdict = decide(case.question, case.law)
    assert describe(verdict) == case.expected


def test_every_reason_is_reached_by_a_case() -> None:
    """No reason exists that no case can bring about."""
    reached = {decide(case.question, case.law).reason for case in _CASES}
    assert set(Reason) - reached == set()


def test_titles_tell_cases_apart() -> None:
    """No case stands twice: every title is used once."""
    titles = [case.title for case in _CASES]
    assert sorted(titles) == sorted(set(titles))
