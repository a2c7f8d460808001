"""Every cause that can be made here, made for real, and what the doctor says of it."""

from __future__ import annotations

import base64
import tomllib
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.diagnosis.bed.harness import (
    Board,
    Case,
    Result,
    Unavailable,
    Verdict,
    Wish,
    all_cases,
    run,
)
from tests.diagnosis.bed.stage import Shared

from pratique.assembly import now
from pratique.diagnosis.causes import CAUSES, Reach
from pratique.diagnosis.facts.examination import Examination, Place
from pratique.diagnosis.findings import certain

_CASES = all_cases()
_AT_LEAST = 60
_PLACE = Place("dev", "/home/dev", False, "linux", "amd64", "", "", False, False, now())  # noqa: FBT003


def _result(case: Case, folders: pytest.TempPathFactory, shared: Shared, board: Board) -> Result:
    if case.name in board.skipped:
        pytest.skip(board.skipped[case.name])
    if case.name not in board.results:
        try:
            board.results[case.name] = run(case, folders.mktemp("stage"), shared)
        except Unavailable as missing:
            board.skipped[case.name] = str(missing)
            pytest.skip(str(missing))
    return board.results[case.name]


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_exactly_the_causes_that_are_there_are_named(
    case: Case, tmp_path_factory: pytest.TempPathFactory, shared: Shared, board: Board
) -> None:
    """The causes named are those that were made, certain before suspected, with the verdict."""
    result = _result(case, tmp_path_factory, shared, board)
    assert set(result.named) == case.expected, result.account()
    assert len(result.named) == len(set(result.named)), result.account()
    sure = [finding.certain for finding in result.findings]
    assert sure == sorted(sure, reverse=True), result.account()
    assert result.verdict is case.verdict, result.account()


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_no_secret_is_shown(
    case: Case, tmp_path_factory: pytest.TempPathFactory, shared: Shared, board: Board
) -> None:
    """Nothing that a person would be shown holds a secret of the case."""
    result = _result(case, tmp_path_factory, shared, board)
    assert result.shown_secrets() == [], result.text


def test_every_case_of_a_cause_has_a_twin() -> None:
    """For each cause on the bed there is a case that is about its absence."""
    made = {cause for case in _CASES if not case.twin_of for cause in case.expected}
    absent = {case.twin_of for case in _CASES if case.twin_of}
    assert made - absent == set()
    wrong = [case.name for case in _CASES if case.twin_of in case.expected]
    assert wrong == []


def test_every_cause_is_on_the_bed_or_known_to_be_elsewhere() -> None:
    """What is not on the bed is told by error texts alone, or is out of reach with a reason."""
    made = {cause for case in _CASES if not case.twin_of for cause in case.expected}
    known = made | _read_in_texts()
    missing = {
        cause.id
        for cause in CAUSES.values()
        if cause.id not in known and cause.reach is not Reach.OUT
    }
    assert missing == set()
    out = {cause for cause in CAUSES.values() if cause.reach is Reach.OUT}
    assert all(cause.why_out and cause.id not in made for cause in out)


def _read_in_texts() -> set[str]:
    folder = Path(__file__).parent.parent / "recorded" / "texts"
    texts = [tomllib.loads(file.read_text("utf-8"))["text"] for file in folder.glob("*.toml")]
    named = {cause for each in texts for text in each for cause in text["certain"]}
    named |= {cause for each in texts for text in each for cause in text["suspected"]}
    return {cause for cause in named if CAUSES[cause].reach is Reach.READS}


@pytest.mark.parametrize("form", ["{0}", "x{1}", "{2}"])
def test_a_secret_that_is_shown_is_noticed(form: str) -> None:
    """In clear, in base64 behind a user name of any length, and as part of an address."""
    secret = "canary/1"
    for user in ("a", "an", "ana"):
        pair = base64.b64encode(f"{user}:{secret}".encode()).decode()
        words = form.format(secret, pair, quote(secret))
        result = Result(
            _CASES[0],
            Examination(Wish("app"), _PLACE),
            (certain("unexplained", words),),
            Verdict.PROVEN,
            (secret, "another"),
        )
        assert result.shown_secrets() == [secret]


def test_at_least_sixty_causes_of_the_catalogue_are_on_the_bed() -> None:
    """Sixty of the numbered causes are made for real."""
    made = {cause for case in _CASES for cause in case.expected}
    assert sum(CAUSES[cause].number is not None for cause in made) >= _AT_LEAST


def test_precision_and_recall_are_whole(
    tmp_path_factory: pytest.TempPathFactory, shared: Shared, board: Board
) -> None:
    """Over all cases, no cause is missed and none is named wrongly."""
    for case in _CASES:
        if case.name not in board.results and case.name not in board.skipped:
            try:
                board.results[case.name] = run(case, tmp_path_factory.mktemp("stage"), shared)
            except Unavailable as missing:
                board.skipped[case.name] = str(missing)
    wrong = {
        cause: score
        for cause, score in board.scores().items()
        if score.precision < 1 or score.recall < 1
    }
    assert wrong == {}
