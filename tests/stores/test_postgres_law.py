"""The law in PostgreSQL is at most one second old wherever somebody is judged by it.

A second is the product's own promise. A revocation counts from the moment that its writer was told
of it, a request from the moment before it is sent; so no slack is needed where a request must be
refused. Where a node must have heard of a change by itself, it has ten times the bound, since the
machine that runs the tests may be busy.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.pooler import Pooler
from tests.support.postgres import PostgresServer, fresh_database
from tests.support.relay import Relay, relay_to

from pratique.admission import Row
from pratique.storage.metadata.postgres import PostgresDatabase
from pratique.storage.metadata.postgres.ledger import PostgresLedger
from pratique.storage.metadata.postgres.node_mark import NodeMark
from pratique.testing.registry_in_memory import RegistryInMemory

BOUND = 1.0
NEVER = 3600.0
HEARD_SECONDS = 10 * BOUND
LET_IN, REFUSED, UNAVAILABLE = "404", ("401", "403"), "503"
ROOT = Path(__file__).parent.parent.parent


@dataclass
class Law:
    """A prepared law in a database.

    Attributes:
        token: with which its user may pull.
        assignment: the record by which they may.
    """

    url: str
    token: str
    assignment: Row
    database: PostgresDatabase
    ledger: PostgresLedger

    def revoke(self) -> None:
        """Let the user pull no more, from elsewhere than any node under test."""
        self.ledger.append_now(self.version(), [Row("assignment", self.assignment.key, None)])

    def grant(self) -> None:
        """Let the user pull again."""
        self.ledger.append_now(self.version(), [self.assignment])

    def version(self) -> int:
        """In the database, now."""
        ask = "SELECT version FROM ledger_version"
        row = self.database.run(lambda: self.database.fetch_one(ask))
        assert row is not None
        return int(row[0])


@dataclass
class Node:
    """A process of `law_node`."""

    process: subprocess.Popen[str]

    def tell(self, command: str) -> None:
        """Send a command."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the node ended"
        return line.strip()

    def do(self, command: str) -> str:
        """A command's answer."""
        self.tell(command)
        return self.answer()

    def judges(self) -> str:
        """The status of a pull, once the node can reach its law: the machine may be busy."""
        deadline = time.monotonic() + HEARD_SECONDS
        while (status := self.do("ask")) == UNAVAILABLE and time.monotonic() < deadline:
            time.sleep(0.02)
        return status

    def stop(self) -> None:
        """Let it do nothing at all."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on where it was stopped."""
        self.process.send_signal(signal.SIGCONT)

    def hears_of(self, version: int) -> bool:
        """Whether the node stages that version by itself, in time."""
        deadline = time.monotonic() + HEARD_SECONDS
        while time.monotonic() < deadline:
            if int(self.do("version")) >= version:
                return True
            time.sleep(0.02)
        return False


async def _records() -> tuple[list[Row], str, Row]:
    """The rows of a registry, a token of one who may pull, and their assignment."""
    registry = await RegistryInMemory.start()
    try:
        await registry.manage("POST", "/users", {"username": "ada", "password": "a long password"})
        before = registry.ledger.version()
        body = {"role": "AcrPull", "principal": "ada"}
        await registry.manage("POST", "/role-assignments", body)
        token = await registry.token(("ada", "a long password"), "repository:app:pull")
        _, rows = registry.ledger.read(0)
        _, made = registry.ledger.read(before)
        (assignment,) = [row for row in made if row.kind == "assignment"]
        return list(rows), token, assignment
    finally:
        registry.stop()


@pytest.fixture
def law(postgres: PostgresServer) -> Iterator[Law]:
    """A law in a fresh database, by which `ada` may pull."""
    rows, token, assignment = asyncio.run(_records())
    url = fresh_database(postgres)
    database = PostgresDatabase.open(url)
    ledger = PostgresLedger(database, url, NodeMark.of_one_process())
    ledger.append_now(0, rows)
    yield Law(url, token, assignment, database, ledger)
    database.close()


@contextmanager
def node(
    law: Law, mark: Path, *, url: str = "", bound: float = BOUND, poll: float = BOUND / 4
) -> Iterator[Node]:
    """A worker that judges by this law; those with one mark are of one node."""
    arguments = [url or law.url, str(mark), str(bound), str(poll)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.stores.law_node", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        worker = Node(process)
        try:
            assert worker.do(law.token) == "ready"
            yield worker
        finally:
            worker.go_on()
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=60)
    assert process.returncode == 0


@contextmanager
def node_behind_relay(law: Law, mark: Path, server: PostgresServer) -> Iterator[tuple[Node, Relay]]:
    """A worker whose way to the database can be cut."""
    with relay_to(server.port) as relay:
        url = law.url.replace(f":{server.port}/", f":{relay.port}/")
        with node(law, mark, url=url) as worker:
            try:
                yield worker, relay
            finally:
                relay.mend()


def test_a_change_elsewhere_holds_within_the_bound(law: Law, tmp_path: Path) -> None:
    """A request that is sent a second after a revocation is refused, one after a grant let in."""
    with node(law, tmp_path / "mark") as worker:
        assert worker.judges() == LET_IN
        law.revoke()
        time.sleep(BOUND)
        assert worker.judges() in REFUSED
        law.grant()
        time.sleep(BOUND)
        assert worker.judges() == LET_IN


def test_a_node_is_told_of_changes(law: Law, tmp_path: Path) -> None:
    """By notifications alone, without polls."""
    with node(law, tmp_path / "mark", bound=NEVER, poll=NEVER) as worker:
        law.revoke()
        assert worker.hears_of(law.version())
        assert worker.judges() in REFUSED


def test_a_node_polls_by_way_of_a_pooler(law: Law, tmp_path: Path, pooler: Pooler) -> None:
    """In transaction mode a pooler swallows notifications, and a node hears of changes anyway."""
    with node(law, tmp_path / "mark", url=pooler.url(law.url), bound=NEVER) as worker:
        law.revoke()
        assert worker.hears_of(law.version())
        assert worker.judges() in REFUSED


def test_a_node_that_was_paused_judges_by_no_old_law(law: Law, tmp_path: Path) -> None:
    """A request that waits for a stopped process is judged by the law of when it goes on."""
    with node(law, tmp_path / "mark") as worker:
        assert worker.judges() == LET_IN
        worker.stop()
        law.revoke()
        time.sleep(BOUND)
        worker.tell("ask")
        worker.go_on()
        assert worker.answer() in REFUSED


def test_a_node_that_is_cut_off_judges_nobody(
    law: Law, tmp_path: Path, postgres: PostgresServer
) -> None:
    """Past the bound it says so, is not ready, and goes on by itself when it can."""
    with node_behind_relay(law, tmp_path / "mark", postgres) as (worker, relay):
        assert worker.judges() == LET_IN
        relay.cut()
        law.revoke()
        time.sleep(BOUND)
        assert worker.do("ask") == UNAVAILABLE
        assert worker.do("confirmed") == "False"
        relay.mend()
        assert worker.hears_of(law.version())
        assert worker.judges() in REFUSED


def test_workers_of_a_node_obey_the_next_request(law: Law, tmp_path: Path) -> None:
    """What one worker acknowledged, another obeys at once, though nothing else tells it."""
    mark, quiet = tmp_path / "mark", law.url + "?statement_cache_size=0"
    with ExitStack() as workers:
        one, two = (
            workers.enter_context(node(law, mark, url=quiet, bound=NEVER, poll=NEVER))
            for _ in range(2)
        )
        elsewhere = workers.enter_context(
            node(law, tmp_path / "other", url=quiet, bound=NEVER, poll=NEVER)
        )
        for worker in (one, two, elsewhere):
            assert worker.judges() == LET_IN
        one.do(f"write assignment {law.assignment.key}")
        assert two.judges() in REFUSED
        assert one.judges() in REFUSED
        # Nothing but the mark told the other worker: a node without it knows nothing yet.
        assert elsewhere.judges() == LET_IN


def test_no_request_is_judged_by_a_law_older_than_the_bound(
    law: Law, tmp_path: Path, postgres: PostgresServer
) -> None:
    """While one node is stopped again and again, and another cut off, nobody comes in late."""
    late: list[str] = []
    with ExitStack() as nodes:
        paused = nodes.enter_context(node(law, tmp_path / "one"))
        cut, relay = nodes.enter_context(node_behind_relay(law, tmp_path / "two", postgres))
        for number in range(4):
            law.grant()
            time.sleep(BOUND)
            assert paused.judges() == LET_IN
            paused.stop()
            if number % 2:
                relay.cut()
            law.revoke()
            time.sleep(BOUND)
            for worker in (paused, cut):
                worker.tell("ask")
            paused.go_on()
            late += [worker.answer() for worker in (paused, cut)]
            relay.mend()
            assert cut.hears_of(law.version())
    assert LET_IN not in late
    assert {*REFUSED} & {*late}
    assert UNAVAILABLE in late
