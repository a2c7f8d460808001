"""The ledger of law and directory in PostgreSQL, as every worker of every node sees it.

Guarantees: after `behind` was False, or `catch_up` returned, `version` and `read` tell of every
change that was acknowledged on this node, and of every change anywhere that is older than the
bound, whether this process was paused, the network was cut, or a notification was lost. Rests on
three things: the time of a confirmation is taken before the query that confirms is sent, on a clock
that goes on while the machine sleeps; the node's mark is read before that query too; and a query
sees what was committed before it was sent. See docs/adr/0012-a-law-for-many-nodes.md.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from pratique.admission import LawNotConfirmed, LedgerMoved, Row
from pratique.registry.errors import StorageFailed, StorageFull
from pratique.storage.metadata.postgres.database import PostgresDatabase
from pratique.storage.metadata.postgres.freshness import Freshness
from pratique.storage.metadata.postgres.law_line import LawLine
from pratique.storage.metadata.postgres.law_rows import (
    AT_ONCE,
    NEWS,
    News,
    Point,
    all_since,
    append,
    news,
)
from pratique.storage.metadata.postgres.node_mark import NodeMark
from pratique.storage.metadata.postgres.staged_rows import StagedRows

_PAUSE_SECONDS: Final = 0.05
_ANOTHER_HISTORY: Final = -1
_FRESHNESS: Final = Freshness()
_SINCE_BOOT: Final = partial(time.clock_gettime, time.CLOCK_BOOTTIME)


class PostgresLedger:
    """Keeps the promises of `pratique.admission.Ledger`, for one reader. Make it after a fork.

    The first `version` or `read` fetches everything and blocks, as is right at the start; after
    that neither waits for anything.

    Args:
        database: where the records are.
        url: of the same database, for a connection apart.
        mark: which all workers of this node share.
        freshness: how old a law may be.
        since_boot: seconds that go on while the process is stopped and the machine sleeps.
    """

    def __init__(
        self,
        database: PostgresDatabase,
        url: str,
        mark: NodeMark,
        freshness: Freshness = _FRESHNESS,
        since_boot: Callable[[], float] = _SINCE_BOOT,
    ) -> None:
        self._database = database
        self._line = LawLine(url, answer_seconds=max(freshness.bound, freshness.wait))
        self._mark = mark
        self._freshness = freshness
        self._bound = freshness.bound
        self._now = since_boot
        self._staged = StagedRows()
        self._newest: Point | None = None
        # The reader has a law of another history, and must read everything.
        self._replaced = False
        self._confirmed_at = float("-inf")
        self._seen = mark.now()
        self._looking: asyncio.Task[StorageFailed | StorageFull | None] | None = None

    def version(self) -> int:
        """The version that is staged; below every version while the reader must begin anew.

        That is so after the database was put back to an older state, until everything is read.
        """
        newest = self._newest or self._look_at_once(0)
        return _ANOTHER_HISTORY if self._replaced else newest.version

    def read(self, since: int) -> tuple[int, Iterable[Row]]:
        """The version that is staged and what changed after `since`.

        What the reader has read is let go when it next asks: then it has made use of it.
        """
        if self._newest is None or since < self._staged.base:
            self._look_at_once(since)
        if since == 0:
            self._replaced = False
        version = self.version()
        self._staged.let_go(since)
        return version, self._staged.since(since)

    def behind(self) -> bool:
        """Whether the last confirmation is too old, or a worker of this node changed something."""
        # Asked for each request, so it calls as little as it can.
        return self._now() - self._confirmed_at >= self._bound or self._mark.now() != self._seen

    def confirmed(self) -> bool:
        """Whether the law was confirmed within the bound: for the probes."""
        return self.age() < self._bound

    def age(self) -> float:
        """Seconds since the law was last known to be the newest; infinite before that."""
        return self._now() - self._confirmed_at

    async def catch_up(self) -> None:
        """Stage what stands now, together with everybody else who waits for that.

        Raises:
            LawNotConfirmed: the database does not say in time what stands.
        """
        await self._stage_from(self._now(), only_if_behind=True)

    async def append(self, expected: int, rows: Sequence[Row]) -> int:
        """Make `rows` stand if nobody else changed the ledger since `expected`, and stage them.

        Raises:
            LedgerMoved: somebody did; what they changed is staged.
            LawNotConfirmed: somebody did, and it cannot be found out what.
            StorageFailed: whether the rows stand is not known.
        """
        try:
            version = await self._database.write(lambda c: append(c, expected, rows))
        except LedgerMoved:
            await self._stage_from(self._now())
            raise
        except BaseException:
            self._mark.stir()
            raise
        self._mark.stir()
        # Where this fails the mark differs, so the next request catches up or is refused.
        with suppress(LawNotConfirmed):
            await self._stage_from(self._now())
        return version

    def append_now(self, expected: int, rows: Sequence[Row]) -> int:
        """As `append`, for callers without an event loop."""
        database = self._database
        try:
            return database.run(lambda: database.write(lambda c: append(c, expected, rows)))
        finally:
            self._mark.stir()

    async def follow(self, changed: Callable[[], None]) -> None:
        """Keep what is staged fresh until cancelled; run it in the loop of every worker.

        Without it every request that comes a second after the last would wait for the database.

        Args:
            changed: called after something was staged, so that the reader takes it before a
                request has to wait for that.
        """
        seen = self._newest
        try:
            while True:
                # Whatever it is, requests meet it too, and tell of it. A worker that followed no
                # more would not be ready, be sent no requests, and never be ready again.
                with suppress(Exception):
                    await asyncio.shield(self._look())
                    if self._newest != seen:
                        seen = self._newest
                        changed()
                await self._line.heard(self._freshness.poll)
        finally:
            if self._looking is not None:
                self._looking.cancel()
            self._line.close()

    async def _stage_from(self, asked_at: float, *, only_if_behind: bool = False) -> None:
        """Return once a look has succeeded that began after `asked_at`.

        Args:
            asked_at: by the clock that this was given.
            only_if_behind: whether an earlier look is enough when the law is fresh by it.
        """
        wait = self._freshness.wait
        failed: StorageFailed | StorageFull | None = None
        try:
            async with asyncio.timeout(wait):
                while self._confirmed_at < asked_at and (not only_if_behind or self.behind()):
                    failed = await asyncio.shield(self._look())
                    if failed is not None:
                        await asyncio.sleep(_PAUSE_SECONDS)
        except TimeoutError:
            raise LawNotConfirmed(
                f"the law could not be confirmed within {wait:g} seconds; nothing is judged by an "
                "old law; try again"
            ) from failed

    def _look(self) -> asyncio.Task[StorageFailed | StorageFull | None]:
        """The look that is under way, or a new one."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._looked())
        return self._looking

    async def _looked(self) -> StorageFailed | StorageFull | None:
        """Ask what stands, and stage it; what kept it from that."""
        try:
            await self._line.ready()
            seen, asked_at = self._mark.now(), self._now()
            await self._stage()
        except (StorageFailed, StorageFull) as failed:
            return failed
        # INVARIANT: both were taken before the question was sent.
        self._seen, self._confirmed_at = seen, asked_at
        return None

    async def _stage(self) -> None:
        known = self._newest
        if known is None:
            self._take(await all_since(self._database, 0), base=0)
            return
        told = news(await self._line.ask(NEWS, known.version))
        since = known.version
        if self._staged.waiting() > AT_ONCE:
            # Nobody takes them: let each row be there once.
            since = self._staged.base
        if since != known.version or not told.whole:
            told = await all_since(self._database, since, known.version)
        if not told.goes_on_from(known):
            self._take(await all_since(self._database, 0), base=0)
            self._replaced = True
        elif since != known.version:
            self._take(told, base=since)
        elif told.newest.version > known.version:
            self._staged.add(told.batch)
            self._newest = told.newest

    def _take(self, told: News, *, base: int) -> None:
        self._newest, self._staged = told.newest, StagedRows(base, [told.batch])

    def _look_at_once(self, since: int) -> Point:
        """Fetch everything after `since` while the caller's thread waits; the present point."""
        seen, asked_at = self._mark.now(), self._now()
        told = self._database.run(lambda: all_since(self._database, since))
        self._take(told, base=since)
        self._seen, self._confirmed_at = seen, asked_at
        return told.newest
