"""The recorder: takes refusals and uses of grants at once, and has them written a moment later.

Who is refused, or served, never waits for the disk, and no fault of the disk reaches them: what
could not be kept is counted and told in the log, at most once a minute. Refusals wait for a fifth
of a second and are written together, by one thread at a time; what did not get through for a fault
of the disk is tried again, ever more seldom.

What bounds it: so many refusals wait, and the newest beyond them are lost; of those that wait, so
many come from one source of requests (`attempts.source_of`), and the store keeps a tenth of its
room for any one of them, so that a client which is refused without end pushes out only its own.
A grant's use counts once a day for each action and repository, and beyond `NAMES_KEPT`
repositories once for all others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Final, TypeVar

from pratique.admission.attempts import source_of
from pratique.admission.audit import Auditor
from pratique.admission.decisions import (
    NAMES_KEPT,
    OTHERS,
    DecisionRecord,
    Decisions,
    GrantUse,
)
from pratique.observability import LineLog
from pratique.registry.errors import StorageFailed, StorageFull

T = TypeVar("T")

FLUSH_SECONDS: Final = 0.2
LONGEST_DELAY_SECONDS: Final = 30.0
REPORT_EVERY: Final = timedelta(minutes=1)
PRUNE_EVERY_FLUSHES: Final = 50
PRUNE_EVERY: Final = timedelta(hours=1)
USES_KEPT: Final = timedelta(days=365)
_SHARE_OF_ONE_SOURCE: Final = 10
_USES_WAITING: Final = 20_000
_USES_REMEMBERED: Final = 50_000

_UseKey = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept.

    Attributes:
        waiting: refusals that wait to be written; as many again may be on their way.
        per_client: of those that wait, so many about one source of requests.
        retention: how long a refusal is kept, until `keep_for` says otherwise.
        kept: how many refusals are kept.
    """

    waiting: int = 2000
    per_client: int = 200
    retention: timedelta = timedelta(days=30)
    kept: int = 100_000


@dataclass(slots=True)
class _Lost:
    """What happened since the last report."""

    decisions: int = 0
    beyond_client_limit: int = 0
    uses: int = 0
    error: str | None = None


@dataclass(slots=True)
class _Batch:
    decisions: dict[str, DecisionRecord] = field(default_factory=dict)
    uses: dict[_UseKey, date] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.decisions) + len(self.uses)

    def alone(self) -> list[_Batch]:
        """Each item as a batch of its own."""
        decisions = [_Batch({key: record}) for key, record in self.decisions.items()]
        return decisions + [_Batch({}, {key: day}) for key, day in self.uses.items()]


class Recorder:
    """Stands between those who decide and the store of decisions.

    It is called from one thread: the event loop's, where one runs.

    Args:
        decisions: the store.
        executor: writes and reads; one thread of its own is enough, and others must not wait
            behind it. Shut it down after `close`.
        clock: gives the time, with its zone.
        log: takes a line when something was lost.
        limits: how much is kept.
        auditor: keeps what must not be forgotten; None where nothing is audited.

    Attributes:
        auditor: as above; at hand wherever this is.
    """

    def __init__(
        self,
        decisions: Decisions,
        executor: Executor,
        clock: Callable[[], datetime],
        log: LineLog,
        limits: Limits = Limits(),
        auditor: Auditor | None = None,
    ) -> None:
        self.auditor = auditor
        self._decisions = decisions
        self._executor = executor
        self._clock = clock
        self._log = log
        self._limits = limits
        self._retention = limits.retention
        # Guards what follows; never held during a write.
        self._lock = Lock()
        self._waiting = _Batch()
        self._on_its_way = _Batch()
        self._from_source: Counter[str] = Counter()
        self._today: date | None = None
        self._used_today: set[_UseKey] = set()
        self._names_today: Counter[tuple[str, str]] = Counter()
        self._lost = _Lost()
        self._reported_at: datetime | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_loop: asyncio.AbstractEventLoop | None = None
        self._writing = False
        self._delay = FLUSH_SECONDS
        # Held during a write, so that there is one at a time; guards what follows.
        self._turn = Lock()
        self._flushes = 0
        self._pruned_at: datetime | None = None

    def keep_for(self, retention: timedelta) -> None:
        """How long refusals are kept from now on; those that are older are forgotten soon."""
        self._retention = retention

    def decision(self, record: DecisionRecord) -> None:
        """Take a refusal; it is found from now on. Never waits, never raises."""
        source = source_of(record.client)
        with self._lock:
            if self._from_source[source] >= self._limits.per_client:
                self._lost.beyond_client_limit += 1
            elif len(self._waiting.decisions) >= self._limits.waiting:
                self._lost.decisions += 1
            else:
                self._from_source[source] += 1
                self._waiting.decisions[record.decision_id] = record
        self._wake()

    def use(self, grant_id: str, action: str, repository: str | None, day: date) -> None:
        """Take the use of a grant. A use that is no news today costs two look-ups at most.

        Never waits, never raises.

        Args:
            grant_id: of the role assignment.
            action: the wire word.
            repository: its name; None when the use was on no repository.
            day: today, in UTC.
        """
        used = self._used_today
        if day == self._today and (
            (grant_id, action, repository) in used or (grant_id, action, OTHERS) in used
        ):
            return
        with self._lock:
            self._take_use(grant_id, action, repository, day)
        self._wake()

    async def find(self, decision_id: str) -> DecisionRecord | None:
        """The decision of that id, even if it is not written yet; None if there is none.

        What another worker decided is found within a second.

        Raises:
            StorageFull, StorageFailed: the store cannot be read.
        """
        with self._lock:
            for batch in (self._waiting, self._on_its_way):
                if decision_id in batch.decisions:
                    return batch.decisions[decision_id]
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._decisions.find, decision_id)

    async def read(self, question: Callable[[Decisions], T]) -> T:
        """What the store answers once it has been given all that waits.

        Args:
            question: asks the store; runs on the executor.

        Raises:
            StorageFull, StorageFailed: the store cannot be read.
        """
        await self.flush()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, question, self._decisions)

    async def flush(self) -> bool:
        """Wait until what was taken is written; False when it could not be."""
        loop = asyncio.get_running_loop()
        written = await loop.run_in_executor(self._executor, self._write)
        self._after_write()
        return written

    def close(self) -> None:
        """Write what waits, in this thread, and tell what was lost. The store stays open."""
        if self._timer is not None:
            self._timer.cancel()
        self._write()
        self._report(at_last=True)

    def _take_use(self, grant_id: str, action: str, repository: str | None, day: date) -> None:
        if day != self._today or len(self._used_today) >= _USES_REMEMBERED:
            # What is forgotten here is written once more, which changes nothing.
            self._used_today.clear()
            self._names_today.clear()
            self._today = day
        name = None if repository is None else str(repository)
        if name is not None and self._names_today[grant_id, action] >= NAMES_KEPT:
            name = OTHERS
        if len(self._waiting.uses) >= _USES_WAITING:
            self._lost.uses += 1
            return
        self._used_today.add((grant_id, action, name))
        if name not in (None, OTHERS):
            self._names_today[grant_id, action] += 1
        self._waiting.uses[grant_id, action, name] = day

    def _wake(self) -> None:
        """See to it that what waits is written soon: at once where no loop runs."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._write()
            self._report()
            return
        with self._lock:
            idle = not self._writing and self._timer_loop is not loop and len(self._waiting) > 0
            if idle:
                self._timer_loop = loop
                self._timer = loop.call_later(self._delay, self._begin, loop)
        self._report()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            self._timer = self._timer_loop = None
            self._writing = True
        try:
            self._executor.submit(self._write_for, loop)
        except RuntimeError:
            # The executor is shut down; `close` writes what waits.
            self._writing = False

    def _write_for(self, loop: asyncio.AbstractEventLoop) -> None:
        """Write on the executor, then go on in the loop, which may have ended meanwhile."""
        try:
            self._write()
        finally:
            self._writing = False
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._after_write)

    def _after_write(self) -> None:
        # The log belongs to the loop's thread, so what was lost is told from there.
        if len(self._waiting) > 0:
            self._wake()
        else:
            self._report()

    def _write(self) -> bool:
        """Write what waits; False when it must wait on. Never raises."""
        with self._turn:
            with self._lock:
                self._on_its_way, self._waiting = self._waiting, _Batch()
                self._from_source.clear()
                batch = self._on_its_way
            back = self._record(batch) if len(batch) > 0 else batch
            with self._lock:
                self._on_its_way = _Batch()
                self._take_back(back)
                longer = min(2 * self._delay, LONGEST_DELAY_SECONDS)
                self._delay = longer if len(back) > 0 else FLUSH_SECONDS
            if len(batch) > len(back):
                self._prune_sometimes()
            return len(back) == 0

    def _record(self, batch: _Batch) -> _Batch:
        """Hand a batch to the store; what it could not keep for a fault of its own."""
        uses = [
            GrantUse(grant_id, action, day, repository)
            for (grant_id, action, repository), day in batch.uses.items()
        ]
        try:
            self._decisions.record(list(batch.decisions.values()), uses)
        except (StorageFull, StorageFailed) as fault:
            self._lose(_cause(fault))
            return batch
        except Exception as error:  # noqa: BLE001 - no record may keep another from being written
            if len(batch) > 1:
                return self._record_each(batch)
            self._lose(_cause(error), len(batch.decisions), len(batch.uses))
        return _Batch()

    def _record_each(self, batch: _Batch) -> _Batch:
        """Hand over one item after the other, up to the first fault of the store."""
        back = _Batch()
        for part in batch.alone():
            unwritten = part if len(back) > 0 else self._record(part)
            back.decisions.update(unwritten.decisions)
            back.uses.update(unwritten.uses)
        return back

    def _take_back(self, back: _Batch) -> None:
        """Let it wait before what came since; the newest beyond the bounds are lost."""
        decisions = list((back.decisions | self._waiting.decisions).items())
        self._lost.decisions += len(decisions[self._limits.waiting :])
        self._waiting.decisions = dict(decisions[: self._limits.waiting])
        uses = list((back.uses | self._waiting.uses).items())
        self._waiting.uses = dict(uses[:_USES_WAITING])
        if len(uses) > _USES_WAITING:
            self._lost.uses += len(uses) - _USES_WAITING
            # What is lost is news again when it happens again.
            self._today = None

    def _prune_sometimes(self) -> None:
        now = self._clock()
        due = self._pruned_at is None or abs(now - self._pruned_at) >= PRUNE_EVERY
        if due or self._flushes % PRUNE_EVERY_FLUSHES == 0:
            self._pruned_at = now
            try:
                self._decisions.prune(
                    before=now - self._retention,
                    keep=self._limits.kept,
                    keep_each=max(1, self._limits.kept // _SHARE_OF_ONE_SOURCE),
                    uses_before=(now - USES_KEPT).date(),
                )
            except Exception as error:  # noqa: BLE001 - what was written stands all the same
                self._lose(_cause(error))
        self._flushes += 1

    def _lose(self, error: str, decisions: int = 0, uses: int = 0) -> None:
        with self._lock:
            self._lost.error = error
            self._lost.decisions += decisions
            self._lost.uses += uses

    def _report(self, *, at_last: bool = False) -> None:
        """Tell what was lost, if anything, and not too often."""
        lost = self._lost
        if lost == _Lost():
            return
        now = self._clock()
        told = self._reported_at
        # A clock that was set back must not silence the report.
        if not at_last and told is not None and timedelta(0) <= now - told < REPORT_EVERY:
            return
        with self._lock:
            self._lost = _Lost()
            self._reported_at = now
            waiting = len(self._waiting)
        self._log.write(
            {
                "event": "decisions not recorded",
                "lost_decisions": lost.decisions,
                "beyond_client_limit": lost.beyond_client_limit,
                "lost_uses": lost.uses,
                "waiting": waiting,
                "error": lost.error,
            },
            at_once=True,
        )


def _cause(error: Exception) -> str:
    return error.detail if isinstance(error, StorageFailed) else f"{type(error).__name__}: {error}"
