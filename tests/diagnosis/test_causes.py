"""The catalogue of causes."""

from __future__ import annotations

import re

from pratique.diagnosis.causes import CAUSES, Reach


def test_the_catalogue_holds_each_of_98_numbers_once() -> None:
    """Numbers 1 to 98, in their order; the doctor's own causes come after them without one."""
    numbers = [cause.number for cause in CAUSES.values()]
    assert numbers[:98] == list(range(1, 99))
    assert set(numbers[98:]) == {None}


def test_every_cause_is_found_under_its_own_id() -> None:
    """Ids are words in lower case that are joined by dashes, and no two causes share one."""
    assert all(cause.id == id_ for id_, cause in CAUSES.items())
    assert all(re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)+|unexplained", id_) for id_ in CAUSES)
    assert len({cause.title for cause in CAUSES.values()}) == len(CAUSES)


def test_what_is_out_of_reach_says_why_and_nothing_else_does() -> None:
    """A reason stands with exactly those causes that the doctor cannot know."""
    for cause in CAUSES.values():
        assert bool(cause.why_out) == (cause.reach is Reach.OUT), cause.id


def test_titles_are_one_plain_line() -> None:
    """At most 80 characters, without a final period, not in capitals, ASCII."""
    for cause in CAUSES.values():
        assert 0 < len(cause.title) <= 80, cause.id
        assert cause.title.isascii()
        assert cause.title.isprintable()
        assert not cause.title.endswith(".")
