"""The recorder keeps up with a flood, hides every fault of the disk, and tells what was lost."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from pratique.admission.decisions import NAMES_KEPT, DecisionRecord, Decisions, GrantUse, LastUse
from pratique.admission.recorder import PRUNE_EVERY_FLUSHES, Limits, Recorder
from pratique.observability import LineLog
from pratique.registry.errors import StorageFailed, StorageFull
from pratique.storage.metadata.memory.decisions import MemoryDecisions
from pratique.storage.metadata.sqlite.decisions import SqliteDecisions
from pratique.testing.loops import in_loop

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = AT.date()
LONG_AGO = AT - timedelta(days=1000)
A_DAY = timedelta(days=1)


class Unsteady(MemoryDecisions):
    """A store that meets the given faults, one a call, and lets a call wait.

    Attributes:
        calls: how many decisions and uses each call brought.
        faults: for the next calls.
        called: set while a call waits for `going`.
    """

    def __init__(self, *faults: Exception) -> None:
        super().__init__()
        self.calls: list[int] = []
        self.faults = list(faults)
        self.called = threading.Event()
        self.going = threading.Event()
        self.going.set()

    def record(self, decisions: Sequence[DecisionRecord], uses: Sequence[GrantUse]) -> None:
        """Keep them all, unless a fault is due."""
        self.calls.append(len(decisions) + len(uses))
        self.called.set()
        self.going.wait(30)
        if self.faults:
            raise self.faults.pop(0)
        super().record(decisions, uses)


class Threads(ThreadPoolExecutor):
    """One thread; counts what it is given, and may be short of it."""

    def __init__(self) -> None:
        super().__init__(1)
        self.given = 0
        self.short = False

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it, unless there is no thread to be had."""
        if self.short:
            raise RuntimeError("can't start new thread")
        self.given += 1
        return super().submit(fn, *args, **kwargs)


class Bench:
    """A recorder with all that it needs: a clock to turn, a log to read, a store."""

    def __init__(self, store: Decisions, limits: Limits) -> None:
        self.time = AT
        self.store = store
        self.executor = Threads()
        self._sink = io.BytesIO()
        self.recorder = Recorder(
            store, self.executor, lambda: self.time, LineLog(self._sink), limits
        )

    def lines(self) -> list[dict[str, Any]]:
        """What the log was told."""
        return [json.loads(line) for line in self._sink.getvalue().splitlines()]

    def ids(self) -> list[str]:
        """The ids that are written, the oldest first."""
        found = self.store.newest(since=LONG_AGO, limit=100_000)
        return [record.decision_id for record in reversed(found)]


@pytest.fixture
def benches() -> Iterator[list[Bench]]:
    """The benches that a test makes; their threads end with it."""
    made: list[Bench] = []
    yield made
    for bench in made:
        bench.executor.shutdown()
        if isinstance(bench.store, SqliteDecisions):
            bench.store.close()


class Maker:
    """Makes benches."""

    def __init__(self, benches: list[Bench], folder: Path) -> None:
        self.path = folder / "decisions.db"
        self._benches = benches

    def in_memory(self, **limits: Any) -> Bench:
        """A bench on a store in memory."""
        return self._keep(Bench(MemoryDecisions(), Limits(**limits)))

    def unsteady(self, store: Unsteady, **limits: Any) -> Bench:
        """A bench on that store."""
        return self._keep(Bench(store, Limits(**limits)))

    def on_disk(self, **limits: Any) -> Bench:
        """A bench on the test's own file."""
        return self._keep(Bench(SqliteDecisions(self.path), Limits(**limits)))

    def _keep(self, bench: Bench) -> Bench:
        self._benches.append(bench)
        return bench


@pytest.fixture
def make(benches: list[Bench], tmp_path: Path) -> Maker:
    """Makes benches for this test."""
    return Maker(benches, tmp_path / "data")


@pytest.fixture
def data(make: Maker) -> Path:
    """The folder of the test's file, there from the beginning."""
    make.path.parent.mkdir()
    return make.path


def refusal(number: int, *, client: str = "192.0.2.1", sentence: str = "no") -> DecisionRecord:
    """A refusal, a second after the one of the number before."""
    return DecisionRecord(
        decision_id=f"d{number:05}",
        at=AT + timedelta(seconds=number),
        kind="refused",
        reason="no-role-grants-it",
        sentence=sentence,
        client=client,
    )


async def until_written(bench: Bench, count: int) -> None:
    """Wait, patiently, until the recorder has written so many of its own accord."""
    async with asyncio.timeout(30):
        while len(bench.ids()) < count:  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.02)


@in_loop
async def test_written_a_moment_later(make: Maker) -> None:
    """What is taken in a loop is found at once, written soon, together, without being asked."""
    bench = make.in_memory()
    bench.recorder.decision(refusal(1))
    bench.recorder.decision(refusal(2))
    assert bench.ids() == []
    assert await bench.recorder.find("d00001") == refusal(1)
    assert await bench.recorder.find("d00009") is None
    await until_written(bench, 2)
    assert await bench.recorder.find("d00001") == refusal(1)
    bench.recorder.use("g", "pull", "app", DAY)
    bench.recorder.decision(refusal(3))
    await until_written(bench, 3)
    assert bench.store.uses_since(DAY) == (LastUse("g", "pull", DAY, ("app",)),)
    assert bench.lines() == []


def test_written_at_once_where_no_loop_runs(make: Maker) -> None:
    """A programme without a loop has it written when the call returns."""
    bench = make.in_memory()
    bench.recorder.decision(refusal(1))
    bench.recorder.use("g", "pull", None, DAY)
    assert bench.ids() == ["d00001"]
    assert bench.store.uses_since(DAY) == (LastUse("g", "pull", DAY),)


def test_each_loop_has_its_moment(make: Maker) -> None:
    """What a loop that ended before its moment left behind, the next one writes."""
    bench = make.in_memory()

    async def take(number: int) -> None:
        bench.recorder.decision(refusal(number))

    async def take_and_wait() -> None:
        await take(2)
        await until_written(bench, 2)

    asyncio.run(take(1))
    assert bench.ids() == []
    asyncio.run(take_and_wait())
    assert bench.ids() == ["d00001", "d00002"]


@in_loop
async def test_flush_and_read_see_everything(make: Maker) -> None:
    """After a flush all is written; a question to the store is put after one."""
    bench = make.in_memory()
    bench.recorder.decision(refusal(1))
    assert await bench.recorder.flush() is True
    assert bench.ids() == ["d00001"]
    assert await bench.recorder.flush() is True
    bench.recorder.use("g", "pull", "app", DAY)
    assert await bench.recorder.read(lambda store: store.uses_since(DAY)) == (
        LastUse("g", "pull", DAY, ("app",)),
    )


@in_loop
async def test_close_writes_what_waits(make: Maker) -> None:
    """Whether the executor still works or not."""
    bench = make.in_memory()
    bench.recorder.decision(refusal(1))
    bench.executor.shutdown()
    bench.recorder.close()
    assert bench.ids() == ["d00001"]


@in_loop
async def test_an_executor_that_ended_early(make: Maker) -> None:
    """Nothing is raised into the loop, and nothing is lost before the end."""
    bench = make.in_memory()
    raised: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
    bench.executor.shutdown()
    bench.recorder.decision(refusal(1))
    await asyncio.sleep(0.3)
    bench.recorder.decision(refusal(2))
    bench.recorder.close()
    assert (bench.ids(), raised) == (["d00001", "d00002"], [])


@in_loop
async def test_no_thread_for_once(make: Maker) -> None:
    """What waits is written with what comes once there is a thread again."""
    bench = make.in_memory()
    bench.executor.short = True
    bench.recorder.decision(refusal(1))
    await asyncio.sleep(0.3)
    bench.executor.short = False
    bench.recorder.decision(refusal(2))
    await until_written(bench, 2)
    assert bench.ids() == ["d00001", "d00002"]


@in_loop
async def test_the_newest_beyond_the_bound_are_lost(make: Maker) -> None:
    """So many wait; those beyond are counted, told at once and then once a minute."""
    bench = make.in_memory(waiting=10, per_client=100)
    for number in range(15):
        bench.recorder.decision(refusal(number))
    assert await bench.recorder.find("d00009") == refusal(9)
    assert await bench.recorder.find("d00010") is None
    bench.time += timedelta(seconds=59)
    bench.recorder.decision(refusal(15))
    assert [line["lost_decisions"] for line in bench.lines()] == [1]
    bench.time += timedelta(seconds=1)
    await bench.recorder.flush()
    assert [line["lost_decisions"] for line in bench.lines()] == [1, 5]
    assert {line["event"] for line in bench.lines()} == {"decisions not recorded"}
    assert bench.ids() == [f"d{number:05}" for number in range(10)]
    bench.recorder.decision(refusal(16))
    await bench.recorder.flush()
    assert bench.ids()[-1] == "d00016"


@in_loop
async def test_a_noisy_client_leaves_room_for_others(make: Maker) -> None:
    """Of one IPv6 network or IPv4 address so many wait at a time; the next moment is a new one."""
    bench = make.in_memory(waiting=100, per_client=5)
    for number in range(50):
        bench.recorder.decision(refusal(number, client=f"2001:db8::{number}"))
    bench.recorder.decision(refusal(50, client="198.51.100.7"))
    await bench.recorder.flush()
    assert bench.ids() == [*(f"d{number:05}" for number in range(5)), "d00050"]
    bench.recorder.decision(refusal(51, client="2001:db8::51"))
    await bench.recorder.flush()
    assert bench.ids()[-1] == "d00051"
    bench.recorder.close()
    assert sum(line["beyond_client_limit"] for line in bench.lines()) == 45
    assert sum(line["lost_decisions"] for line in bench.lines()) == 0


@in_loop
async def test_a_clock_set_back_silences_nothing(make: Maker) -> None:
    """A loss is told although the clock stands before the last report."""
    bench = make.in_memory(waiting=1)
    bench.recorder.decision(refusal(1))
    bench.recorder.decision(refusal(2))
    bench.time -= A_DAY
    bench.recorder.decision(refusal(3))
    assert [line["lost_decisions"] for line in bench.lines()] == [1, 1]


@in_loop
async def test_old_and_surplus_records_go(make: Maker) -> None:
    """Retention by age and by number, a tenth of it for one client, sees to itself."""
    bench = make.in_memory(kept=40, retention=30 * A_DAY, per_client=100)
    for number in range(50):
        bench.recorder.decision(refusal(number, client=f"198.51.100.{number}"))
    for number in range(50, 60):
        bench.recorder.decision(refusal(number))
    bench.recorder.use("g", "pull", "app", DAY)
    await bench.recorder.flush()
    assert bench.ids() == [f"d{number:05}" for number in [*range(14, 50), *range(56, 60)]]
    bench.time += 31 * A_DAY
    later = DecisionRecord(decision_id="e", at=bench.time, kind="refused", reason="r")
    bench.recorder.decision(later)
    await bench.recorder.flush()
    assert bench.ids() == ["e"]
    assert bench.store.uses_since(DAY) != ()
    bench.time += 365 * A_DAY
    bench.recorder.use("g2", "pull", None, bench.time.date())
    await bench.recorder.flush()
    assert [use.grant_id for use in bench.store.uses_since(DAY)] == ["g2"]


@in_loop
async def test_surplus_goes_within_so_many_flushes(make: Maker) -> None:
    """Under a flood the bound on the number kept is restored although no hour has passed."""
    bench = make.in_memory(kept=10)
    most = 0
    for number in range(120):
        bench.recorder.decision(refusal(number, client=f"198.51.100.{number}"))
        await bench.recorder.flush()
        most = max(most, len(bench.ids()))
    assert most == 10 + PRUNE_EVERY_FLUSHES - 1


@in_loop
async def test_a_use_counts_once_a_day(make: Maker) -> None:
    """A million pulls are one entry; the next day is news, and so is another repository."""
    bench = make.in_memory()
    recorder = bench.recorder
    for _ in range(1000):
        recorder.use("g", "pull", "app", DAY)
    await recorder.flush()
    bench.store.prune(before=LONG_AGO, keep=9, keep_each=9, uses_before=DAY + A_DAY)
    recorder.use("g", "pull", "app", DAY)
    await recorder.flush()
    assert bench.store.uses_since(DAY) == ()
    recorder.use("g", "pull", "app2", DAY)
    recorder.use("g", "pull", "app", DAY + A_DAY)
    await recorder.flush()
    assert bench.store.uses_since(DAY) == (LastUse("g", "pull", DAY + A_DAY, ("app", "app2")),)


@in_loop
async def test_a_grant_used_on_many_repositories(make: Maker) -> None:
    """Beyond twenty names the others are one entry; other grants and actions count apart."""
    bench = make.in_memory()
    names = [f"app{number:03}" for number in range(500)]
    for name in names:
        bench.recorder.use("g", "pull", name, DAY)
    for name in names[:NAMES_KEPT]:
        bench.recorder.use("g", "push", name, DAY)
    bench.recorder.use("h", "pull", names[-1], DAY)
    await bench.recorder.flush()
    kept = tuple(names[:NAMES_KEPT])
    assert bench.store.uses_since(DAY) == (
        LastUse("g", "pull", DAY, kept, and_others=True),
        LastUse("g", "push", DAY, kept),
        LastUse("h", "pull", DAY, (names[-1],)),
    )


@in_loop
async def test_each_day_names_anew(make: Maker) -> None:
    """Repositories that were named on one day are named on the next."""
    bench = make.in_memory()
    names = tuple(f"app{number:03}" for number in range(NAMES_KEPT))
    for day in (DAY, DAY + A_DAY):
        for name in names:
            bench.recorder.use("g", "pull", name, day)
    await bench.recorder.flush()
    assert bench.store.uses_since(DAY + A_DAY) == (LastUse("g", "pull", DAY + A_DAY, names),)


@in_loop
async def test_more_uses_than_are_remembered(make: Maker) -> None:
    """Forgetting what was written today loses nothing; beyond the bound uses are counted lost."""
    bench = make.in_memory()
    for start in range(0, 60_000, 20_000):
        for number in range(start, start + 20_000):
            bench.recorder.use(f"g{number:05}", "pull", None, DAY)
        await bench.recorder.flush()
    assert len(bench.store.uses_since(DAY)) == 60_000
    assert bench.lines() == []
    for number in range(60_000, 80_001):
        bench.recorder.use(f"g{number:05}", "pull", None, DAY)
    assert [line["lost_uses"] for line in bench.lines()] == [1]
    await bench.recorder.flush()
    bench.recorder.use("g80000", "pull", None, DAY)
    await bench.recorder.flush()
    assert len(bench.store.uses_since(DAY)) == 80_001


@in_loop
async def test_a_disk_out_of_reach(make: Maker) -> None:
    """Callers notice nothing; what waits is found, told of, and written when the disk is back."""
    bench = make.on_disk(waiting=3)
    bench.recorder.decision(refusal(1))
    bench.recorder.use("g", "pull", "app", DAY)
    assert await bench.recorder.flush() is False
    (line,) = bench.lines()
    assert (line["lost_decisions"], line["lost_uses"], line["waiting"]) == (0, 0, 2)
    assert "unable to open" in line["error"] or "No such file" in line["error"]
    assert await bench.recorder.find("d00001") == refusal(1)
    for number in range(2, 6):
        bench.recorder.decision(refusal(number))
        bench.recorder.use("g", "pull", "app", DAY)
    make.path.parent.mkdir()
    await until_written(bench, 3)
    assert bench.ids() == ["d00001", "d00002", "d00003"]
    assert bench.store.uses_since(DAY) == (LastUse("g", "pull", DAY, ("app",)),)
    bench.recorder.close()
    assert sum(line["lost_decisions"] for line in bench.lines()) == 2


def test_a_disk_out_of_reach_without_a_loop(make: Maker) -> None:
    """Each call tries afresh; none raises, and the first that succeeds writes all."""
    bench = make.on_disk()
    bench.recorder.decision(refusal(1))
    bench.recorder.use("g", "pull", "app", DAY)
    bench.recorder.close()
    make.path.parent.mkdir()
    bench.recorder.decision(refusal(2))
    assert bench.ids() == ["d00001", "d00002"]
    assert bench.store.started_on() == DAY
    assert len(bench.lines()) == 2


@in_loop
async def test_a_fault_while_more_comes(make: Maker) -> None:
    """What was on its way waits before what came meanwhile; the newest beyond the bound go."""
    store = Unsteady(StorageFull())
    bench = make.unsteady(store, waiting=3)
    store.going.clear()
    for number in (1, 2):
        bench.recorder.decision(refusal(number))
    flushing = asyncio.create_task(bench.recorder.flush())
    await asyncio.to_thread(store.called.wait, 30)
    for number in (3, 4, 5):
        bench.recorder.decision(refusal(number))
    store.going.set()
    assert await flushing is False
    await bench.recorder.flush()
    assert [record.decision_id for record in store.newest(since=LONG_AGO, limit=9)] == [
        "d00003",
        "d00002",
        "d00001",
    ]
    (line,) = bench.lines()
    assert (line["lost_decisions"], line["waiting"]) == (2, 3)
    assert "full" in line["error"]


@in_loop
async def test_uses_lost_to_a_fault_are_news_again(make: Maker) -> None:
    """Uses beyond the bound are lost, and are taken when they happen again on that day."""
    store = Unsteady(StorageFailed("broken"))
    bench = make.unsteady(store)
    store.going.clear()
    for number in range(20_000):
        bench.recorder.use(f"g{number:05}", "pull", None, DAY)
    flushing = asyncio.create_task(bench.recorder.flush())
    await asyncio.to_thread(store.called.wait, 30)
    bench.recorder.use("late", "pull", None, DAY)
    store.going.set()
    assert await flushing is False
    assert [(line["lost_uses"], line["error"]) for line in bench.lines()] == [(1, "broken")]
    assert await bench.recorder.flush() is True
    assert len(store.uses_since(DAY)) == 20_000
    bench.recorder.use("late", "pull", None, DAY)
    await bench.recorder.flush()
    assert len(store.uses_since(DAY)) == 20_001


@in_loop
async def test_a_fault_is_met_once_a_flush(make: Maker) -> None:
    """When records are tried one by one, the first fault of the store ends that."""
    store = Unsteady(ValueError("odd"), ValueError("odd"), StorageFull())
    bench = make.unsteady(store)
    for number in range(5):
        bench.recorder.decision(refusal(number))
    assert await bench.recorder.flush() is False
    assert store.calls == [5, 1, 1]
    assert await bench.recorder.flush() is True
    assert bench.ids() == ["d00001", "d00002", "d00003", "d00004"]


@in_loop
async def test_a_broken_store_is_tried_ever_more_seldom(make: Maker) -> None:
    """In so many moments far fewer attempts are made, and one at a time."""
    store = Unsteady(*(StorageFailed("broken") for _ in range(99)))
    bench = make.unsteady(store)
    for number in range(15):
        bench.recorder.decision(refusal(number))
        await asyncio.sleep(0.1)
    assert 1 <= len(store.calls) <= 4
    store.faults.clear()
    await bench.recorder.flush()
    assert len(bench.ids()) == 15
    calls = len(store.calls)
    bench.recorder.decision(refusal(15))
    await until_written(bench, 16)
    assert len(store.calls) == calls + 1


@in_loop
async def test_a_slow_store_takes_one_thread(make: Maker) -> None:
    """While a write goes on, no other is begun."""
    store = Unsteady()
    bench = make.unsteady(store)
    store.going.clear()
    for number in range(12):
        bench.recorder.decision(refusal(number))
        await asyncio.sleep(0.1)
    assert bench.executor.given == 1
    store.going.set()
    await until_written(bench, 12)
    assert bench.executor.given == 2


@pytest.mark.usefixtures("data")
@in_loop
async def test_one_record_that_cannot_be_written(make: Maker) -> None:
    """It alone is lost, of whatever batch it is part."""
    bench = make.on_disk()
    bench.recorder.decision(refusal(1))
    bench.recorder.decision(refusal(2, sentence="\ud800"))
    bench.recorder.use("g\ud800", "pull", None, DAY)
    bench.recorder.use("g", "pull", None, DAY)
    bench.recorder.decision(refusal(3))
    assert await bench.recorder.flush() is True
    assert bench.ids() == ["d00001", "d00003"]
    assert [use.grant_id for use in bench.store.uses_since(DAY)] == ["g"]
    (line,) = bench.lines()
    assert (line["lost_decisions"], line["lost_uses"]) == (1, 1)
    assert "UnicodeEncodeError" in line["error"]


@in_loop
async def test_found_while_it_is_being_written(make: Maker, data: Path) -> None:
    """What is on its way to a store that is slow is found, and what comes meanwhile waits."""
    bench = make.on_disk()
    bench.recorder.decision(refusal(1))
    await bench.recorder.flush()
    with closing(sqlite3.connect(data, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        bench.recorder.decision(refusal(2))
        await asyncio.sleep(0.4)
        bench.recorder.decision(refusal(3))
        assert await bench.recorder.find("d00002") == refusal(2)
        assert await bench.recorder.find("d00003") == refusal(3)
        assert bench.ids() == ["d00001"]
        other.execute("COMMIT")
    await until_written(bench, 3)


@pytest.mark.usefixtures("data")
@in_loop
async def test_two_recorders_on_one_file(make: Maker) -> None:
    """What one worker took, another finds within a second; both write at once."""
    one, two = make.on_disk(), make.on_disk()
    for number in range(0, 100, 2):
        one.recorder.decision(refusal(number))
        two.recorder.decision(refusal(number + 1))
    await until_written(one, 100)
    assert await one.recorder.find("d00001") == refusal(1)
    assert await two.recorder.find("d00000") == refusal(0)


@pytest.fixture
def guarded(make: Maker, data: Path) -> Iterator[BlockBuster]:
    """Every blocking call on a loop raises, SQLite's too."""
    del make, data
    with blockbuster_ctx() as guard:
        yield guard


@pytest.mark.usefixtures("guarded")
@in_loop
async def test_the_loop_never_waits(make: Maker) -> None:
    """Taking, writing, finding, reading and pruning touch no disk in the loop's thread."""
    raised: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
    bench = make.on_disk(kept=20)
    for number in range(100):
        bench.recorder.decision(refusal(number, client=f"198.51.100.{number}"))
        bench.recorder.use("g", "pull", f"app{number}", DAY)
    await asyncio.sleep(0.3)
    bench.recorder.decision(refusal(100))
    await bench.recorder.flush()
    found = await bench.recorder.read(lambda store: store.newest(since=LONG_AGO, limit=100))
    assert len(found) == 21
    assert await bench.recorder.find("d00100") == refusal(100)
    assert (raised, bench.lines()) == ([], [])


CRASH = """
import asyncio, sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from pratique.admission.decisions import DecisionRecord
from pratique.admission.recorder import Recorder
from pratique.observability import LineLog
from pratique.storage.metadata.sqlite.decisions import SqliteDecisions
at = datetime(2026, 1, 5, tzinfo=UTC)
async def main():
    store = SqliteDecisions(Path(sys.argv[1]))
    recorder = Recorder(store, ThreadPoolExecutor(1), lambda: at, LineLog(None))
    for number in range(10_000):
        recorder.decision(
            DecisionRecord(decision_id=f"d{number:05}", at=at, kind="refused", reason="r")
        )
        recorder.use(f"g{number:05}", "pull", None, at.date())
        if number % 7 == 0 and await recorder.flush():
            print(number, flush=True)
asyncio.run(main())
"""


def test_killed_after_a_flush(make: Maker, data: Path) -> None:
    """What a flush acknowledged is there after the process was killed, and the file opens."""
    with subprocess.Popen(
        [sys.executable, "-c", CRASH, str(data)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(40)][-1]
        os.kill(process.pid, signal.SIGKILL)
    bench = make.on_disk()
    bench.recorder.decision(refusal(99_999))
    written = {f"d{number:05}" for number in range(acknowledged + 1)}
    used = {f"g{number:05}" for number in range(acknowledged + 1)}
    assert written <= set(bench.ids())
    assert used <= {use.grant_id for use in bench.store.uses_since(DAY)}
