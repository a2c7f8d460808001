"""Wrong sign-ins are counted alike in memory and in SQLite, and shared by processes."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pratique.admission import SignInAttempts, Standing, seconds_to_wait
from pratique.storage.metadata.memory.attempts import MemorySignInAttempts
from pratique.storage.metadata.sqlite.attempts import SqliteSignInAttempts

AT = datetime(2026, 1, 5, tzinfo=UTC)
HERE, THERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture(params=["memory", "sqlite"])
def attempts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SignInAttempts]:
    """Either store, empty."""
    if request.param == "memory":
        yield MemorySignInAttempts()
        return
    store = SqliteSignInAttempts(tmp_path / "attempts.db")
    yield store
    store.close()


def fail(attempts: SignInAttempts, times: int, source: str = HERE, account: str = "ada") -> None:
    """So many wrong attempts at once."""
    for _ in range(times):
        attempts.failed(source, account, AT)


def test_the_first_five_are_free_and_then_waiting_doubles(attempts: SignInAttempts) -> None:
    """1, 2, 4 … seconds, up to a minute, for this source on this account."""
    waits = []
    for _ in range(15):
        fail(attempts, 1)
        waits.append(seconds_to_wait(attempts.standing(HERE, "ada", AT), AT))
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]


def test_others_do_not_wait(attempts: SignInAttempts) -> None:
    """Neither another source on the account nor another account at the source."""
    fail(attempts, 12)
    assert seconds_to_wait(attempts.standing(THERE, "ada", AT), AT) == 0
    assert seconds_to_wait(attempts.standing(HERE, "bob", AT), AT) == 0


def test_spraying_makes_a_source_wait_except_where_it_belongs(attempts: SignInAttempts) -> None:
    """Many accounts tried from one address close it to all but those who signed in from there."""
    attempts.succeeded(HERE, "ada", AT)
    for number in range(60):
        fail(attempts, 1, account=f"user{number}")
    assert seconds_to_wait(attempts.standing(HERE, "bob", AT), AT) > 0
    assert seconds_to_wait(attempts.standing(HERE, "ada", AT), AT) == 0


def test_success_forgives_and_time_forgets(attempts: SignInAttempts) -> None:
    """The pair's count goes with a right sign-in; all counts fade."""
    fail(attempts, 8)
    later = AT + timedelta(minutes=16)
    assert attempts.standing(HERE, "ada", later) == Standing()
    attempts.succeeded(HERE, "ada", AT)
    standing = attempts.standing(HERE, "ada", AT)
    assert (standing.known, standing.pair.failures) == (True, 0)


def test_two_processes_share_the_counts(tmp_path: Path) -> None:
    """What one handle counts, another sees, and nobody else may read the file."""
    path = tmp_path / "attempts.db"
    one, two = SqliteSignInAttempts(path), SqliteSignInAttempts(path)
    fail(one, 3)
    fail(two, 3)
    counted = one.standing(HERE, "ada", AT).pair.failures
    one.close()
    two.close()
    assert (counted, stat.S_IMODE(path.stat().st_mode)) == (6, 0o600)
