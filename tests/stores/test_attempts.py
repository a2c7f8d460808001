"""Wrong sign-ins are counted alike in all stores, and shared by processes and nodes."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.postgres import PostgresServer, fresh_database

from pratique.admission import SignInAttempts, Standing, seconds_to_wait
from pratique.storage.metadata.memory.attempts import MemorySignInAttempts
from pratique.storage.metadata.postgres import PostgresDatabase
from pratique.storage.metadata.postgres.attempts import PostgresSignInAttempts
from pratique.storage.metadata.sqlite.attempts import SqliteSignInAttempts
from pratique.testing.loops import in_loop

AT = datetime(2026, 1, 5, tzinfo=UTC)
HERE, THERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def attempts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SignInAttempts]:
    """A store of each kind, empty."""
    if request.param == "memory":
        yield MemorySignInAttempts()
    elif request.param == "sqlite":
        store = SqliteSignInAttempts(tmp_path / "attempts.db")
        yield store
        store.close()
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        database = PostgresDatabase.open(fresh_database(server))
        yield PostgresSignInAttempts(database)
        database.close()


async def fail(
    attempts: SignInAttempts, times: int, source: str = HERE, account: str = "ada"
) -> None:
    """So many wrong attempts at once."""
    for _ in range(times):
        await attempts.failed(source, account, AT)


@in_loop
async def test_the_first_five_are_free_and_then_waiting_doubles(attempts: SignInAttempts) -> None:
    """1, 2, 4 … seconds, up to a minute, for this source on this account."""
    waits = []
    for _ in range(15):
        await fail(attempts, 1)
        waits.append(seconds_to_wait(await attempts.standing(HERE, "ada", AT), AT))
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]


@in_loop
async def test_others_do_not_wait(attempts: SignInAttempts) -> None:
    """Neither another source on the account nor another account at the source."""
    await fail(attempts, 12)
    assert seconds_to_wait(await attempts.standing(THERE, "ada", AT), AT) == 0
    assert seconds_to_wait(await attempts.standing(HERE, "bob", AT), AT) == 0


@in_loop
async def test_spraying_makes_a_source_wait_except_where_it_belongs(
    attempts: SignInAttempts,
) -> None:
    """Many accounts tried from one address close it to all but those who signed in from there."""
    await attempts.succeeded(HERE, "ada", AT)
    for number in range(60):
        await fail(attempts, 1, account=f"user{number}")
    assert seconds_to_wait(await attempts.standing(HERE, "bob", AT), AT) > 0
    assert seconds_to_wait(await attempts.standing(HERE, "ada", AT), AT) == 0


@in_loop
async def test_success_forgives_and_time_forgets(attempts: SignInAttempts) -> None:
    """The pair's count goes with a right sign-in; all counts fade."""
    await fail(attempts, 8)
    later = AT + timedelta(minutes=16)
    assert await attempts.standing(HERE, "ada", later) == Standing()
    await attempts.succeeded(HERE, "ada", AT)
    standing = await attempts.standing(HERE, "ada", AT)
    assert (standing.known, standing.pair.failures) == (True, 0)


@in_loop
async def test_two_processes_share_the_counts(tmp_path: Path) -> None:
    """What one handle counts, another sees, and nobody else may read the file."""
    path = tmp_path / "attempts.db"
    one, two = SqliteSignInAttempts(path), SqliteSignInAttempts(path)
    await fail(one, 3)
    await fail(two, 3)
    counted = (await one.standing(HERE, "ada", AT)).pair.failures
    one.close()
    two.close()
    assert (counted, stat.S_IMODE(path.stat().st_mode)) == (6, 0o600)


@in_loop
async def test_nodes_share_the_counts_and_lose_none(postgres: PostgresServer) -> None:
    """Wrong attempts that nodes count at the same moment, on crossing accounts, are all counted."""
    url = fresh_database(postgres)
    databases = [PostgresDatabase.open(url) for _ in range(2)]
    nodes = [PostgresSignInAttempts(database) for database in databases]
    try:
        await asyncio.gather(
            *(nodes[n % 2].failed(HERE, ("ada", "bob")[n // 2 % 2], AT) for n in range(40))
        )
        standing = await nodes[0].standing(HERE, "ada", AT)
        assert (standing.pair.failures, standing.source.failures) == (20, 40)
        assert (await nodes[1].standing(THERE, "ada", AT)).account.failures == 20
    finally:
        for database in databases:
            database.close()


@in_loop
async def test_whatever_was_typed_is_counted_and_not_kept(postgres: PostgresServer) -> None:
    """Text that no database takes is an account like any other; it stands in no table."""
    url = fresh_database(postgres)
    database = PostgresDatabase.open(url)
    attempts = PostgresSignInAttempts(database)
    try:
        for typed in ("nul\0", "\ud800", "hunter2"):
            await attempts.failed(HERE, typed, AT)
            assert (await attempts.standing(HERE, typed, AT)).pair.failures == 1
        rows = await database.fetch_all("SELECT kind || encode(key, 'escape') FROM attempts")
        assert not [row for row in rows if "hunter2" in row[0]]
    finally:
        database.close()


@in_loop
async def test_a_database_that_takes_no_writes_lets_people_in(postgres: PostgresServer) -> None:
    """An attempt that cannot be counted is not, and nobody is locked out by that."""
    url = fresh_database(postgres)
    database = PostgresDatabase.open(url)
    attempts = PostgresSignInAttempts(database)
    try:
        await attempts.failed(HERE, "ada", AT)
        postgres.ask("DROP TABLE attempts CASCADE", database=url.rpartition("/")[2])
        await attempts.failed(HERE, "ada", AT)
        await attempts.succeeded(HERE, "ada", AT)
    finally:
        database.close()
