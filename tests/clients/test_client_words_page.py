"""The page of printed words says what the tests assert."""

from __future__ import annotations

import re

import pytest
from tests.clients import printed
from tests.clients.printed import Refusal, Told
from tests.clients.situations import Situation
from tests.clients.words_page import PAGE, TITLES, with_recording
from tests.clients.workshop import KINDS


def test_the_page_shows_what_the_tests_assert() -> None:
    """The reference page and the recording never differ."""
    page = PAGE.read_text()

    assert with_recording(page, printed.read()) == page


def test_every_client_is_recorded_in_every_situation() -> None:
    """No client and no situation is missing from the recording."""
    recordings = printed.read()

    assert {kind: set(recording.refusals) for kind, recording in recordings.items()} == {
        kind: set(Situation) for kind in KINDS
    }
    assert set(TITLES) == set(KINDS)


def test_nobody_is_told_whether_a_repository_exists() -> None:
    """To a client without the right to pull, an absent repository looks like any other."""
    for recording in printed.read().values():
        refusals = recording.refusals

        assert refusals[Situation.ABSENT_FOR_STRANGER] == refusals[Situation.NO_ROLE]


def test_a_recorded_word_that_names_a_machine_is_a_mistake() -> None:
    """What differs from run to run never gets into the recording."""
    words = printed.FILE.read_text()

    assert re.findall(r"127\.0\.0\.1|:\d{4,5}/|/tmp/|Decision: (?!ID)|harbour/", words) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Error: unauthorized: W", Told.REASON),
        ("unexpected status: 401 Unauthorized", Told.STATUS),
        ("too many requests to registry", Told.STATUS),
        ("invalid username/password", Told.NOTHING),
    ],
)
def test_words_are_weighed_by_what_they_tell(words: str, told: Told) -> None:
    """The reason, the mere status, or nothing."""
    assert Refusal("401 token endpoint", words).told is told
