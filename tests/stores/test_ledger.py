"""The ledger keeps its promises in memory and in SQLite, also between processes' handles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pratique.admission import Ledger, LedgerMoved, Row
from pratique.storage.metadata.memory.ledger import MemoryLedger
from pratique.storage.metadata.sqlite import Database
from pratique.storage.metadata.sqlite.ledger import SqliteLedger
from pratique.testing.loops import in_loop

FIRST, SECOND = Row("user", "a", b'{"n":1}'), Row("user", "a", b'{"n":2}')


def _read(ledger: Ledger, since: int) -> tuple[int, tuple[Row, ...]]:
    version, rows = ledger.read(since)
    return version, tuple(rows)


async def keeps_its_promises(ledger: Ledger) -> None:
    """What the port says, step by step."""
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


@in_loop
async def test_in_memory() -> None:
    """The store for tests keeps the promises."""
    await keeps_its_promises(MemoryLedger())


@in_loop
async def test_in_sqlite(tmp_path: Path) -> None:
    """The store of the product keeps the promises."""
    database = Database.open(tmp_path / "test.db")
    try:
        await keeps_its_promises(SqliteLedger(database))
    finally:
        database.close()


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
