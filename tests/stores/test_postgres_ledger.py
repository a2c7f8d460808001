"""What a ledger in PostgreSQL stages is the truth, whoever writes, and after restores."""

from __future__ import annotations

import asyncio
import stat
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.support.postgres import PostgresServer, fresh_database, standby_of
from tests.support.relay import relay_to

from pratique.admission import LawNotConfirmed, LedgerMoved, Row
from pratique.registry import StorageFailed
from pratique.storage.metadata.postgres import Bounds, Connection, PostgresDatabase
from pratique.storage.metadata.postgres.address import Address
from pratique.storage.metadata.postgres.freshness import Freshness
from pratique.storage.metadata.postgres.law_rows import AT_ONCE
from pratique.storage.metadata.postgres.ledger import PostgresLedger
from pratique.storage.metadata.postgres.node_mark import NodeMark
from pratique.testing.loops import in_loop

T = TypeVar("T")

Records = dict[tuple[str, str], bytes]
# The machine that runs the tests may be busy.
ALWAYS_ASK = Freshness(bound=0.0, wait=60.0)
_TABLES = ("ledger", "ledger_version", "law_marks")


@dataclass
class Reader:
    """Takes what its ledger stages, as `Snapshots` does."""

    ledger: PostgresLedger
    version: int = 0

    def __post_init__(self) -> None:
        self.records: Records = {}
        self._loaded = False

    def take(self) -> Records:
        """Everything that stands, by what was staged."""
        if self.ledger.version() < self.version:
            self.records, self.version, self._loaded = {}, 0, False
        if not self._loaded or self.ledger.version() != self.version:
            version, rows = self.ledger.read(self.version)
            taken = list(rows)
            assert len({(row.kind, row.key) for row in taken}) == len(taken)
            for row in taken:
                if row.body is None:
                    self.records.pop((row.kind, row.key), None)
                else:
                    self.records[row.kind, row.key] = row.body
            self.version, self._loaded = version, True
        return self.records

    async def write(self, rows: list[Row]) -> None:
        """Change the ledger as it stands, as `ControlPlane` does."""
        while True:
            self.take()
            try:
                await self.ledger.append(self.version, rows)
            except LedgerMoved:
                continue
            return


@pytest.fixture(scope="module")
def address(postgres: PostgresServer) -> str:
    """A database for this module."""
    return fresh_database(postgres)


@pytest.fixture
def database(address: str) -> Iterator[PostgresDatabase]:
    """The same, open."""
    opened = PostgresDatabase.open(address)
    yield opened
    opened.close()


async def run(database: PostgresDatabase, *statements: str) -> None:
    """Run statements in one transaction."""

    async def work(connection: object) -> None:
        for statement in statements:
            await connection.execute(statement)  # type: ignore[attr-defined]

    await database.write(work)


async def emptied(database: PostgresDatabase) -> None:
    """Let the ledger be as in the beginning, with no backup."""
    await run(
        database,
        "DELETE FROM ledger",
        "DELETE FROM law_marks",
        "UPDATE ledger_version SET version = 0",
        "DROP SCHEMA IF EXISTS backup CASCADE",
    )


async def truth(database: PostgresDatabase) -> Records:
    """What stands in the database."""
    rows = await database.fetch_all("SELECT kind, key, body FROM ledger WHERE body IS NOT NULL")
    return {(kind, key): body.encode() for kind, key, body in rows}


async def backed_up(database: PostgresDatabase) -> None:
    """Keep a copy of the present state."""
    await run(
        database,
        "DROP SCHEMA IF EXISTS backup CASCADE",
        "CREATE SCHEMA backup",
        *(f"CREATE TABLE backup.{table} AS TABLE {table}" for table in _TABLES),
    )


async def restored(database: PostgresDatabase) -> None:
    """Put the copy in the place of the present state."""
    await run(
        database,
        *(f"DELETE FROM {table}" for table in _TABLES),  # noqa: S608 - constants
        *(f"INSERT INTO {table} TABLE backup.{table}" for table in _TABLES),
    )


_ROWS = st.dictionaries(
    st.sampled_from("abcdef"), st.one_of(st.none(), st.integers(0, 99)), max_size=4
)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["write 0", "write 1"]), _ROWS),
        st.tuples(st.sampled_from(["take 0", "take 1", "many", "restore"]), st.none()),
    ),
    max_size=14,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example([("take 0", None), *[("many", None), ("restore", None)] * 2, ("many", None)] * 2)
@given(_STEPS)
def test_what_is_staged_is_the_truth(
    address: str,
    database: PostgresDatabase,
    steps: list[tuple[str, dict[str, int | None] | None]],
) -> None:
    """Two nodes write, read now and then, are given many rows, and live through restores."""

    async def play() -> None:
        await emptied(database)
        nodes = [
            Reader(PostgresLedger(database, address, NodeMark.of_one_process(), ALWAYS_ASK))
            for _ in range(2)
        ]
        for node in nodes:
            await node.ledger.catch_up()
        await backed_up(database)
        for step, given_rows in steps:
            if step == "restore":
                await restored(database)
                for node in nodes:
                    await node.ledger.catch_up()
            elif step == "many":
                await nodes[0].write([Row("m", str(n), b"1") for n in range(1200)])
            elif step.startswith("take"):
                nodes[int(step[-1])].take()
            else:
                bodies = (given_rows or {}).items()
                rows = [Row("r", k, None if n is None else str(n).encode()) for k, n in bodies]
                node = nodes[int(step[-1])]
                await node.write(rows)
                assert node.take() == await truth(database)
        for node in nodes:
            await node.ledger.catch_up()
            assert node.take() == await truth(database)

    asyncio.run(play())


@in_loop
async def test_writers_on_many_nodes_lose_nothing(address: str, database: PostgresDatabase) -> None:
    """Of nodes that change the law at the same time each gets its turn, and all learn of all."""
    await emptied(database)
    nodes = [
        Reader(PostgresLedger(database, address, NodeMark.of_one_process(), ALWAYS_ASK))
        for _ in range(4)
    ]
    for node in nodes:
        await node.ledger.catch_up()

    async def write(number: int) -> None:
        for turn in range(5):
            await nodes[number].write([Row("n", f"{number}-{turn}", b"1")])

    await asyncio.gather(*map(write, range(len(nodes))))
    for node in nodes:
        await node.ledger.catch_up()
        assert node.take() == await truth(database)
    assert (len(nodes[0].records), nodes[0].version) == (20, 20)


@in_loop
async def test_a_restore_that_was_written_to_since_is_noticed(
    address: str, database: PostgresDatabase
) -> None:
    """The same number in another history is another law: what the backup lacks is forgotten."""
    await emptied(database)
    node = Reader(PostgresLedger(database, address, NodeMark.of_one_process(), ALWAYS_ASK))
    other = Reader(PostgresLedger(database, address, NodeMark.of_one_process(), ALWAYS_ASK))
    await node.write([Row("r", "kept", b"1")])
    await backed_up(database)
    await node.write([Row("r", "lost", b"1")])
    assert len(node.take()) == 2
    await restored(database)
    await other.ledger.catch_up()
    await other.write([Row("r", "new", b"1")])
    await node.ledger.catch_up()
    assert node.take() == {("r", "kept"): b"1", ("r", "new"): b"1"}
    assert node.version == 2


@in_loop
async def test_nobody_waits_for_ever(
    address: str, database: PostgresDatabase, postgres: PostgresServer
) -> None:
    """All who wait for a database that does not answer are told so at about the same time."""
    await emptied(database)
    with relay_to(postgres.port) as relay:
        url = address.replace(f":{postgres.port}/", f":{relay.port}/")
        freshness = Freshness(bound=0.0, wait=0.2)
        ledger = PostgresLedger(database, url, NodeMark.of_one_process(), freshness)
        await ledger.catch_up()
        relay.cut()
        told = await asyncio.gather(*(ledger.catch_up() for _ in range(50)), return_exceptions=True)
        assert {type(each) for each in told} == {LawNotConfirmed}
        relay.mend()
        await ledger.catch_up()


@in_loop
async def test_a_confirmation_is_as_old_as_its_question(
    address: str, database: PostgresDatabase, postgres: PostgresServer
) -> None:
    """An answer that was long on its way tells of the time before it was asked for."""
    await emptied(database)
    clock = [0.0]
    with relay_to(postgres.port) as relay:
        url = address.replace(f":{postgres.port}/", f":{relay.port}/")
        ledger = PostgresLedger(
            database,
            url,
            NodeMark.of_one_process(),
            Freshness(bound=1.0, wait=30.0),
            since_boot=lambda: clock[0],
        )
        await ledger.catch_up()
        clock[0] = 5.0
        relay.cut()
        waiting = asyncio.create_task(ledger.catch_up())
        # The question is sent within these turns of the loop, and held by the relay.
        for _ in range(20):
            await asyncio.sleep(0.01)
        clock[0] = 8.0
        relay.mend()
        await waiting
        assert (ledger.age(), ledger.behind(), ledger.confirmed()) == (3.0, True, False)


@in_loop
async def test_many_who_are_behind_ask_together(address: str, database: PostgresDatabase) -> None:
    """A hundred requests at once have one question asked, and each is served by it."""
    await emptied(database)
    readings: list[float] = []

    def since_boot() -> float:
        readings.append(0.0)
        return clock[0]

    clock = [0.0]
    ledger = PostgresLedger(database, address, NodeMark.of_one_process(), since_boot=since_boot)
    await ledger.catch_up()
    seen = ledger.age()
    clock[0] = 10.0
    assert ledger.behind()
    await asyncio.gather(*(ledger.catch_up() for _ in range(100)))
    assert (seen, ledger.age(), ledger.behind()) == (0.0, 0.0, False)


class Interrupted(PostgresDatabase):
    """A database before whose next transaction something else happens."""

    before: Callable[[], Awaitable[None]] | None = None

    async def write(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Let it happen, once."""
        before, self.before = self.before, None
        if before is not None:
            await before()
        return await super().write(work)


@in_loop
async def test_a_restore_in_the_middle_of_a_look_is_noticed(
    address: str, database: PostgresDatabase
) -> None:
    """Many changes are read after they were told of; by then they may be of another history."""
    await emptied(database)
    with closing(Interrupted(Address.parse(address), Bounds())) as torn:
        node = Reader(PostgresLedger(torn, address, NodeMark.of_one_process(), ALWAYS_ASK))
        other = Reader(PostgresLedger(database, address, NodeMark.of_one_process(), ALWAYS_ASK))
        await other.write([Row("r", "kept", b"1")])
        await backed_up(database)
        await other.write([Row("r", "lost", b"1")])
        await node.ledger.catch_up()
        assert len(node.take()) == 2
        await other.write([Row("m", str(n), b"1") for n in range(AT_ONCE + 1)])

        async def restored_and_used() -> None:
            await restored(database)
            await other.ledger.catch_up()
            for name in "abc":
                await other.write([Row("r", name, b"1")])

        torn.before = restored_and_used
        await node.ledger.catch_up()
        assert torn.before is None
        assert node.take() == await truth(database)
        assert sorted(key for _, key in node.records) == ["a", "b", "c", "kept"]


@in_loop
async def test_a_follower_does_not_end(address: str, database: PostgresDatabase) -> None:
    """Whatever the reader raises, and whatever is missing in the database, it goes on."""
    await emptied(database)
    ledger = PostgresLedger(
        database, address, NodeMark.of_one_process(), Freshness(poll=0.01, wait=0.2)
    )
    other = Reader(PostgresLedger(database, address, NodeMark.of_one_process(), ALWAYS_ASK))
    heard: list[int] = []
    more = asyncio.Event()

    def changed() -> None:
        heard.append(ledger.version())
        more.set()
        raise RuntimeError

    await ledger.catch_up()
    following = asyncio.create_task(ledger.follow(changed))
    await other.write([Row("r", "a", b"1")])
    await more.wait()
    await run(database, "CREATE TABLE kept AS TABLE ledger_version", "DELETE FROM ledger_version")
    with pytest.raises(LawNotConfirmed) as refused:
        await _refused(ledger)
    cause = refused.value.__cause__
    assert isinstance(cause, StorageFailed)
    assert "`ledger_version` is empty" in cause.detail
    await run(database, "INSERT INTO ledger_version TABLE kept", "DROP TABLE kept")
    more.clear()
    await other.write([Row("r", "b", b"1")])
    await more.wait()
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    assert heard == [1, 2]


@pytest.mark.parametrize("options", ["", "?statement_cache_size=0"], ids=["itself", "pooled"])
def test_a_standby_confirms_nothing(postgres: PostgresServer, options: str) -> None:
    """It may lag behind, so nobody is judged by it until it is the primary."""
    url = fresh_database(postgres)
    PostgresDatabase.open(url).close()
    with standby_of(postgres) as standby:
        there = standby.url(url.rpartition("/")[2]) + options
        while not standby.ask(
            "SELECT 1 FROM pg_database WHERE datname = $1", url.rpartition("/")[2]
        ):
            pass
        with closing(PostgresDatabase.open(there)) as database:
            freshness = Freshness(bound=0.0, wait=0.3)
            ledger = PostgresLedger(database, there, NodeMark.of_one_process(), freshness)
            with pytest.raises(StorageFailed) as refused:
                ledger.version()
            assert "is a standby" in refused.value.detail
            with pytest.raises(LawNotConfirmed):
                asyncio.run(ledger.catch_up())
            standby.ask("SELECT pg_promote()")
            asyncio.run(_caught_up(ledger))
            assert ledger.version() == 0


async def _refused(ledger: PostgresLedger) -> None:
    while True:
        await ledger.catch_up()
        await asyncio.sleep(0.01)


async def _caught_up(ledger: PostgresLedger) -> None:
    while True:
        with suppress(LawNotConfirmed):
            await ledger.catch_up()
            return


def test_a_large_ledger_is_never_whole_in_memory(address: str, database: PostgresDatabase) -> None:
    """A start over many assignments holds a part of their bytes at a time."""
    count, size = 60_000, 400
    asyncio.run(emptied(database))
    body = f"rpad('{{\"n\":' || n, {size - 1}, ' ') || '}}'"
    asyncio.run(
        run(
            database,
            f"INSERT INTO ledger SELECT 'assignment', n::text, {body}, 1 "  # noqa: S608 - constants
            f"FROM generate_series(1, {count}) AS n",
            "UPDATE ledger_version SET version = 1",
        )
    )
    ledger = PostgresLedger(database, address, NodeMark.of_one_process())
    tracemalloc.start()
    try:
        _, rows = ledger.read(0)
        read = sum(1 for _ in rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read == count
    assert peak < count * size / 3


def test_the_mark_of_a_node_is_seen_by_all_who_opened_it(tmp_path: Path) -> None:
    """Each change makes it another for everybody, and the file is its owner's alone."""
    path = tmp_path / "mark"
    one, two = NodeMark.open(path), NodeMark.open(path)
    seen = two.now()
    one.stir()
    assert two.now() == one.now() != seen
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
