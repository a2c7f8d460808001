"""The audit log in memory, SQLite and PostgreSQL; then several processes, kills and bad files."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.postgres import PostgresServer, fresh_database

from pratique.admission.audit import GENESIS, AuditLog
from pratique.registry.errors import StorageFailed
from pratique.storage.metadata.memory.audit import MemoryAuditLog
from pratique.storage.metadata.postgres import PostgresDatabase
from pratique.storage.metadata.postgres.audit import PostgresAuditLog
from pratique.storage.metadata.sqlite.audit import SqliteAuditLog
from pratique.testing.audit_suite import AuditLogSuite, all_links, an_entry, verified

_WRITER = """
import sys
from pathlib import Path
from pratique.storage.metadata.sqlite.audit import SqliteAuditLog
from pratique.testing.audit_suite import an_entry

log = SqliteAuditLog(Path(sys.argv[1]))
start, batches = int(sys.argv[2]), int(sys.argv[3])
for batch in range(batches):
    log.append([an_entry(start + batch * 5 + n) for n in range(5)])
    print(batch, flush=True)
"""


@pytest.fixture(params=["memory", "sqlite", "postgres", "pooled postgres"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AuditLog]:
    """Each store, empty."""
    if request.param.endswith("postgres"):
        url = fresh_database(request.getfixturevalue("postgres"))
        if request.param.startswith("pooled"):
            url = request.getfixturevalue("pooler").url(url)
        with closing(PostgresDatabase.open(url)) as database:
            yield PostgresAuditLog(database)
        return
    if request.param == "memory":
        yield MemoryAuditLog()
        return
    with closing(SqliteAuditLog(tmp_path / "audit.db")) as opened:
        yield opened


class TestEachStore(AuditLogSuite):
    """The suite over each."""


def _writer(path: Path, start: int, batches: int) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", _WRITER, str(path), str(start), str(batches)]
    return subprocess.Popen(words, stdout=subprocess.PIPE)


def test_several_processes_keep_one_chain(tmp_path: Path) -> None:
    """Four processes that append at once lose nothing, and what they wrote follows."""
    path = tmp_path / "audit.db"
    writers = [_writer(path, 1000 * n, 20) for n in range(4)]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.close()
    with closing(SqliteAuditLog(path)) as log:
        links = all_links(log)
        assert len(links) == 400
        assert verified(log) == ()


def test_a_kill_leaves_a_whole_chain(tmp_path: Path) -> None:
    """Whatever was acknowledged before SIGKILL is there, in whole batches, and others go on."""
    path = tmp_path / "audit.db"
    for round_ in range(5):
        with closing(SqliteAuditLog(path)) as log:
            before = log.extent().head.seq
        writer = _writer(path, 10_000 * round_, 10_000)
        assert writer.stdout is not None
        for _ in range(2 + round_):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged = 2 + round_ + len(writer.stdout.read().splitlines())
        writer.wait()
        writer.stdout.close()
        with closing(SqliteAuditLog(path)) as log:
            written = log.extent().head.seq - before
            assert written >= 5 * acknowledged
            assert written % 5 == 0
            assert verified(log) == ()


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Who signed in from where is nobody else's business."""
    path = tmp_path / "audit.db"
    with closing(SqliteAuditLog(path)) as log:
        log.append([an_entry(1)])
        modes = {stat.S_IMODE(found.stat().st_mode) for found in tmp_path.glob("audit.db*")}
    assert modes == {0o600}


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    """What a newer version wrote is not guessed at."""
    path = tmp_path / "audit.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with closing(SqliteAuditLog(path)) as log, pytest.raises(StorageFailed) as raised:
        log.append([an_entry(1)])
    assert "newer version of pratique" in raised.value.detail


def test_a_mended_file_is_used_again(tmp_path: Path) -> None:
    """A call after a fault opens the file afresh."""
    folder = tmp_path / "absent"
    with closing(SqliteAuditLog(folder / "audit.db")) as log:
        with pytest.raises(StorageFailed):
            log.append([an_entry(1)])
        folder.mkdir()
        log.append([an_entry(1)])
        assert verified(log) == ()


def test_a_closed_log_says_so(tmp_path: Path) -> None:
    """Nothing is opened again after the end."""
    log = SqliteAuditLog(tmp_path / "audit.db")
    log.close()
    with pytest.raises(StorageFailed) as raised:
        log.extent()
    assert "closed" in raised.value.detail


_NODE = """
import sys
from contextlib import closing
from pratique.storage.metadata.postgres import PostgresDatabase
from pratique.storage.metadata.postgres.audit import PostgresAuditLog
from pratique.testing.audit_suite import an_entry

with closing(PostgresDatabase.open(sys.argv[1])) as database:
    log = PostgresAuditLog(database)
    for batch in range(20):
        log.append([an_entry(int(sys.argv[2]) + batch * 5 + n) for n in range(5)])
        print(batch, flush=True)
"""


def test_several_nodes_keep_one_chain(postgres: PostgresServer) -> None:
    """Three processes that append at once fork nothing and lose nothing."""
    url = fresh_database(postgres)
    with closing(PostgresDatabase.open(url)) as database:
        words = [sys.executable, "-c", _NODE, url]
        writers = [
            subprocess.Popen([*words, str(1000 * n)], stdout=subprocess.DEVNULL) for n in range(3)
        ]
        assert [writer.wait() for writer in writers] == [0, 0, 0]
        log = PostgresAuditLog(database)
        assert len(all_links(log)) == 300
        assert verified(log) == ()


@pytest.fixture
def on_postgres(postgres: PostgresServer) -> Iterator[tuple[PostgresAuditLog, Tamper]]:
    """A log of five entries, and what runs a statement past it."""
    url = fresh_database(postgres)
    with closing(PostgresDatabase.open(url)) as database:
        log = PostgresAuditLog(database)
        log.append([an_entry(n) for n in range(5)])
        yield log, lambda statement: postgres.ask(statement, database=url.rpartition("/")[2])


Tamper = Callable[[str], object]


def test_a_deleted_head_is_made_anew(on_postgres: tuple[PostgresAuditLog, Tamper]) -> None:
    """The chain goes on from its last entry; what was cut off with the head, a kept head tells."""
    log, tamper = on_postgres
    kept = log.extent().head
    tamper("DELETE FROM audit_head")
    assert (log.extent().head, verified(log, [kept])) == (kept, ())
    log.append([an_entry(5)])
    assert ([link.seq for link in all_links(log)][-1], verified(log, [kept])) == (6, ())
    tamper("DELETE FROM audit_head")
    tamper("DELETE FROM audit WHERE seq > 4")
    assert verified(log) == ()
    assert {fault.seq for fault in verified(log, [kept])} == {5}
    tamper("DELETE FROM audit_head")
    tamper("DELETE FROM audit")
    assert log.extent() == (GENESIS, GENESIS)


def test_a_head_that_was_moved_back_forks_nothing(
    on_postgres: tuple[PostgresAuditLog, Tamper],
) -> None:
    """Nothing is written over an entry, and whoever tries is told why."""
    log, tamper = on_postgres
    tamper("UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit WHERE seq = 3)")
    with pytest.raises(StorageFailed) as raised:
        log.append([an_entry(5)])
    assert "`pratique audit verify`" in raised.value.detail
    assert [link.seq for link in all_links(log)] == [1, 2, 3, 4, 5]
    assert {fault.seq for fault in verified(log)} == {5}


def test_a_killed_node_leaves_whole_batches(postgres: PostgresServer) -> None:
    """What was acknowledged is there, and of what was not, all of a batch or nothing."""
    url = fresh_database(postgres)
    with closing(PostgresDatabase.open(url)) as database:
        log = PostgresAuditLog(database)
        for round_ in range(3):
            before = log.extent().head.seq
            words = [sys.executable, "-c", _NODE, url, str(1000 * round_)]
            writer = subprocess.Popen(words, stdout=subprocess.PIPE)
            assert writer.stdout is not None
            for _ in range(2 + round_):
                writer.stdout.readline()
            os.kill(writer.pid, signal.SIGKILL)
            acknowledged = 2 + round_ + len(writer.stdout.read().splitlines())
            writer.wait()
            writer.stdout.close()
            # Waits for what the server does not yet know to be killed.
            log.append([an_entry(10_000 + round_)])
            written = log.extent().head.seq - before - 1
            assert written >= 5 * acknowledged
            assert written % 5 == 0
        assert verified(log) == ()
