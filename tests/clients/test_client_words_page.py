"""The page of printed words says what the tests assert."""

from __future__ import annotations

from tests.clients.printed import PRINTED, RECORDED_WITH
from tests.clients.words import Situation
from tests.clients.words_page import PAGE, TITLES, with_recorded_words
from tests.clients.workshop import KINDS


def test_the_page_shows_what_the_tests_assert() -> None:
    """The reference page and the asserted words never differ."""
    page = PAGE.read_text()

    assert with_recorded_words(page) == page


def test_every_client_has_words_for_every_situation() -> None:
    """No client and no situation is missing from the table."""
    assert {kind: set(words) for kind, words in PRINTED.items()} == {
        kind: set(Situation) for kind in KINDS
    }
    assert set(RECORDED_WITH) == set(TITLES) == set(KINDS)
