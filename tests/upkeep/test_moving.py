"""Moving a registry's rows between a folder and PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.support.postgres import PostgresServer, fresh_database
from tests.support.postgres_stores import postgres_stores
from tests.upkeep.move_killed import places
from tests.upkeep.stage import IMAGES, Image, Stage, can_be_pulled, push_image

from pratique.assembly import is_prepared, move_rows, refuse_moved, take_back
from pratique.registry import Policy, StorageFailed, StorageFrozen
from pratique.settings import Places
from pratique.storage.metadata.sqlite.decisions import SqliteDecisions
from pratique.storage.metadata.sqlite.moving import SqliteSource, SqliteTarget
from pratique.storage.metadata.tables import TABLES, Part, StoredRow, Table
from pratique.storage.moving import Move
from pratique.testing.content_stores import ContentStores, filesystem_stores

FILES = {Part.ROWS: "pratique.db", Part.DECISIONS: "decisions.db", Part.AUDIT: "audit.db"}
FROZEN = "this registry is being moved to another store, or was, and takes no changes here"
# Python's own; a page of it would hold no tenth of the rows below.
MEMORY_BYTES = 8 * 1024 * 1024


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """The terminal of whoever owns the stores."""
    return Terminal(tmp_path / "home")


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """A new, empty database."""
    url = fresh_database(postgres)
    yield url
    postgres.drop(url)


@pytest.fixture
def used(stage: Stage, terminal: Terminal) -> Stage:
    """A folder with images, law, an audit log, refusals and uses of grants."""
    terminal.reads("user", "create", "ann", "--data", str(stage.data))
    terminal.reads("role", "assign", "AcrPull", "--to", "ann", "--data", str(stage.data))
    terminal.reads("user", "delete", "ann", "--data", str(stage.data))
    path = stage.data / "decisions.db"
    with closing(SqliteDecisions(path)) as decisions:
        decisions.started_on()
    with closing(sqlite3.connect(path)) as connection:
        row = ("d1", 5, "somebody\0", "team/app", "10.0.0.1", "{}")
        connection.execute("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.execute("INSERT INTO grant_uses VALUES ('g', 'pull', '2030-01-01', NULL)")
        connection.execute("INSERT INTO grant_use_repositories VALUES ('g', 'pull', 'a', '2030')")
        connection.execute("INSERT INTO recording VALUES (1, '2030-01-01')")
        connection.commit()
    for number, name in enumerate(("team/app", "team/app:v1", "team/other:v1"), 1):
        words = ("--against", "deletion") if number == 1 else ()
        terminal.reads("repo", "lock", name, *words, "--data", str(stage.data))
    return stage


def quiet(*_progress: object) -> None:
    """Tell nobody."""


def rows_of(data: Path) -> dict[str, list[StoredRow]]:
    """All rows of a folder."""
    found: dict[str, list[StoredRow]] = {}
    for table in TABLES:
        with closing(sqlite3.connect(data / FILES[table.part])) as connection:
            found[table.name] = connection.execute(table.in_order).fetchall()
    return found


def test_there_and_back(used: Stage, terminal: Terminal, url: str, tmp_path: Path) -> None:
    """Every row comes back as it was, and the audit log goes on from where it ended."""
    before = rows_of(used.data)
    assert min(map(len, before.values())) >= 0
    assert {"manifests", "tags", "ledger", "decisions", "grant_uses", "audit"} <= {
        name for name, rows in before.items() if rows
    }
    assert [row[-1] for row in before["tags"]] == [3, 0, 3]
    there = terminal.types("migrate-store", "--from-data", str(used.data), "--to-database", url)
    assert there.code == 0, there.err
    assert "3 tags, 3 manifests" in there.out
    back = terminal.gets(
        *("migrate-store", "--from-database", url, "--to-data", str(tmp_path / "back"))
    )
    after = rows_of(tmp_path / "back")
    # PostgreSQL takes no NUL, which is told apart from nothing in an id that somebody made up.
    before["decisions"] = [
        ("d1", 5, "somebody\N{REPLACEMENT CHARACTER}", *before["decisions"][0][3:])
    ]
    assert after == before
    assert back["rows"] == {name: len(rows) for name, rows in after.items()}
    terminal.reads("user", "create", "bob", "--data", str(tmp_path / "back"))
    verified = terminal.gets(
        "audit", "verify", "--head", back["audit_head"], "--data", str(tmp_path / "back")
    )
    assert verified["entries"] == len(before["audit"]) + 1


def test_content_goes_on_at_the_target(stage: Stage, url: str) -> None:
    """Images are pulled by the new rows and the old files, and pushed."""
    move_rows(Places(stage.data), Places(stage.data, url), quiet)
    later = Image("team/later", "v1", (b"pushed to the database",))

    with postgres_stores(url, stage.data, "f") as stores:

        async def work() -> None:
            for one in IMAGES:
                assert await can_be_pulled(stores.registry(), one)
            await push_image(stores.registry(), later)
            assert await can_be_pulled(stores.registry(), later)

        asyncio.run(work())


@pytest.mark.parametrize("to_database", [True, False])
def test_changes_meanwhile_are_refused_and_pulls_are_served(
    stage: Stage, terminal: Terminal, url: str, tmp_path: Path, *, to_database: bool
) -> None:
    """Whoever changes content or law during a move is told why; nothing that was taken is lost."""
    folder, database = Places(stage.data), Places(stage.data, url)
    if not to_database:
        move_rows(folder, database, quiet)
    source, target = (folder, database) if to_database else (database, Places(tmp_path / "back"))
    words = ("--data", str(stage.data), *(() if to_database else ("--database", url)))
    seen: list[str] = []

    def told(at_work: str, table: str, _rows: int) -> None:
        if table == "tags":
            seen.append(at_work)
            assert FROZEN in terminal.fails("user", "create", f"x{len(seen)}", *words)
            assert len(terminal.gets("repo", "list", *words)) == 2
            if to_database:
                assert all(map(stage.pulls, IMAGES))
                with pytest.raises(StorageFrozen, match=FROZEN):
                    stage.push(Image("team/app", "v9", (b"in between",)))

    moved = move_rows(source, target, told)
    assert seen == ["copying", "comparing"]
    assert moved.rows["tags"] == 3
    # The old place takes none afterwards either.
    assert FROZEN in terminal.fails("untag", "team/app:v1", *words)


def test_a_source_that_was_moved_is_out_of_date(
    stage: Stage, terminal: Terminal, url: str, tmp_path: Path
) -> None:
    """Nobody collects in it, mends it or moves it again, until its owner takes it back."""
    data = ("--data", str(stage.data))
    move_rows(Places(stage.data), Places(stage.data, url), quiet)
    with pytest.raises(StorageFailed) as refused:
        refuse_moved(Places(stage.data))
    assert "serve what it was moved to" in refused.value.detail
    verbs = (("gc",), ("check",), ("check", "--repair"), ("backup", str(tmp_path / "backup")))
    for verb in verbs:
        assert "was moved with" in terminal.fails(*verb, *data)
    again = terminal.fails("migrate-store", "--from-data", str(stage.data), "--to-database", url)
    assert "is not empty" in again
    with pytest.raises(StorageFailed) as moved_already:
        SqliteSource({part: stage.data / name for part, name in FILES.items()}).freeze()
    assert "was moved already" in moved_already.value.detail
    terminal.reads("migrate-store", "--take-back", "--from-data", str(stage.data))
    refuse_moved(Places(stage.data))
    stage.push(Image("team/app", "v9", (b"taken back",)))
    move_rows(Places(stage.data, url), Places(tmp_path / "back"), quiet)
    with pytest.raises(StorageFailed):
        refuse_moved(Places(stage.data, url))
    terminal.reads("migrate-store", "--take-back", "--from-database", url)
    refuse_moved(Places(stage.data, url))


@pytest.mark.parametrize("to_database", [True, False])
def test_an_old_server_throws_no_bytes_away(
    stage: Stage, url: str, tmp_path: Path, *, to_database: bool
) -> None:
    """Bytes that nothing links in the old rows may be linked in the new ones."""
    folder, database = Places(stage.data), Places(stage.data, url)
    if not to_database:
        move_rows(folder, database, quiet)
    source, target = (folder, database) if to_database else (database, Places(tmp_path / "back"))
    loose = b"bytes whose upload ended before their link was made"
    path = stage.file_of(loose)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(loose)
    stage.grow_old()

    async def collect(stores: ContentStores) -> int:
        collection = stores.collection(stores.area_time)
        gone = [step.blobs async for step in collection.run(Policy())]
        return gone[-1]

    opened = (
        filesystem_stores(stage.data, "e") if to_database else postgres_stores(url, stage.data, "e")
    )
    with opened as old:
        move_rows(source, target, quiet)
        with pytest.raises(StorageFrozen, match=FROZEN):
            asyncio.run(collect(old))
        assert path.read_bytes() == loose
        take_back(source)
        assert asyncio.run(collect(old)) == 1
        assert not path.exists()


@pytest.mark.parametrize(
    ("at_work", "table"),
    [("copying", "repositories"), ("copying", "tags"), ("comparing", "ledger")],
)
@pytest.mark.parametrize("to_database", [True, False])
def test_a_killed_move_is_no_registry_and_is_begun_anew(
    stage: Stage,
    terminal: Terminal,
    url: str,
    tmp_path: Path,
    at_work: str,
    table: str,
    *,
    to_database: bool,
) -> None:
    """What it left is refused by every verb, the source goes on being read, and it is run again."""
    source, target = str(stage.data), url
    if not to_database:
        move_rows(places(source), places(url), quiet)
        source, target = url, str(tmp_path / "back")
    killed = subprocess.run(
        [sys.executable, "-m", "tests.upkeep.move_killed", source, target, at_work, table],
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(StorageFailed) as refused:
        is_prepared(places(target))
    assert "is being filled by `pratique migrate-store`" in refused.value.detail
    words = ("--data", target) if "://" not in target else ("--database", target)
    assert "is being filled" in terminal.fails("init", *words, "--data", str(tmp_path / "back"))
    assert is_prepared(places(source))
    refuse_moved(places(source))
    assert move_rows(places(source), places(target), quiet).rows["tags"] == 3
    assert is_prepared(places(target))


def test_a_move_that_fails_lets_the_source_go_on(stage: Stage, url: str) -> None:
    """It takes changes as before."""

    def told(_at_work: str, table: str, _rows: int) -> None:
        if table == "ledger":
            raise StorageFailed("the cable was pulled")

    with pytest.raises(StorageFailed, match="storage failed"):
        move_rows(Places(stage.data), Places(stage.data, url), told)
    stage.push(Image("team/app", "v9", (b"after that",)))
    assert move_rows(Places(stage.data), Places(stage.data, url), quiet).rows["tags"] == 4


def test_targets_that_are_not_empty_are_refused(
    stage: Stage, terminal: Terminal, url: str, tmp_path: Path
) -> None:
    """It is said what is there, nothing there is touched, and the source takes changes."""
    (tmp_path / "other").mkdir()
    Stage.filled(tmp_path / "other" / "data", ())
    other = tmp_path / "other" / "data"
    move_rows(Places(other), Places(other, url), quiet)
    told = terminal.fails("migrate-store", "--from-data", str(stage.data), "--to-database", url)
    assert "is not empty: it has rows in ledger" in told
    assert "the-database-password" not in told
    stage.push(Image("team/app", "v9", (b"still here",)))
    kept = (stage.data / "pratique.db").read_bytes()
    told = terminal.fails("migrate-store", "--from-database", url, "--to-data", str(stage.data))
    assert "is not empty: it has pratique.db" in told
    assert (stage.data / "pratique.db").read_bytes() == kept
    assert not (stage.data / "filling").exists()


def test_a_target_with_other_rows_is_found(stage: Stage, tmp_path: Path) -> None:
    """Every row is compared before the target counts."""

    class Losing(SqliteTarget):
        def write(self, table: Table, rows: list[StoredRow]) -> None:
            super().write(table, rows[1:] if table.name == "tags" else rows)

    with (
        closing(SqliteSource({part: stage.data / name for part, name in FILES.items()})) as source,
        closing(
            Losing(tmp_path / "to", {part: tmp_path / "to" / name for part, name in FILES.items()})
        ) as target,
        pytest.raises(StorageFailed) as refused,
    ):
        Move(source, target, quiet).run()
    assert "`tags` came out otherwise than it was: 3 rows, and 2" in refused.value.detail
    with pytest.raises(StorageFailed):
        is_prepared(Places(tmp_path / "to"))
    stage.push(Image("team/app", "v9", (b"still here",)))


def test_a_log_that_was_tampered_with_is_moved_as_it_is(
    used: Stage, terminal: Terminal, url: str
) -> None:
    """The move neither mends nor hides it."""
    with closing(sqlite3.connect(used.data / "audit.db")) as connection:
        connection.execute("UPDATE audit SET body = '{}' WHERE seq = 2")
        connection.execute("UPDATE audit SET body = CAST(body AS BLOB)")
        connection.commit()
    done = terminal.types("migrate-store", "--from-data", str(used.data), "--to-database", url)
    assert done.code == 0
    assert "warning: the audit log was not as it was written" in done.err
    assert "2: the hash does not follow" in done.err


def test_many_tags_need_little_memory(stage: Stage, url: str, tmp_path: Path) -> None:
    """A hundred thousand tags go there and back through the same few rows at a time."""
    with closing(sqlite3.connect(stage.data / "pratique.db")) as connection:
        (digest,) = connection.execute("SELECT digest FROM tags LIMIT 1").fetchone()
        (repository,) = connection.execute(
            "SELECT repository FROM tags WHERE digest = ?", (digest,)
        ).fetchone()
        connection.executemany(
            "INSERT INTO tags VALUES (?, ?, ?, 1, 1, 0)",
            ((repository, f"many-{number}", digest) for number in range(100_000)),
        )
        connection.commit()
    for source, target in ((str(stage.data), url), (url, str(tmp_path / "back"))):
        tracemalloc.start()
        try:
            moved = move_rows(places(source), places(target), quiet)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert moved.rows["tags"] == 100_003
        assert peak < MEMORY_BYTES


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "give --from-data or --from-database"),
        (("--from-data", "a"), "give --to-data or --to-database"),
        (("--from-data", "a", "--to-data", "b"), "name a folder and a database"),
        (("--from-data", "a", "--take-back", "--to-data", "b"), "--take-back moves nothing"),
    ],
)
def test_wrong_command_lines(terminal: Terminal, words: tuple[str, ...], told: str) -> None:
    """Each says what is missing or too much."""
    assert told in terminal.misuses("migrate-store", *words)


def test_addresses_may_stand_in_the_environment(
    stage: Stage, terminal: Terminal, url: str, tmp_path: Path
) -> None:
    """So that no list of processes shows a password."""
    hidden = Terminal(terminal.home, environment=(("PRATIQUE_TO_DATABASE", url),))
    done = hidden.reads("migrate-store", "--from-data", str(stage.data), "--json")
    assert json.loads(done)["rows"]["tags"] == 3
    absent = terminal.fails(
        "migrate-store", "--from-data", str(tmp_path / "no"), "--to-database", url
    )
    assert "there is no registry in" in absent
