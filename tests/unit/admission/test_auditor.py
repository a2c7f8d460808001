"""The auditor never waits and never raises; what it cannot write is counted in the log itself."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from pratique.admission import Row
from pratique.admission.audit import Auditor, Entry, Head
from pratique.admission.audit.auditor import Bounds
from pratique.admission.audit.entries import decoded
from pratique.admission.audit.outbox import PLACES, outbox, row_of
from pratique.observability import LineLog
from pratique.registry.errors import StorageFailed, StorageFull
from pratique.storage.metadata.memory.audit import MemoryAuditLog
from pratique.storage.metadata.memory.ledger import MemoryLedger
from pratique.testing.audit_suite import all_links, an_entry, verified
from pratique.testing.loops import in_loop

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Unsteady(MemoryAuditLog):
    """A log that meets the given faults, one a call."""

    def __init__(self, *faults: Exception) -> None:
        super().__init__()
        self.faults = list(faults)

    def append(self, entries: Sequence[Entry]) -> Head:
        """Add them, unless a fault is due, or one of them is poison."""
        if self.faults:
            raise self.faults.pop(0)
        if any(entry.identity == "poison" for entry in entries):
            raise ValueError("that is no text")
        return super().append(entries)


class Bench:
    """An auditor with all that it needs."""

    def __init__(self, log: MemoryAuditLog, **bounds: int) -> None:
        self.time = AT
        self.log = log
        self.executor = ThreadPoolExecutor(1)
        self._sink = io.BytesIO()
        self.auditor = Auditor(
            log,
            self.executor,
            clock=lambda: self.time,
            new_id=lambda: "an-id",
            lines=LineLog(self._sink),
            bounds=Bounds(**bounds),
        )

    def lines(self) -> list[dict[str, Any]]:
        """What the log of the process was told."""
        return [json.loads(line) for line in self._sink.getvalue().splitlines()]

    def kept(self) -> list[Entry]:
        """What is written."""
        return [decoded(link.body) for link in all_links(self.log)]

    def note(self, *numbers: int, refused: bool = False) -> None:
        """Hand over logins."""
        for number in numbers:
            self.auditor.note("login", partial(an_entry, number), refused=refused)


@pytest.fixture
def benches() -> Iterator[list[Bench]]:
    """The benches that a test makes; their threads end with it."""
    made: list[Bench] = []
    yield made
    for bench in made:
        bench.executor.shutdown()


def _bench(benches: list[Bench], log: MemoryAuditLog | None = None, **bounds: int) -> Bench:
    benches.append(Bench(log or MemoryAuditLog(), **bounds))
    return benches[-1]


@in_loop
async def test_what_is_taken_is_written_together_in_its_order(benches: list[Bench]) -> None:
    """Nothing is written at once; a flush writes everything."""
    bench = _bench(benches)
    bench.note(1, 2, 3)
    assert bench.kept() == []
    assert await bench.auditor.flush()
    assert bench.kept() == [an_entry(n) for n in (1, 2, 3)]


def test_without_a_loop_it_is_written_at_once(benches: list[Bench]) -> None:
    """A verb over a folder has nobody who would come back later."""
    bench = _bench(benches)
    bench.note(1)
    assert bench.kept() == [an_entry(1)]


@in_loop
async def test_beyond_the_bound_the_log_tells_how_many(benches: list[Bench]) -> None:
    """What there was no room for is counted by category, and the count is an entry."""
    bench = _bench(benches, waiting=3)
    bench.note(*range(10))
    await bench.auditor.flush()
    *kept, lost = bench.kept()
    assert kept == [an_entry(n) for n in range(3)]
    assert (lost.category, lost.lost) == ("lost", {"login": 7})


@in_loop
async def test_refusals_leave_room_for_what_was_done(benches: list[Bench]) -> None:
    """Whoever is refused without end takes a part of what waits, and no more."""
    bench = _bench(benches, waiting=10, refused=2)
    bench.note(*range(50), refused=True)
    bench.note(100, 101)
    await bench.auditor.flush()
    kept = [entry.identity for entry in bench.kept()[:-1]]
    assert kept == ["caller-0", "caller-1", "caller-100", "caller-101"]
    assert bench.kept()[-1].lost == {"login": 48}


@pytest.mark.parametrize("fault", [StorageFull(), StorageFailed("a broken disk")])
@in_loop
async def test_a_fault_of_the_disk_is_survived(benches: list[Bench], fault: Exception) -> None:
    """Entries wait on, before what came since, and the process's log names the cause."""
    bench = _bench(benches, Unsteady(fault))
    bench.note(1)
    assert not await bench.auditor.flush()
    bench.note(2)
    assert await bench.auditor.flush()
    assert bench.kept() == [an_entry(1), an_entry(2)]
    (told,) = [line for line in bench.lines() if line["event"] == "audit log not written"]
    assert told["error"]


@in_loop
async def test_what_no_disk_takes_back_is_counted(benches: list[Bench]) -> None:
    """While the log cannot be written, the newest go beyond the bound, and changes stay."""
    bench = _bench(benches, Unsteady(StorageFull()), waiting=2)
    bench.note(1, 2)
    bench.auditor.changed(an_entry(7, "change"))
    assert not await bench.auditor.flush()
    bench.note(3)
    assert await bench.auditor.flush()
    assert [entry.entry_id for entry in bench.kept()] == ["entry-1", "entry-2", "entry-7", "an-id"]
    assert bench.kept()[-1].lost == {"login": 1}


@in_loop
async def test_one_entry_that_cannot_be_written_keeps_back_no_other(benches: list[Bench]) -> None:
    """What the store will never take, or cannot even be made, is counted as lost."""
    bench = _bench(benches, Unsteady())
    poison = Entry(entry_id="p", at=AT, category="repository", operation="Push", identity="poison")

    def unmade() -> Entry:
        raise ValueError("no such thing")

    bench.note(1)
    bench.auditor.note("repository", lambda: poison)
    bench.auditor.note("repository", unmade)
    bench.note(2)
    await bench.auditor.flush()
    await bench.auditor.flush()
    kept = bench.kept()
    assert kept[:2] == [an_entry(1), an_entry(2)]
    assert sum(entry.lost.get("repository", 0) for entry in kept) == 2
    assert verified(bench.log) == ()


@in_loop
async def test_the_head_is_told_once_a_minute(benches: list[Bench]) -> None:
    """A new head goes to the process's log, so that it lies where the file's owner has no hand."""
    bench = _bench(benches)
    for number in range(3):
        bench.note(number)
        await bench.auditor.flush()
    bench.time += timedelta(minutes=2)
    bench.note(9)
    await bench.auditor.flush()
    told = [line["head"] for line in bench.lines() if line["event"] == "audit head"]
    links = all_links(bench.log)
    assert told == [str(links[0].head), str(links[-1].head)]


@in_loop
async def test_closing_writes_and_tells(benches: list[Bench]) -> None:
    """Nothing that was taken before the end is lost."""
    bench = _bench(benches)
    bench.note(1, 2)
    bench.auditor.close()
    assert len(bench.kept()) == 2
    assert bench.lines()[-1]["head"] == str(all_links(bench.log)[-1].head)


@in_loop
async def test_changes_come_from_the_ledger_after_a_kill(benches: list[Bench]) -> None:
    """Accounts that a killed process had not written are found, and no other comes twice."""
    ledger, bench = MemoryLedger(), _bench(benches)
    for version in range(1, 6):
        account = an_entry(version, "change")
        await ledger.append(version - 1, [Row("user", "a", b"{}"), row_of(account)])
        if version < 4:
            bench.auditor.changed(account)
    await bench.auditor.flush()
    bench.auditor.recover(outbox(ledger))
    await bench.auditor.flush()
    assert [entry.law_version for entry in bench.kept()] == [1, 2, 3, 4, 5]


@in_loop
async def test_accounts_take_turns_in_the_ledger() -> None:
    """However many changes there are, the ledger holds the last of their accounts."""
    ledger = MemoryLedger()
    for version in range(1, PLACES + 51):
        await ledger.append(version - 1, [row_of(an_entry(version, "change"))])
    found = outbox(ledger)
    assert len(ledger.read(0)[1]) == PLACES
    assert [entry.law_version for entry in found] == list(range(51, PLACES + 51))
