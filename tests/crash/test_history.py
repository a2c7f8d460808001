"""The history allows what may be, and nothing else."""

from __future__ import annotations

from tests.crash.history import ABSENT, History, Key

KEY = Key("tag", "team/app", "latest")


def test_what_was_acknowledged_must_be_there() -> None:
    """After the answer there is one value; before the request there is none."""
    history = History()
    history.begin(KEY, "v1", 10).ended = 20
    assert history.allowed(KEY, 9) == {ABSENT}
    assert history.allowed(KEY, 15) == {ABSENT, "v1"}
    assert history.allowed(KEY, 20) == {"v1"}


def test_what_had_no_answer_may_be_there() -> None:
    """It stays open until the next change of the key is acknowledged."""
    history = History()
    history.begin(KEY, "v1", 1).ended = 2
    history.begin(KEY, "v2", 3)
    assert history.allowed(KEY, 5) == {"v1", "v2"}
    history.begin(KEY, ABSENT, 6).ended = 7
    assert history.allowed(KEY, 7) == {ABSENT}


def test_what_was_refused_did_not_happen() -> None:
    """A client that was told no counts on nothing."""
    history = History()
    change = history.begin(KEY, "v1", 1)
    change.ended, change.refused = 2, True
    assert history.allowed(KEY, 5) == {ABSENT}


def test_what_was_seen_ends_doubt() -> None:
    """A value that was found is the only one from then on."""
    history = History()
    history.begin(KEY, "v1", 1)
    history.seen(KEY, "v1", 2)
    assert history.allowed(KEY, 3) == {"v1"}
    history.seen(KEY, ABSENT, 4)
    assert history.allowed(KEY, 5) == {ABSENT}
