"""Whose turn it is to collect, among nodes that share a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import sleep

import pytest
from tests.support.pooler import Pooler
from tests.support.postgres import PostgresServer, fresh_database

from pratique.storage.metadata.postgres import PostgresDatabase
from pratique.storage.metadata.postgres.turn import LOCK, PostgresTurn

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = timedelta(hours=6)
_OF_HOLDER = (
    "FROM pg_stat_activity WHERE pid IN (SELECT pid FROM pg_locks "
    "WHERE locktype = 'advisory' AND granted AND ((classid::bigint << 32) | objid::bigint) = $1)"
)


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """Of an empty database."""
    return fresh_database(postgres)


@pytest.fixture(params=["direct", "pooled"])
def way(request: pytest.FixtureRequest, url: str) -> str:
    """How nodes reach it: as it is, or by a pooler that gives each transaction a session."""
    if request.param == "direct":
        return url
    pooler: Pooler = request.getfixturevalue("pooler")
    return pooler.url(url)


@pytest.fixture
def nodes(way: str) -> Iterator[tuple[PostgresTurn, PostgresTurn]]:
    """Two nodes that share it."""
    with (
        closing(PostgresDatabase.open(way)) as one,
        closing(PostgresDatabase.open(way)) as other,
    ):
        yield PostgresTurn(one, way), PostgresTurn(other, way)


def took(turn: PostgresTurn, now: datetime = NOW) -> bool:
    """Whether the turn could be taken; it is given back."""
    with turn.taken(now, EVERY) as ours:
        return ours


def test_one_node_at_a_time(nodes: tuple[PostgresTurn, PostgresTurn]) -> None:
    """While one has the turn, the other does not get it."""
    first, second = nodes
    with first.taken(NOW, EVERY) as ours:
        assert ours
        assert not took(second)


def test_not_too_often(nodes: tuple[PostgresTurn, PostgresTurn]) -> None:
    """The end of a collection counts for all nodes."""
    first, second = nodes
    assert took(first)
    assert not took(second, NOW + EVERY - timedelta(seconds=1))
    assert took(second, NOW + EVERY)


def test_a_clock_that_went_wrong_keeps_nobody(nodes: tuple[PostgresTurn, PostgresTurn]) -> None:
    """An end that lies further ahead than the time between two collections is not believed."""
    first, second = nodes
    assert took(first, NOW + timedelta(days=400))
    assert took(second)


def test_whoever_has_it_hinders_nobody(
    nodes: tuple[PostgresTurn, PostgresTurn], postgres: PostgresServer
) -> None:
    """For hours vacuum goes on beside it, and no limit of the server's ends it."""
    first, second = nodes
    postgres.ask("ALTER SYSTEM SET idle_in_transaction_session_timeout = '100ms'")
    postgres.ask("SELECT pg_reload_conf()")
    try:
        with first.taken(NOW, EVERY) as ours:
            assert ours
            sleep(0.5)
            assert not took(second)
            [(xid, xmin)] = postgres.ask("SELECT backend_xid, backend_xmin " + _OF_HOLDER, LOCK)
            assert (xid, xmin) == (None, None)
    finally:
        postgres.ask("ALTER SYSTEM RESET idle_in_transaction_session_timeout")
        postgres.ask("SELECT pg_reload_conf()")


def test_nothing_of_it_is_left(
    nodes: tuple[PostgresTurn, PostgresTurn], postgres: PostgresServer
) -> None:
    """When the turn has ended, no session has the lock, whoever is given that session next."""
    first, _ = nodes
    assert took(first)
    assert postgres.ask("SELECT pid " + _OF_HOLDER, LOCK) == []


def test_what_broke_off_did_not_end(nodes: tuple[PostgresTurn, PostgresTurn]) -> None:
    """The next may begin at once."""
    first, second = nodes
    with suppress(RuntimeError), first.taken(NOW, EVERY):
        raise RuntimeError
    assert took(second)


def test_a_holder_whose_connection_is_lost_has_the_turn_no_more(
    nodes: tuple[PostgresTurn, PostgresTurn], postgres: PostgresServer
) -> None:
    """So a machine that dies keeps nobody from collecting."""
    first, second = nodes
    with first.taken(NOW, EVERY) as ours:
        assert ours
        postgres.ask("SELECT pg_terminate_backend(pid) " + _OF_HOLDER, LOCK)
        assert took(second)


def test_others_wait_for_the_end(nodes: tuple[PostgresTurn, PostgresTurn]) -> None:
    """Whoever must not meet a collection is told, and waits."""
    first, second = nodes
    waiting, held = Event(), Event()

    def hold() -> None:
        with second.held(waiting.set):
            held.set()

    thread = Thread(target=hold)
    with first.taken(NOW, EVERY):
        thread.start()
        assert waiting.wait(30)
        assert not held.is_set()
    assert held.wait(30)
    thread.join()
