"""The SQLite file itself: groups of writes, several openers, faults."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import LockChange, Locks, StorageFailed, StoredManifest
from pratique.registry.documents import OCI_INDEX
from pratique.storage.metadata.sqlite import Database, SqliteItems, SqliteManifests, migrations
from pratique.testing.content_builders import index
from pratique.testing.loops import in_loop

COUNT = "SELECT COUNT(*) FROM blobs"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An open database with its schema and nothing else."""
    opened = Database.open(tmp_path / "test.db")
    yield opened
    opened.close()


def insert(connection: sqlite3.Connection, digest: str) -> str:
    """Add a row and give its key."""
    connection.execute("INSERT INTO blobs VALUES ($1, 1, 1)", {"1": digest})
    return digest


class Refusal(Exception):
    """Raised by a piece of work of its own accord."""


def insert_and_refuse(connection: sqlite3.Connection, digest: str) -> None:
    """Add a row, then fail."""
    insert(connection, digest)
    raise Refusal(digest)


@in_loop
async def test_gives_what_the_work_gave(database: Database) -> None:
    """A write gives its result once every reader sees it."""
    assert await database.write(lambda c: insert(c, "a")) == "a"
    assert database.fetch_all("SELECT digest FROM blobs", {}) == [("a",)]


@in_loop
async def test_a_failure_undoes_itself_alone(database: Database) -> None:
    """Of writes at once, those that fail leave nothing and the others everything."""
    outcomes = await asyncio.gather(
        *(
            database.write(lambda c, n=n: (insert_and_refuse if n % 3 else insert)(c, f"{n:02}"))  # type: ignore[misc]
            for n in range(30)
        ),
        return_exceptions=True,
    )
    kept = [f"{n:02}" for n in range(0, 30, 3)]
    assert [o for o in outcomes if isinstance(o, str)] == kept
    assert sum(isinstance(o, Refusal) for o in outcomes) == 20
    assert database.fetch_all("SELECT digest FROM blobs ORDER BY digest", {}) == [
        (digest,) for digest in kept
    ]


@in_loop
async def test_an_exception_may_be_a_result(database: Database) -> None:
    """Work that gives an exception back, rather than raising it, has succeeded."""
    outcome = await database.write(lambda _: Refusal("given"))
    assert str(outcome) == "given"


@in_loop
async def test_a_broken_constraint_is_the_callers(database: Database) -> None:
    """A row that is there already is an `IntegrityError`, not a fault of the storage."""
    await database.write(lambda c: insert(c, "a"))
    with pytest.raises(sqlite3.IntegrityError):
        await database.write(lambda c: insert(c, "a"))


@in_loop
async def test_a_lost_transaction_harms_nobody_else(database: Database) -> None:
    """Work that ends the common transaction fails alone; the others are run again."""

    def spoil(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")
        raise Refusal

    outcomes = await asyncio.gather(
        database.write(lambda c: insert(c, "a")),
        database.write(spoil),
        database.write(lambda c: insert(c, "b")),
        return_exceptions=True,
    )
    assert [type(o) for o in outcomes] == [str, Refusal, str]
    assert database.fetch_one(COUNT, {}) == (2,)


@in_loop
async def test_a_cancelled_write_that_waits_is_not_run(database: Database) -> None:
    """A write whose caller is cancelled before its turn never happens."""
    entered, leave = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(_: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(entered.set)
        asyncio.run_coroutine_threadsafe(leave.wait(), loop).result()

    holding = asyncio.create_task(database.write(hold))
    await entered.wait()
    waiting = asyncio.create_task(database.write(lambda c: insert(c, "a")))
    await asyncio.sleep(0)
    waiting.cancel()
    leave.set()
    await holding
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await database.write(lambda c: insert(c, "b"))
    assert database.fetch_all("SELECT digest FROM blobs", {}) == [("b",)]


def test_writes_without_a_loop(database: Database) -> None:
    """`write_now` is for start-up and the command line."""
    assert database.write_now(lambda c: insert(c, "a")) == "a"
    with pytest.raises(Refusal):
        database.write_now(lambda c: insert_and_refuse(c, "b"))
    assert database.fetch_one(COUNT, {}) == (1,)


def test_closing_finishes_what_waits(tmp_path: Path) -> None:
    """What was submitted before `close` is on disk after it; what comes later is refused."""
    database = Database.open(tmp_path / "test.db")

    async def submit() -> list[str]:
        writes = [
            asyncio.ensure_future(database.write(lambda c, n=n: insert(c, str(n))))  # type: ignore[misc]
            for n in range(50)
        ]
        await asyncio.sleep(0)
        database.close()
        return await asyncio.gather(*writes)

    assert len(asyncio.run(submit())) == 50
    database.close()
    with pytest.raises(StorageFailed):
        database.write_now(lambda c: insert(c, "late"))
    again = Database.open(tmp_path / "test.db")
    assert again.fetch_one(COUNT, {}) == (50,)
    again.close()


def test_the_reader_cannot_write(database: Database) -> None:
    """A write that goes past the writer is refused."""
    with pytest.raises(sqlite3.OperationalError):
        insert(database.reader, "a")


def test_refuses_what_is_no_database(tmp_path: Path) -> None:
    """A damaged file, a folder, and a folder that is missing are faults of the storage."""
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database at all" * 100)
    for path in (damaged, tmp_path, tmp_path / "missing" / "test.db"):
        with pytest.raises(StorageFailed):
            Database.open(path)


def test_refuses_a_newer_schema(tmp_path: Path) -> None:
    """A folder that a newer version has written to is left alone, with a word on what to do."""
    path = tmp_path / "test.db"
    database = Database.open(path)

    def step_ahead(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO schema_steps VALUES ('9999_newer')")

    database.write_now(step_ahead)
    database.close()
    with pytest.raises(StorageFailed) as refused:
        Database.open(path)
    assert "start that version" in refused.value.detail


def test_takes_a_file_from_before_locks(tmp_path: Path) -> None:
    """What an older version wrote is locked against nothing, and can be locked."""
    path, content = tmp_path / "test.db", index()
    digest = Digest.of(content)
    with closing(sqlite3.connect(path)) as old:
        old.execute("CREATE TABLE schema_steps (name TEXT PRIMARY KEY)")
        for step in sorted(Path(migrations.__file__).parent.glob("000[1-3]_*.sql")):
            old.executescript(step.read_text())
            old.execute("INSERT INTO schema_steps VALUES (?)", [step.stem])
        old.execute("INSERT INTO repositories VALUES ('app', 1, 1)")
        old.execute(
            "INSERT INTO manifests VALUES ('app', ?, ?, NULL, NULL, 1, 1, 1, 1, NULL, ?)",
            [digest.text, OCI_INDEX, content],
        )
        old.execute("INSERT INTO tags VALUES ('app', 'v1', ?, 1, 1)", [digest.text])
        old.commit()
    app, tag = RepositoryName("app"), Tag("v1")
    with closing(Database.open(path)) as database:
        items, manifests = SqliteItems(database), SqliteManifests(database)

        async def locks() -> list[Locks]:
            found = (await items.tag(app, tag), await items.manifest(app, digest))
            return [await items.locks(app), *(one.locks for one in found if one is not None)]

        assert asyncio.run(locks()) == [Locks(0)] * 3
        assert asyncio.run(manifests.find(app, tag)) == StoredManifest(digest, OCI_INDEX, content)
        for item in (None, tag, digest):
            assert asyncio.run(items.change_locks(app, item, LockChange(lock=Locks.READ)))
        assert asyncio.run(locks()) == [Locks.READ] * 3


def test_many_processes_open_a_new_file_at_once(tmp_path: Path) -> None:
    """All of them find the whole schema, whoever made it, and all their writes are kept."""
    path = tmp_path / "test.db"
    script = (
        "import sys; from pathlib import Path\n"
        "from pratique.storage.metadata.sqlite import Database\n"
        "database = Database.open(Path(sys.argv[1]))\n"
        "for n in range(20):\n"
        "    row = {'1': f'{sys.argv[2]}-{n}'}\n"
        "    database.write_now(lambda c: c.execute('INSERT INTO blobs VALUES ($1, 1, 1)', row))\n"
        "database.close()\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(path), str(n)], stderr=subprocess.PIPE)
        for n in range(4)
    ]
    failures = [process.communicate(timeout=60)[1].decode() for process in running]
    assert failures == [""] * 4
    database = Database.open(path)
    assert database.fetch_one(COUNT, {}) == (80,)
    database.close()
