"""The auditor: takes entries at once, and has them chained and written a moment later.

Who signs in or pushes never waits for the disk. Entries wait for a fifth of a second and are
written together; what did not get through for a fault of the disk is tried again, ever more seldom.
What waits is bounded. What is lost at a bound, or cannot be written at all, is counted by category,
and the next batch that gets through says so in the log itself. A process that is killed takes what
it took in the last moment with it; of changes nothing, since the ledger holds their accounts too.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, TypeVar

from pratique.admission.audit.chain import Head
from pratique.admission.audit.entries import CATEGORIES, Category, Entry
from pratique.admission.audit.log import AuditLog
from pratique.observability import LineLog
from pratique.registry.errors import StorageFailed, StorageFull

T = TypeVar("T")
Making = Callable[[], Entry]

FLUSH_SECONDS: Final = 0.2
LONGEST_DELAY_SECONDS: Final = 30.0
HEAD_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much waits to be written.

    Attributes:
        waiting: entries in all; as many again may be on their way.
        refused: of those, about requests that were turned away, which anybody can make.
    """

    waiting: int = 10_000
    refused: int = 1000


class Auditor:
    """Stands between those who act and the log. It is called from the event loop's thread.

    Args:
        log: the chain.
        executor: writes and reads; one thread is enough. Shut it down after `close`.
        clock: gives the time, with its zone.
        new_id: gives a new GUID.
        lines: takes the head now and then, so that it lies elsewhere too, and every fault.
        pulls: whether pulls that were admitted have entries.
        bounds: how much waits.
    """

    def __init__(
        self,
        log: AuditLog,
        executor: Executor,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        lines: LineLog,
        pulls: bool = False,
        bounds: Bounds = Bounds(),
    ) -> None:
        self.pulls = pulls
        self.clock = clock
        self.new_id = new_id
        self._log = log
        self._executor = executor
        self._lines = lines
        self._bounds = bounds
        # Guards what follows; never held during a write.
        self._lock = Lock()
        self._waiting: list[Entry | Making] = []
        self._refused = 0
        self._lost: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_loop: asyncio.AbstractEventLoop | None = None
        self._writing = False
        self._delay = FLUSH_SECONDS
        self._head: Head | None = None
        self._told_head: Head | None = None
        self._told_at: datetime | None = None
        self._fault: str | None = None
        # Held during a write, so that there is one at a time.
        self._turn = Lock()

    def note(self, category: Category, making: Making, *, refused: bool = False) -> None:
        """Take an entry, which is made when it is written. Never waits, never raises.

        Args:
            category: of the entry.
            making: makes it, from values that stay as they are.
            refused: whether it tells of a request that was turned away.
        """
        with self._lock:
            too_many = refused and self._refused >= self._bounds.refused
            if too_many or len(self._waiting) >= self._bounds.waiting:
                self._lost[category] += 1
            else:
                self._refused += refused
                self._waiting.append(making)
        self._wake()

    def changed(self, account: Entry) -> None:
        """Take the account of a change that stands. Never waits, never raises."""
        with self._lock:
            self._waiting.append(account)
        self._wake()

    def recover(self, accounts: Sequence[Entry]) -> None:
        """Take accounts of changes of which the log may know some; it holds each once.

        Args:
            accounts: as the ledger had them when this process began. A process before it may have
                been killed.
        """
        with self._lock:
            self._waiting += accounts
        self._wake()

    async def read(self, question: Callable[[AuditLog], T]) -> T:
        """What the log answers once it has been given all that waits.

        Args:
            question: asks the log; runs on the executor.

        Raises:
            StorageFull, StorageFailed: the log cannot be read.
        """
        await self.flush()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, question, self._log)

    async def flush(self) -> bool:
        """Wait until what was taken is written; False when it could not be."""
        loop = asyncio.get_running_loop()
        written = await loop.run_in_executor(self._executor, self._write)
        self._after_write()
        return written

    def close(self) -> None:
        """Write what waits, in this thread. The log stays open."""
        if self._timer is not None:
            self._timer.cancel()
        self._write()
        self._tell(at_last=True)

    def _wake(self) -> None:
        """See to it that what waits is written soon: at once where no loop runs."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._write()
            return
        if self._timer_loop is not loop and not self._writing and (self._waiting or self._lost):
            self._timer_loop = loop
            self._timer = loop.call_later(self._delay, self._begin, loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
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
        self._tell()
        if self._waiting or self._lost:
            self._wake()

    def _write(self) -> bool:
        """Write what waits; False when it must wait on. Never raises."""
        with self._turn:
            with self._lock:
                taken, self._waiting = self._waiting, []
                lost, self._lost = self._lost, Counter()
                self._refused = 0
            if not taken and not lost:
                return True
            entries = self._made(taken, lost)
            try:
                self._head = self._log.append(self._with_losses(entries, lost))
            except (StorageFull, StorageFailed) as fault:
                self._put_off(entries, lost, fault)
                return False
            except Exception as error:  # noqa: BLE001 - one of them cannot be written, ever
                return self._write_each(entries, lost, error)
            self._delay = FLUSH_SECONDS
            return True

    def _write_each(self, entries: list[Entry], lost: Counter[str], error: Exception) -> bool:
        """Write one entry after the other, and count those that cannot be."""
        for place, entry in enumerate(entries):
            try:
                self._head = self._log.append([entry])
            except (StorageFull, StorageFailed) as fault:
                self._put_off(entries[place:], lost, fault)
                return False
            except Exception as unwritable:  # noqa: BLE001 - no entry may keep back another
                error = unwritable
                lost[entry.category] += 1
        with self._lock:
            self._lost.update(lost)
            self._fault = f"{type(error).__name__}: {error}"
        return True

    def _made(self, taken: list[Entry | Making], lost: Counter[str]) -> list[Entry]:
        """The entries; what cannot be made is counted as lost."""
        entries: list[Entry] = []
        for one in taken:
            try:
                entries.append(one if isinstance(one, Entry) else one())
            except Exception as error:  # noqa: BLE001 - no entry may keep back another
                lost["repository"] += 1
                self._fault = f"{type(error).__name__}: {error}"
        return entries

    def _with_losses(self, entries: list[Entry], lost: Counter[str]) -> list[Entry]:
        if not lost:
            return entries
        said: dict[str, int] = {name: lost[name] for name in CATEGORIES if lost[name]}
        entry = Entry(
            entry_id=self.new_id(), at=self.clock(), category="lost", operation="Lost", lost=said
        )
        return [*entries, entry]

    def _put_off(
        self, entries: list[Entry], lost: Counter[str], fault: StorageFull | StorageFailed
    ) -> None:
        """Let them wait before what came since; the newest beyond the bound are lost.

        Accounts of changes are lost last: there are few, and the ledger holds them too.
        """
        with self._lock:
            waiting: list[Entry | Making] = [*entries, *self._waiting]
            kept = waiting[: self._bounds.waiting]
            for entry in waiting[self._bounds.waiting :]:
                if isinstance(entry, Entry) and entry.category == "change":
                    kept.append(entry)
                else:
                    lost[entry.category if isinstance(entry, Entry) else "repository"] += 1
            self._waiting = kept
            self._lost.update(lost)
            self._delay = min(2 * self._delay, LONGEST_DELAY_SECONDS)
            self._fault = fault.detail if isinstance(fault, StorageFailed) else str(fault)

    def _tell(self, *, at_last: bool = False) -> None:
        """Print the head and the newest fault, if there is anything new, and not too often."""
        now = self.clock()
        told = self._told_at
        # A clock that was set back must not silence the lines.
        if not at_last and told is not None and timedelta(0) <= now - told < HEAD_EVERY:
            return
        head, fault = self._head, self._fault
        if fault is not None:
            self._fault = None
            waiting = {"waiting": len(self._waiting), "lost": dict(self._lost), "error": fault}
            self._lines.write({"event": "audit log not written", **waiting}, at_once=True)
        elif head is None or head == self._told_head:
            return
        else:
            self._told_head = head
            self._lines.write({"event": "audit head", "head": str(head)}, at_once=True)
        self._told_at = now
