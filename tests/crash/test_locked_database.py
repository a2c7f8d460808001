"""A database that another programme keeps locked: pulls go on, pushes wait, and then go on too."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from random import Random

import pytest
from tests.crash.history import History
from tests.crash.looking import ShownOverHttp, faults_in, look
from tests.crash.pushing import Pusher
from tests.crash.serving import Served

from pratique.registry import StorageFailed
from pratique.storage.metadata.sqlite import Database

WAIT_MILLISECONDS = 300
WRITES = 30
INSERT = "INSERT INTO repositories (name, created_at, updated_at) VALUES ($1, 1, 1)"


@contextmanager
def locked(path: Path, manner: str) -> Iterator[None]:
    """Keep all other writers out."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=60)) as connection:
        connection.execute(f"BEGIN {manner}")
        yield
        connection.execute("ROLLBACK")


@pytest.mark.live
@pytest.mark.parametrize("manner", ["IMMEDIATE", "EXCLUSIVE"])
def test_pulls_go_on_and_pushes_wait(tmp_path: Path, manner: str) -> None:
    """While the lock is held everything can be pulled; when it is let go, the push succeeds."""
    served, history, point = Served(tmp_path / "disk" / "data"), History(), count()
    served.start()
    try:
        with (
            closing(ShownOverHttp(served.url, served.login)) as shown,
            closing(
                Pusher(
                    served.url,
                    served.login,
                    "crash/locked",
                    history,
                    lambda: next(point),
                    Random(1),  # noqa: S311 - the same each time
                )
            ) as pusher,
        ):
            pusher.push_image()
            pushing = threading.Thread(target=pusher.push_image)
            with locked(served.data / "pratique.db", manner):
                pushing.start()
                for _ in range(20):
                    assert list(look(history, shown, next(point), settle=False)) == []
                    time.sleep(0.05)
                assert pushing.is_alive()
            pushing.join(60)
            assert not pushing.is_alive()
            assert pusher.failures == []
            assert list(look(history, shown, next(point), settle=True)) == []
            assert faults_in(served.data) == []
    finally:
        served.kill()


def test_many_writes_wait_no_longer_than_one(tmp_path: Path) -> None:
    """Locked for longer than a write waits: all fail together, nothing is stored, and it passes."""
    path = tmp_path / "pratique.db"
    database = Database.open(path)
    with closing(database):
        database.write_now(
            lambda connection: connection.execute(
                f"PRAGMA busy_timeout = {WAIT_MILLISECONDS}"
            ).fetchall()
        )

        def inserting(name: str) -> Callable[[sqlite3.Connection], int]:
            return lambda connection: connection.execute(INSERT, {"1": name}).rowcount

        async def write() -> list[object]:
            writes = [database.write(inserting(f"r{number}")) for number in range(WRITES)]
            return list(await asyncio.gather(*writes, return_exceptions=True))

        begun = time.monotonic()
        with locked(path, "IMMEDIATE"):
            outcomes = asyncio.run(write())
        waited = time.monotonic() - begun
        assert {type(outcome) for outcome in outcomes} == {StorageFailed}
        # The first write goes alone, and all others in the group after it.
        assert waited < WRITES * WAIT_MILLISECONDS / 1000 / 2
        assert database.fetch_all("SELECT name FROM repositories", {}) == []
        assert asyncio.run(write()) == [1] * WRITES
        assert len(database.fetch_all("SELECT name FROM repositories", {})) == WRITES
