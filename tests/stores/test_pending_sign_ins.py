"""Sign-ins on their way are kept alike in all stores, and used once by all processes and nodes."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.postgres import PostgresServer, fresh_database

from pratique.admission.pending_sign_ins import PER_OWNER, NotKept, Pending, PendingSignIns
from pratique.storage.metadata.memory.pending_sign_ins import MemoryPendingSignIns
from pratique.storage.metadata.postgres import PostgresDatabase
from pratique.storage.metadata.postgres.pending_sign_ins import PostgresPendingSignIns
from pratique.storage.metadata.sqlite.pending_sign_ins import SqlitePendingSignIns
from pratique.testing.loops import in_loop

AT = datetime(2026, 1, 5, tzinfo=UTC)
ONE = Pending("code", "key", b"body", "ada", AT + timedelta(minutes=5))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def pending(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PendingSignIns]:
    """A store of each kind, empty."""
    if request.param == "memory":
        yield MemoryPendingSignIns()
    elif request.param == "sqlite":
        store = SqlitePendingSignIns(tmp_path / "sign-ins.db")
        yield store
        store.close()
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        database = PostgresDatabase.open(fresh_database(server))
        yield PostgresPendingSignIns(database)
        database.close()


@in_loop
async def test_what_is_kept_is_found_and_taken_once(pending: PendingSignIns) -> None:
    """Finding leaves it, taking does not."""
    assert await pending.keep(ONE, AT)
    assert await pending.find("code", "key", AT) == b"body"
    assert await pending.take("code", "key", AT) == b"body"
    assert await pending.take("code", "key", AT) is None
    assert await pending.find("code", "key", AT) is None


@in_loop
async def test_a_key_is_taken_within_its_kind_until_it_ends(pending: PendingSignIns) -> None:
    """The first stands; another kind is another thing; what has ended makes room."""
    assert await pending.keep(ONE, AT)
    assert not await pending.keep(replace(ONE, body=b"other", owner="bob"), AT)
    assert await pending.find("code", "key", AT) == b"body"
    assert await pending.keep(replace(ONE, kind="totp"), AT)
    later = replace(ONE, body=b"other", until=ONE.until + timedelta(minutes=5))
    assert await pending.keep(later, ONE.until)
    assert await pending.find("code", "key", ONE.until) == b"other"


@in_loop
async def test_what_has_ended_is_not_there(pending: PendingSignIns) -> None:
    """At the very moment, also when nothing swept it."""
    await pending.keep(ONE, AT)
    assert await pending.find("code", "key", ONE.until) is None
    assert await pending.take("code", "key", ONE.until) is None


@in_loop
async def test_a_body_is_replaced_only_as_it_was_read(pending: PendingSignIns) -> None:
    """So that of two who change it at once one begins again."""
    await pending.keep(ONE, AT)
    assert await pending.replace("code", "key", b"body", b"new")
    assert not await pending.replace("code", "key", b"body", b"newer")
    assert not await pending.replace("code", "absent", b"body", b"new")
    assert await pending.find("code", "key", AT) == b"new"


@in_loop
async def test_one_owner_cannot_fill_the_store(pending: PendingSignIns) -> None:
    """What is over the limit is refused; others, other kinds and a key that is there are not."""
    for number in range(PER_OWNER):
        await pending.keep(replace(ONE, key=str(number)), AT)
    with pytest.raises(NotKept):
        await pending.keep(replace(ONE, key="one more"), AT)
    assert not await pending.keep(replace(ONE, key="1"), AT)
    assert await pending.keep(replace(ONE, key="one more", owner="bob"), AT)
    assert await pending.keep(replace(ONE, kind="totp"), AT)
    assert await pending.find("code", "0", AT) == b"body"


@in_loop
async def test_a_flood_of_one_kind_leaves_room_for_the_others(
    pending: PendingSignIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strangers may begin as many sign-ins as they like: nobody else's second factor waits."""
    for store in ("memory", "sqlite", "postgres"):
        monkeypatch.setattr(f"pratique.storage.metadata.{store}.pending_sign_ins.IN_ALL", 3)
    for number in range(3):
        await pending.keep(replace(ONE, kind="device", key=str(number), owner=str(number)), AT)
    with pytest.raises(NotKept):
        await pending.keep(replace(ONE, kind="device", key="one more", owner="eve"), AT)
    assert await pending.keep(replace(ONE, kind="totp"), AT)


def test_processes_share_it_and_one_of_them_takes(tmp_path: Path) -> None:
    """Of many that ask at once one gets the body, and nobody else may read the file."""
    path = tmp_path / "sign-ins.db"
    stores = [SqlitePendingSignIns(path) for _ in range(4)]
    asyncio.run(stores[0].keep(ONE, AT))
    with ThreadPoolExecutor(len(stores)) as executor:
        taken = list(executor.map(lambda store: asyncio.run(store.take("code", "key", AT)), stores))
    for store in stores:
        store.close()
    assert sorted(body is not None for body in taken) == [False, False, False, True]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@in_loop
async def test_a_file_that_cannot_be_written_refuses(tmp_path: Path) -> None:
    """Nothing is taken for kept that is not; what is closed by default stays closed."""
    store = SqlitePendingSignIns(tmp_path / "sign-ins.db")
    other = SqlitePendingSignIns(tmp_path / "sign-ins.db")
    other._connection.execute("BEGIN IMMEDIATE")  # noqa: SLF001 - as a writer that hangs
    store._connection.execute("PRAGMA busy_timeout = 1").fetchall()  # noqa: SLF001
    with pytest.raises(NotKept):
        await store.keep(ONE, AT)
    other.close()
    store.close()


@in_loop
async def test_nodes_share_it_and_one_of_them_wins(postgres: PostgresServer) -> None:
    """Of many at once one takes, one keeps under a key, and one replaces."""
    url = fresh_database(postgres)
    databases = [PostgresDatabase.open(url) for _ in range(2)]
    nodes = [PostgresPendingSignIns(database) for database in databases] * 4
    try:
        kept = await asyncio.gather(
            *(node.keep(replace(ONE, owner=str(n)), AT) for n, node in enumerate(nodes))
        )
        swapped = await asyncio.gather(
            *(node.replace("code", "key", b"body", b"new") for node in nodes)
        )
        taken = await asyncio.gather(*(node.take("code", "key", AT) for node in nodes))
        assert [sum(kept), sum(swapped), taken.count(b"new")] == [1, 1, 1]
    finally:
        for database in databases:
            database.close()


@in_loop
async def test_an_owner_who_asks_everywhere_at_once_gets_no_more(postgres: PostgresServer) -> None:
    """The limit of one owner holds over all nodes, to the last one."""
    url = fresh_database(postgres)
    databases = [PostgresDatabase.open(url) for _ in range(2)]
    nodes = [PostgresPendingSignIns(database) for database in databases]
    try:
        await databases[0].write(
            lambda c: c.execute(
                "INSERT INTO pending_sign_ins SELECT 'code', 'n' || n, '', 'ada', $1 "
                "FROM generate_series(1, $2::int) AS n",
                2**60,
                PER_OWNER - 2,
            )
        )
        outcomes = await asyncio.gather(
            *(nodes[n % 2].keep(replace(ONE, key=str(n)), AT) for n in range(8)),
            return_exceptions=True,
        )
        assert outcomes.count(True) == 2
        assert sum(isinstance(outcome, NotKept) for outcome in outcomes) == 6
    finally:
        for database in databases:
            database.close()


@in_loop
async def test_a_database_that_cannot_be_written_refuses(postgres: PostgresServer) -> None:
    """Nothing is taken for kept that is not."""
    url = fresh_database(postgres)
    database = PostgresDatabase.open(url)
    pending = PostgresPendingSignIns(database)
    try:
        postgres.ask("DROP TABLE pending_sign_ins", database=url.rpartition("/")[2])
        for refused in (pending.keep(ONE, AT), pending.take("code", "key", AT)):
            with pytest.raises(NotKept):
                await refused
    finally:
        database.close()
