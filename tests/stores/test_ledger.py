"""The ledger keeps its promises in all stores, also between processes' handles."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.postgres import PostgresServer, fresh_database

from pratique.admission import Ledger, LedgerMoved, Row
from pratique.storage.metadata.memory.ledger import MemoryLedger
from pratique.storage.metadata.postgres import PostgresDatabase
from pratique.storage.metadata.postgres.ledger import PostgresLedger
from pratique.storage.metadata.postgres.node_mark import NodeMark
from pratique.storage.metadata.sqlite import Database
from pratique.storage.metadata.sqlite.ledger import SqliteLedger
from pratique.testing.loops import in_loop

FIRST, SECOND = Row("user", "a", b'{"n":1}'), Row("user", "a", b'{"n":2}')


def _read(ledger: Ledger, since: int) -> tuple[int, tuple[Row, ...]]:
    version, rows = ledger.read(since)
    return version, tuple(rows)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of each kind, empty."""
    if request.param == "memory":
        yield MemoryLedger()
    elif request.param == "sqlite":
        file = Database.open(tmp_path / "test.db")
        yield SqliteLedger(file)
        file.close()
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = fresh_database(server)
        database = PostgresDatabase.open(url)
        yield PostgresLedger(database, url, NodeMark.of_one_process())
        database.close()


@in_loop
async def test_the_port_step_by_step(ledger: Ledger) -> None:
    """Changes are whole, in order, and told once each; who read an older state changes nothing."""
    assert (ledger.version(), _read(ledger, 0)) == (0, (0, ()))
    assert await ledger.append(0, [FIRST]) == 1
    assert _read(ledger, 0) == (1, (FIRST,))
    assert await ledger.append(1, [SECOND, Row("user", "b", None)]) == 2
    assert ledger.version() == 2
    assert set(_read(ledger, 1)[1]) == {SECOND, Row("user", "b", None)}
    assert _read(ledger, 2) == (2, ())
    with pytest.raises(LedgerMoved):
        await ledger.append(1, [FIRST])
    assert _read(ledger, 2) == (2, ())
    assert await ledger.append(2, []) == 3
    assert _read(ledger, 2) == (3, ())


@in_loop
async def test_nobody_is_behind_after_a_change_of_their_own(ledger: Ledger) -> None:
    """What was acknowledged here is told at once, and catching up changes nothing then."""
    await ledger.append(0, [FIRST])
    assert not ledger.behind()
    await ledger.catch_up()
    assert _read(ledger, 0) == (1, (FIRST,))


def test_a_change_by_another_process_is_seen_at_once(tmp_path: Path) -> None:
    """Each of many commits elsewhere shows in the very next look, checkpoints or not."""
    path = tmp_path / "test.db"
    database = Database.open(path)
    ledger = SqliteLedger(database)
    writer = (
        "import sys; from pathlib import Path\n"
        "from pratique.admission import Row\n"
        "from pratique.storage.metadata.sqlite import Database\n"
        "from pratique.storage.metadata.sqlite.ledger import SqliteLedger\n"
        "ledger = SqliteLedger(Database.open(Path(sys.argv[1])))\n"
        "for line in sys.stdin:\n"
        "    n = int(line)\n"
        "    ledger.append_now(n, [Row('user', 'x', b'1' * 5000)])\n"
        "    print(n + 1, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", writer, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        for number in range(1500):
            other.stdin.write(f"{number}\n")
            other.stdin.flush()
            told = int(other.stdout.readline())
            assert ledger.version() == told
        other.stdin.close()
    database.close()
