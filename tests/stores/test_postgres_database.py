"""The PostgreSQL database: durable, bounded, and back when the server is."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from importlib.resources import files
from typing import Any

import pytest
from tests.support.breaking_relay import BreakingRelay, breaking_relay_to
from tests.support.live_server import free_port
from tests.support.postgres import PASSWORD, USER, PostgresServer, fresh_database, postgres_server

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import StorageFailed, StorageFull
from pratique.storage.metadata.postgres import (
    Bounds,
    Connection,
    PostgresBlobLinks,
    PostgresDatabase,
    PostgresManifests,
    TryAgain,
    driver,
    migrations,
)
from pratique.storage.metadata.postgres.database import DEFAULT_BOUNDS
from pratique.testing.content_builders import index, later, record

APP = RepositoryName("team/app")
SHORT = Bounds(connections=1, connect_seconds=0.3, wait_seconds=0.1, statement_seconds=0.3)


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """Of an empty database."""
    return fresh_database(postgres)


@pytest.fixture
def database(url: str) -> Iterator[PostgresDatabase]:
    """An open database."""
    with closing(PostgresDatabase.open(url)) as opened:
        yield opened


def _name(url: str) -> str:
    return url.rpartition("/")[2]


def _with_steps(names: list[str]) -> Callable[[Any], Awaitable[None]]:
    """Brings an empty database to an earlier version, as that version did."""

    async def made(connection: Any) -> None:
        await connection.execute(f"SET ROLE {USER}")
        await connection.execute('CREATE TABLE schema_steps (name TEXT COLLATE "C" PRIMARY KEY)')
        for name in names:
            await connection.execute(files(migrations).joinpath(name).read_text())
            step = name.removesuffix(".sql")
            await connection.execute("INSERT INTO schema_steps VALUES ($1)", step)

    return made


async def _count(database: PostgresDatabase) -> int:
    return len(await database.fetch_all("SELECT * FROM schema_steps"))


def _put(value: int) -> Callable[[Connection], Awaitable[None]]:
    async def work(connection: Connection) -> None:
        await connection.execute(
            "INSERT INTO repositories (name, created_at, updated_at) VALUES ($1, 0, 0)", str(value)
        )

    return work


class TestWrites:
    """One transaction each, committed or without a trace."""

    def test_an_exception_undoes(self, database: PostgresDatabase) -> None:
        """What the work raises is raised, and what it did is undone."""

        async def work(connection: Connection) -> None:
            await connection.execute("INSERT INTO repositories VALUES ('a', 0, 0)")
            raise LookupError

        async def both() -> None:
            with pytest.raises(LookupError):
                await database.write(work)
            assert await database.fetch_all("SELECT * FROM repositories") == []

        asyncio.run(both())

    def test_an_error_that_the_work_hides_is_told(self, database: PostgresDatabase) -> None:
        """A transaction that the server will not commit is not acknowledged."""

        async def work(connection: Connection) -> None:
            with suppress(Exception):
                await connection.execute("SELECT 1 / 0")

        with pytest.raises(StorageFailed) as caught:
            database.run(lambda: database.write(work))
        assert "undid a write" in caught.value.detail

    def test_a_deadlock_is_repeated(self, database: PostgresDatabase) -> None:
        """Of two writes that wait for each other, both are done in the end."""
        rows = ("a", "b")

        async def all_of_it() -> None:
            await database.fetch_all(
                "INSERT INTO repositories VALUES ('a', 0, 0), ('b', 0, 0) RETURNING 1"
            )
            both_hold = asyncio.Barrier(2)
            begun: list[str] = []

            async def add(first: str, second: str) -> None:
                async def work(connection: Connection) -> None:
                    begun.append(first)
                    more = "UPDATE repositories SET updated_at = updated_at + 1 WHERE name = $1"
                    await connection.execute(more, first)
                    if len(begun) <= 2:
                        await both_hold.wait()
                    await connection.execute(more, second)

                await database.write(work)

            await asyncio.gather(add(*rows), add(*reversed(rows)))
            assert len(begun) > 2
            found = await database.fetch_all("SELECT updated_at FROM repositories")
            assert [row[0] for row in found] == [2, 2]

        asyncio.run(all_of_it())

    def test_trying_again_ends(self, database: PostgresDatabase) -> None:
        """Work that never gets through is given up, in words."""
        begun: list[int] = []

        async def work(_connection: Connection) -> None:
            begun.append(1)
            raise TryAgain

        with pytest.raises(StorageFailed) as caught:
            database.run(lambda: database.write(work))
        assert len(begun) == Bounds().attempts
        assert "because of others" in caught.value.detail

    @pytest.mark.parametrize(
        ("here", "expected"), [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")]
    )
    def test_commits_are_synchronous(
        self, postgres: PostgresServer, url: str, here: str, expected: str
    ) -> None:
        """A server that acknowledges before it has written is told to write first."""
        postgres.ask(f"ALTER DATABASE {_name(url)} SET synchronous_commit = {here}")

        async def work(connection: Connection) -> object:
            return await connection.fetchval("SELECT current_setting('synchronous_commit')")

        with closing(PostgresDatabase.open(url)) as database:
            assert database.run(lambda: database.write(work)) == expected

    def test_a_cancelled_write_leaves_nothing(self, database: PostgresDatabase) -> None:
        """Its transaction is undone, and its locks are free."""

        async def cancelled() -> None:
            begun = asyncio.Event()

            async def work(connection: Connection) -> None:
                await connection.execute("INSERT INTO repositories VALUES ('a', 0, 0)")
                begun.set()
                await asyncio.Event().wait()

            task = asyncio.create_task(database.write(work))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await database.write(_put(1))
            found = await database.fetch_all("SELECT name FROM repositories")
            assert [row[0] for row in found] == ["1"]

        asyncio.run(cancelled())


class TestLostConnections:
    """What is not known is not acknowledged, and the pool recovers by itself."""

    @asynccontextmanager
    async def _through_relay(
        self, postgres: PostgresServer, bounds: Bounds = DEFAULT_BOUNDS
    ) -> AsyncIterator[tuple[BreakingRelay, PostgresDatabase]]:
        url = await asyncio.to_thread(fresh_database, postgres)
        async with breaking_relay_to(postgres.port) as relay:
            there = url.replace(f":{postgres.port}/", f":{relay.port}/")
            opened = await asyncio.to_thread(PostgresDatabase.open, there, bounds=bounds)
            try:
                yield relay, opened
            finally:
                await asyncio.to_thread(opened.close)

    @pytest.mark.parametrize("committed", [False, True])
    def test_a_commit_without_an_answer_is_a_failure(
        self, postgres: PostgresServer, *, committed: bool
    ) -> None:
        """Whether the server did it or not."""

        async def lost() -> None:
            async with self._through_relay(postgres) as (relay, database):
                await database.write(_put(1))
                relay.break_at, relay.after = b"COMMIT\0", committed
                with pytest.raises(StorageFailed) as caught:
                    await database.write(_put(2))
                assert "not known" in caught.value.detail
                relay.break_at = None
                await database.write(_put(3))
                found = await database.fetch_all("SELECT name FROM repositories ORDER BY name")
                expected = ["1", "2", "3"] if committed else ["1", "3"]
                assert [row[0] for row in found] == expected

        asyncio.run(lost())

    def test_a_look_up_is_one_round_trip(self, postgres: PostgresServer) -> None:
        """A manifest by its tag, and a blob's size, ask the server once and wait once."""

        async def counted() -> None:
            async with self._through_relay(postgres) as (relay, database):
                manifests, links = PostgresManifests(database), PostgresBlobLinks(database)
                await manifests.put(APP, record(index()), (Tag("v1"),), later(0))
                await links.link(APP, Digest.of(b"x"), 1, later(0))
                for look in (
                    lambda: manifests.find(APP, Tag("v1")),
                    lambda: manifests.find(APP, Digest.of(index())),
                    lambda: links.size(APP, Digest.of(b"x")),
                ):
                    await look()
                    before = relay.requests
                    for _ in range(20):
                        assert await look() is not None
                    assert relay.requests - before == 20

        asyncio.run(counted())

    def test_a_server_that_is_silent_is_given_up(self, postgres: PostgresServer) -> None:
        """A statement, and then connecting, end at their bounds, in words."""

        async def silent() -> None:
            async with self._through_relay(postgres, SHORT) as (relay, database):
                await database.fetch_one("SELECT 1")
                relay.silent = True
                with pytest.raises(StorageFailed) as caught:
                    await database.fetch_one("SELECT 1")
                assert "too long over a statement" in caught.value.detail
                with pytest.raises(StorageFailed) as caught:
                    await database.fetch_one("SELECT 1")
                assert "did not answer within 0.3 seconds" in caught.value.detail
                relay.silent = False
                assert await database.fetch_one("SELECT 1") is not None

        asyncio.run(silent())


def test_nothing_acknowledged_is_lost_when_the_server_is_killed() -> None:
    """The workers go on when the server is back, and all that they stored is there."""

    async def all_of_it(server: PostgresServer, database: PostgresDatabase) -> None:
        links = PostgresBlobLinks(database)
        told: asyncio.Queue[int] = asyncio.Queue()
        acknowledged: list[int] = []
        numbers = iter(range(1_000_000))
        ended = asyncio.Event()

        async def push() -> None:
            while not ended.is_set():
                number = next(numbers)
                try:
                    await links.link(APP, Digest.of(str(number).encode()), number, later(0))
                except StorageFailed:
                    await asyncio.sleep(0.01)
                else:
                    told.put_nowait(number)

        pushes = [asyncio.create_task(push()) for _ in range(6)]
        for _ in range(3):
            acknowledged += [await told.get() for _ in range(100)]
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
        while not told.empty():
            acknowledged.append(told.get_nowait())
        acknowledged += [await told.get() for _ in range(20)]
        ended.set()
        await asyncio.gather(*pushes)
        for number in acknowledged:
            assert await links.size(APP, Digest.of(str(number).encode())) == number

    with (
        postgres_server() as server,
        closing(PostgresDatabase.open(fresh_database(server))) as database,
    ):
        asyncio.run(all_of_it(server, database))


class TestMigrations:
    """Once each, in order, by one process at a time."""

    def test_processes_that_start_at_once_take_turns(self, url: str) -> None:
        """All of them open an empty database."""
        code = (
            "import sys; from pratique.storage.metadata.postgres import PostgresDatabase as D; "
            "D.open(sys.argv[1]).close()"
        )
        processes = [
            subprocess.Popen([sys.executable, "-c", code, url], stderr=subprocess.PIPE)
            for _ in range(3)
        ]
        assert [process.communicate(timeout=60)[1] for process in processes] == [b""] * 3
        assert [process.returncode for process in processes] == [0] * 3

    def test_every_earlier_schema_is_brought_up_to_date(self, postgres: PostgresServer) -> None:
        """A database that stopped after any step has them all when it is opened."""
        steps = sorted(e.name for e in files(migrations).iterdir() if e.name.endswith(".sql"))
        for known in range(len(steps)):
            url = fresh_database(postgres)
            postgres.within(_with_steps(steps[:known]), database=_name(url))
            with closing(PostgresDatabase.open(url)) as database:
                assert database.run(lambda: _count(database)) == len(steps)

    def test_a_newer_schema_is_refused(self, url: str) -> None:
        """With the words that SQLite's has."""
        with closing(PostgresDatabase.open(url)) as database:
            insert = "INSERT INTO schema_steps VALUES ('9999_later') RETURNING 1"
            database.run(lambda: database.fetch_one(insert))
        with pytest.raises(StorageFailed) as caught:
            PostgresDatabase.open(url)
        assert "`9999_later`" in caught.value.detail
        assert "newer version" in caught.value.detail


class TestWords:
    """Every failure says what to do, and none the password."""

    def _refused(self, url: str) -> str:
        with pytest.raises(StorageFailed) as caught:
            PostgresDatabase.open(url, bounds=SHORT)
        assert PASSWORD not in caught.value.detail
        assert "secret" not in caught.value.detail
        return caught.value.detail

    @pytest.mark.parametrize(
        ("before", "after", "words"),
        [
            ("postgresql:", "mysql:", "it does not begin with `postgresql://`"),
            (PASSWORD, "secret", "check the user and the password"),
            ("/pratique", "/absent_pratique", "create it (createdb"),
            ("127.0.0.1", "nowhere.invalid", "cannot be found by its host's name"),
        ],
    )
    def test_of_an_address(self, url: str, before: str, after: str, words: str) -> None:
        """What is wrong with it."""
        wrong = url.replace(before, after) if before != "/pratique" else _replaced(url, after)
        assert words in self._refused(wrong)

    @pytest.mark.parametrize(
        ("option", "words"),
        [
            ("statement_cache_size=-1", "`statement_cache_size` is negative"),
            ("statement_cache_size=many", "cannot be read as a URL"),
            ("sslmode=require", "offers no TLS"),
            ("strange_option=1", "correct the option in the URL"),
        ],
    )
    def test_of_an_option(self, url: str, option: str, words: str) -> None:
        """Which one, and what to do."""
        assert words in self._refused(f"{url}?{option}")

    def test_of_a_server_that_does_not_run(self, postgres: PostgresServer, url: str) -> None:
        """It refuses connections."""
        gone = url.replace(f":{postgres.port}/", f":{free_port()}/")
        assert "start its server or check the address" in self._refused(gone)

    def test_of_rights_that_are_missing(self, postgres: PostgresServer, url: str) -> None:
        """To make tables."""
        postgres.ask(f"ALTER DATABASE {_name(url)} OWNER TO postgres")
        assert "let its user own the database" in self._refused(url)

    def test_of_too_many_connections(self, postgres: PostgresServer, url: str) -> None:
        """The server's limit is named."""
        postgres.ask(f"ALTER DATABASE {_name(url)} CONNECTION LIMIT 0")
        assert "raise its max_connections" in self._refused(url)

    def test_of_a_server_that_is_not_durable(self) -> None:
        """It would lose what it acknowledged."""
        with postgres_server() as server:
            url = fresh_database(server)
            server.ask("ALTER SYSTEM SET fsync = off")
            server.stop()
            server.start()
            assert "set `fsync` and `full_page_writes` to `on`" in self._refused(url)

    def test_of_another_encoding(self, postgres: PostgresServer) -> None:
        """Names would not fit."""
        postgres.ask(
            f"CREATE DATABASE latin OWNER {USER} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
        )
        assert "make one with UTF8" in self._refused(postgres.url("latin"))

    def test_of_a_missing_driver(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """What to install."""
        monkeypatch.setitem(sys.modules, "asyncpg", None)
        driver.driver.cache_clear()
        try:
            assert "pip install 'pratique[postgres]'" in self._refused(url)
        finally:
            driver.driver.cache_clear()

    def test_of_a_standby(self, postgres: PostgresServer, url: str) -> None:
        """It takes no writes; when it does again, the writes go on."""
        with closing(PostgresDatabase.open(url)) as database:
            for read_only in ("on", "off"):
                postgres.ask(
                    f"ALTER DATABASE {_name(url)} SET default_transaction_read_only = {read_only}"
                )
                asyncio.run(self._write(database, refused=read_only == "on"))

    async def _write(self, database: PostgresDatabase, *, refused: bool) -> None:
        if not refused:
            await database.write(_put(1))
            return
        with pytest.raises(StorageFailed) as caught:
            await database.write(_put(1))
        assert "name the primary" in caught.value.detail

    def test_of_a_full_disk(self, postgres: PostgresServer, url: str) -> None:
        """It is the one failure that is said to be a full disk."""
        PostgresDatabase.open(url).close()
        full = (
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$; "
            "CREATE TRIGGER full_disk BEFORE INSERT ON repositories "
            "FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
        postgres.within(lambda connection: connection.execute(full), database=_name(url))
        with closing(PostgresDatabase.open(url)) as database, pytest.raises(StorageFull):
            database.run(lambda: database.write(_put(1)))

    def test_of_a_pool_that_is_busy(self, url: str) -> None:
        """How many connections there are, and for how long they were busy."""

        async def busy(database: PostgresDatabase) -> None:
            taken, go = asyncio.Event(), asyncio.Event()

            async def work(_connection: Connection) -> None:
                taken.set()
                await go.wait()

            task = asyncio.create_task(database.write(work))
            await taken.wait()
            with pytest.raises(StorageFailed) as caught:
                await database.fetch_one("SELECT 1")
            assert "all 1 connections" in caught.value.detail
            go.set()
            await task
            assert await database.fetch_one("SELECT 1") is not None

        with closing(PostgresDatabase.open(url, bounds=SHORT)) as database:
            asyncio.run(busy(database))

    def test_of_a_closed_database(self, database: PostgresDatabase) -> None:
        """It was closed."""
        database.close()
        with pytest.raises(StorageFailed) as caught:
            database.run(lambda: database.fetch_one("SELECT 1"))
        assert "closed" in caught.value.detail


def test_without_prepared_statements(url: str) -> None:
    """`statement_cache_size=0` suits a pooler, and never reaches the server."""
    with closing(PostgresDatabase.open(f"{url}?statement_cache_size=0")) as database:
        database.run(lambda: database.write(_put(1)))
        found = database.run(lambda: database.fetch_one("SELECT name FROM repositories"))
        assert found is not None
        assert found[0] == "1"
        kept = "SELECT name FROM pg_prepared_statements WHERE name <> ''"
        statements = database.run(lambda: database.fetch_all(kept))
        assert statements == []


def _replaced(url: str, path: str) -> str:
    return url.rpartition("/")[0] + path
