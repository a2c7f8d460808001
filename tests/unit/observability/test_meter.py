"""The meter: what happened, in which series."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.access import RegistryAction
from pratique.observability import Board, Kind, Label, Meter, Metric, Table, metrics_table, names
from pratique.observability.meter import TOGETHER
from pratique.testing.verdicts import allowed_on

ROUTES = ("get_blob", "open_upload", "finish_upload", "cancel_upload")
TABLE = metrics_table(ROUTES, ("wrong",))


class Counted:
    """A meter and what it wrote."""

    def __init__(self, board: Board | None = None) -> None:
        self.board = board or Board.of_one_process(TABLE.width)
        self.meter = Meter(TABLE, self.board)

    def at(self, name: str, *values: str, further: int = 0) -> float:
        """One number; `further` places after the series begins."""
        self.meter.flush()
        return self.board.workers()[0].numbers[TABLE.place(name, *values) + further]

    def total(self) -> float:
        """All numbers of all workers."""
        self.meter.flush()
        return sum(sum(worker.numbers) for worker in self.board.workers())


def test_every_series_has_places_of_its_own() -> None:
    """No two numbers share a place, and the last is where the table says it ends."""
    taken = [place for kind in Kind for place in TABLE.places_of(kind)]
    assert sorted(taken) == list(range(TABLE.width))


def test_a_request_counts_once_in_each_of_its_series() -> None:
    """Route, class of the status, bucket, time and bytes."""
    counted = Counted()
    counted.meter.answered("get_blob", 206, 0.003, 5, 70)
    assert counted.at(names.REQUESTS, "get_blob", "2xx") == 1
    # 0.003 lies above 0.0025, the third bound, and below 0.005.
    assert counted.at(names.REQUEST_SECONDS, "get_blob", further=3) == 1
    assert counted.at(names.RECEIVED) == 5
    assert counted.at(names.SENT) == 70
    assert counted.total() == pytest.approx(2 + 0.003 + 5 + 70)


@given(
    st.one_of(st.sampled_from(("", "../etc", *ROUTES)), st.text(string.printable)),
    st.integers(200, 599),
    st.floats(0, 10_000),
)
def test_no_request_counts_outside_of_requests(route: str, status: int, seconds: float) -> None:
    """Whatever a route is called and however long it takes, its numbers land among requests'."""
    counted = Counted()
    counted.meter.answered(route, status, seconds, 0, 0)
    known = route if route in ROUTES else names.NOWHERE
    assert counted.at(names.REQUESTS, known, f"{status // 100}xx") == 1
    buckets = [
        counted.at(names.REQUEST_SECONDS, known, further=n)
        for n in range(len(counted.meter.table.metrics[1].bounds) + 1)
    ]
    assert sum(buckets) == 1
    assert counted.at(names.REQUEST_SECONDS, known, further=len(buckets)) == seconds


@pytest.mark.parametrize(
    ("route", "status", "event"),
    [
        ("open_upload", 202, "opened"),
        ("open_upload", 201, "at_once"),
        ("finish_upload", 201, "finished"),
        ("cancel_upload", 204, "cancelled"),
        ("open_upload", 401, None),
        ("get_blob", 202, None),
    ],
)
def test_uploads_are_counted_by_what_became_of_them(
    route: str, status: int, event: str | None
) -> None:
    """The row and its status tell; a refusal is no event."""
    counted = Counted()
    counted.meter.answered(route, status, 0.1, 0, 0)
    events = ("opened", "finished", "cancelled", "forgotten", "at_once")
    found = [known for known in events if counted.at(names.UPLOADS, known)]
    assert found == ([event] if event else [])


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "granted"), (401, "refused"), (400, "refused"), (503, "failed")]
)
def test_tokens_are_counted_by_outcome(status: int, outcome: str) -> None:
    """Who is at fault tells whether it is refused or failed."""
    counted = Counted()
    counted.meter.token_asked("refresh", status)
    assert counted.at(names.TOKENS, "refresh", outcome) == 1
    assert counted.total() == 1


def test_a_verdict_counts_by_action_and_reason() -> None:
    """The question's action and the verdict's reason are the labels."""
    counted = Counted()
    verdict = allowed_on("team/app", RegistryAction.PULL)
    counted.meter.decided(verdict)
    assert counted.at(names.DECISIONS, "allowed", "pull", verdict.reason) == 1
    assert counted.total() == 1


def test_a_successor_keeps_what_was_counted_and_measures_anew() -> None:
    """Counters go on, gauges begin at nothing: what they measured is over."""
    counted = Counted()
    counted.meter.sign_in_refused("wrong")
    counted.meter.measure(names.MEMORY, number=123.0)
    successor = Counted(counted.board)
    assert successor.at(names.SIGN_INS_REFUSED, "wrong") == 1
    assert successor.at(names.MEMORY) == 0


def test_what_has_no_series_is_refused() -> None:
    """A label value that nobody declared makes no series."""
    with pytest.raises(KeyError):
        Counted().meter.sign_in_refused("a name that a client made up")


def test_a_collection_is_counted_by_what_has_gone() -> None:
    """Each kind of thing, and the bytes."""
    counted = Counted()
    counted.meter.collected({"manifests": 1, "links": 2, "blobs": 3, "uploads": 4}, 5000)
    assert counted.at(names.COLLECTIONS, "finished") == 1
    assert [counted.at(names.COLLECTED, what) for what in ("manifests", "blobs")] == [1, 3]
    assert counted.at(names.COLLECTED_BYTES) == 5000


def test_requests_that_wait_are_bounded() -> None:
    """Of many requests only so many wait to be counted, with nobody having asked for it."""
    counted = Counted()
    for _ in range(TOGETHER):
        counted.meter.answered("get_blob", 200, 0.1, 0, 1)
    place = TABLE.place(names.SENT)
    assert counted.board.workers()[0].numbers[place] == TOGETHER
    counted.meter.answered("get_blob", 200, 0.1, 0, 1)
    assert counted.board.workers()[0].numbers[place] == TOGETHER
    assert counted.at(names.SENT) == TOGETHER + 1


def test_labels_make_every_combination() -> None:
    """A metric of two labels has the product of their values."""
    metric = Metric("m", Kind.COUNTER, "", (Label("a", ("1", "2")), Label("b", ("x", "y"))))
    assert list(metric.series()) == [("1", "x"), ("1", "y"), ("2", "x"), ("2", "y")]
    assert Table((metric,)).width == 4
