"""Any sequence of pushes, mounts, deletions and collection's steps, through two workers in turn.

Two collections are taken a step further at any time, so their looks and deletions have everything
else between them. What was acknowledged and not deleted must be there, whole, at each moment; and
at the end a whole collection must leave exactly what something needs.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import BlobUnknown, Collected, ManifestReferencesUnknown, Policy
from pratique.registry.content import Found, LinkPlace, ManifestPlace
from pratique.registry.ports import BlobBin
from pratique.testing.content_builders import image, push_blob
from pratique.testing.content_stores import (
    ContentStores,
    RowsToCollect,
    SteppingClock,
    filesystem_stores,
    memory_stores,
)
from pratique.testing.content_suite_uploads import content_of
from pratique.testing.loops import body_of
from pratique.testing.verdicts import allowed_on

T = TypeVar("T")

NAMES = st.sampled_from([RepositoryName("team/app"), RepositoryName("team/other")])
CONTENTS = st.sampled_from([b"{}", b"one layer", b"another layer"])
WORKERS = st.integers(0, 1)
# How a push comes by its blobs; whoever asks relies on the answer.
HOWS = st.sampled_from(["upload", "ask", "mount"])
NUMBERS = st.integers(0, 2)
# Whether nearly the whole grace passes in the middle of a push.
WAITS = st.booleans()
ALMOST_THE_GRACE = timedelta(minutes=59)
LONG = timedelta(hours=3)
POLICY = Policy(grace=timedelta(hours=1), untagged=timedelta(hours=1))


# Around the hour for which a link that is asked about is not written again, and around the grace.
PASSING = st.sampled_from([timedelta(minutes=10), timedelta(minutes=50), LONG])


class Passing:
    """Time that passes in leaps, which no clock of a store makes."""

    def __init__(self) -> None:
        self._since: list[tuple[datetime, timedelta]] = []

    def leap(self, now: datetime, by: timedelta) -> None:
        """Let time pass between two moments of the stores' own clock."""
        self._since.append((now, self.passed + by))

    @property
    def passed(self) -> timedelta:
        """How much has passed so far, beyond what the stores' clock tells."""
        return self._since[-1][1] if self._since else timedelta(0)

    def own(self, time: datetime) -> datetime:
        """The moment by the stores' own clock; that of the leap for one within a leap."""
        latest: datetime | None = None
        for began, passed in reversed(self._since):
            if time - passed >= began:
                return time - passed if latest is None else min(time - passed, latest)
            latest = began
        return time if latest is None else min(time, latest)


@dataclass(frozen=True)
class AgedBin:
    """The port `BlobBin`, whose bytes grow old with the leaps."""

    inner: BlobBin
    passing: Passing

    async def after(self, last: str, limit: int) -> tuple[tuple[Digest, ...], str | None]:
        """See the port."""
        return await self.inner.after(last, limit)

    async def size_if_older(self, digest: Digest, before: datetime) -> int | None:
        """See the port."""
        return await self.inner.size_if_older(digest, self.passing.own(before))

    def throw_away(self, digest: Digest, before: datetime) -> int | None:
        """See the port."""
        return self.inner.throw_away(digest, self.passing.own(before))

    async def empty(self) -> None:
        """See the port."""
        await self.inner.empty()


@dataclass(frozen=True)
class Interrupted:
    """What is collected from, with something else between each look and its deletion."""

    inner: RowsToCollect
    between: Callable[[], Coroutine[Any, Any, None]]

    async def unneeded_links(
        self, before: datetime, after: LinkPlace | None, limit: int
    ) -> Found[LinkPlace]:
        """See the port."""
        return await self.inner.unneeded_links(before, after, limit)

    async def drop_links(self, places: Sequence[LinkPlace], before: datetime) -> int:
        """See the port."""
        await self.between()
        return await self.inner.drop_links(places, before)

    async def unneeded_manifests(
        self, before: datetime, after: ManifestPlace | None, limit: int
    ) -> Found[ManifestPlace]:
        """See the port."""
        return await self.inner.unneeded_manifests(before, after, limit)

    async def drop_manifests(
        self, places: Sequence[ManifestPlace], before: datetime, at: datetime
    ) -> int:
        """See the port."""
        await self.between()
        return await self.inner.drop_manifests(places, before, at)

    async def unlinked(self, digests: Sequence[Digest]) -> tuple[Digest, ...]:
        """See the port."""
        return await self.inner.unlinked(digests)

    async def forget_unlinked(
        self, digest: Digest, throw_away: Callable[[], int | None]
    ) -> int | None:
        """See the port."""
        await self.between()
        return await self.inner.forget_unlinked(digest, throw_away)

    async def repositories(self, limit: int, last: str) -> tuple[RepositoryName, ...]:
        """See the port."""
        return await self.inner.repositories(limit, last)

    async def drop_part(self, repository: RepositoryName, limit: int) -> int:
        """See the port."""
        return await self.inner.drop_part(repository, limit)


class CollectionMachine(RuleBasedStateMachine):
    """What was pushed, and a collection of each worker's in the middle of it."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.open = ExitStack()
        self.workers: list[ContentStores] = []
        self.tags: dict[tuple[RepositoryName, Tag], bytes] = {}
        self.under_way: dict[int, AsyncIterator[Collected]] = {}
        self.passing = Passing()
        self.between: list[Callable[[], Coroutine[Any, Any, None]]] = []

    @initialize()
    def start(self) -> None:
        """Open the stores."""
        self.workers = [self.aged(stores) for stores in self.open_workers()]

    def open_workers(self) -> list[ContentStores]:
        """Two views of one set of stores."""
        return [memory_stores(SteppingClock())] * 2

    def teardown(self) -> None:
        """Collect everything, look at what is left, and close the stores."""
        if self.workers:
            self._all_is_there()
            self.between.clear()
            self.let_time_pass(LONG)
            self.run(self._whole())
            self.run(self._whole())
            self._all_is_there()
            self._nothing_else_is_there()
        self.open.close()
        self.runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to its end."""
        return self.runner.run(work)

    @rule(how=HOWS, worker=WORKERS, name=NAMES, layer=CONTENTS, number=NUMBERS, waits=WAITS)
    def push(
        self, how: str, worker: int, name: RepositoryName, layer: bytes, number: int, *, waits: bool
    ) -> None:
        """Push an image as a client does: blobs first, then the manifest."""
        if self.run(self._blobs(how, worker, name, layer)):
            self._wait(waits=waits)
            self.run(self._put(worker, name, layer, number))

    @rule(how=HOWS, worker=WORKERS, name=NAMES, layer=CONTENTS, number=NUMBERS)
    def push_between(
        self, how: str, worker: int, name: RepositoryName, layer: bytes, number: int
    ) -> None:
        """Push an image between a collection's next look and the deletion that follows from it."""

        async def push() -> None:
            if await self._blobs(how, worker, name, layer):
                await self._put(worker, name, layer, number)

        self.between.append(push)

    @rule(worker=WORKERS, name=NAMES, layer=CONTENTS)
    def leave_a_push(self, worker: int, name: RepositoryName, layer: bytes) -> None:
        """Push a blob and go away."""
        self.run(push_blob(self.workers[worker].registry(), allowed_on(name), layer))

    @rule(worker=WORKERS, name=NAMES, layer=CONTENTS)
    def place_without_link(self, worker: int, name: RepositoryName, layer: bytes) -> None:
        """Put bytes in place and die before they are linked."""
        stores = self.workers[worker]
        upload = stores.new_id()
        self.run(stores.area.create(name, upload))
        self.run(stores.area.finish(name, upload, Digest.of(layer), body_of([layer]), None, None))

    @rule(worker=WORKERS, name=NAMES, number=NUMBERS)
    def untag(self, worker: int, name: RepositoryName, number: int) -> None:
        """Delete a tag."""
        if self.tags.pop((name, Tag(f"v{number}")), None) is not None:
            manifests = self.workers[worker].registry().manifests
            self.run(manifests.delete(allowed_on(name), Tag(f"v{number}")))

    @rule(worker=WORKERS)
    def collect_a_step(self, worker: int) -> None:
        """Take a worker's collection one step further, or begin one."""
        if worker not in self.under_way:
            self.under_way[worker] = self._collection(worker)
        try:
            self.run(anext(self.under_way[worker]))  # type: ignore[arg-type]
        except StopAsyncIteration:
            del self.under_way[worker]

    @rule(worker=WORKERS)
    def collect_all(self, worker: int) -> None:
        """Let a whole collection pass between pushes, when all that is loose is old."""
        self.let_time_pass(LONG)
        self.run(self._whole(worker))

    @rule(by=PASSING)
    def let_time_pass(self, by: timedelta) -> None:
        """Nobody is in the middle of a push, and collections may be."""
        now = self.workers[0].area_time
        before = began = now()
        # Clocks of files go by some milliseconds: what was written last lies before the leap.
        while began <= before:
            time.sleep(0.001)
            began = now()
        self.passing.leap(began, by)

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        """Every tag gives its manifest, and every blob of it."""
        if self.workers:
            self._all_is_there()

    def _wait(self, *, waits: bool) -> None:
        """What may happen between a push's blobs and its manifest, which comes within the grace."""
        if waits:
            self.let_time_pass(ALMOST_THE_GRACE)
        for worker in range(len(self.workers)):
            self.collect_a_step(worker)
            self.collect_a_step(worker)

    async def _blobs(self, how: str, worker: int, name: RepositoryName, layer: bytes) -> bool:
        """Let a repository have the blobs of an image; False where that cannot be had this way."""
        registry, allowed = self.workers[worker].registry(), allowed_on(name)
        for content in (b"{}", layer):
            match how:
                case "upload":
                    await push_blob(registry, allowed, content)
                case "ask":
                    try:
                        await registry.blobs.confirm(allowed, Digest.of(content))
                    except BlobUnknown:
                        return False
                case _:
                    source = allowed_on("team/other" if name == "team/app" else "team/app")
                    if not await registry.blobs.mount(allowed, source, Digest.of(content)):
                        return False
        return True

    async def _put(self, worker: int, name: RepositoryName, layer: bytes, number: int) -> None:
        content, tag = image([layer]), Tag(f"v{number}")
        manifests = self.workers[worker].registry().manifests
        try:
            await manifests.put(allowed_on(name), tag, None, content)
        except ManifestReferencesUnknown as lost:
            raise AssertionError(f"a blob that was there has gone: {lost}") from lost
        self.tags[name, tag] = layer

    async def _all_between(self) -> None:
        while self.between:
            await self.between.pop()()

    def _collection(self, worker: int) -> AsyncIterator[Collected]:
        stores = self.workers[worker]
        return stores.collection(stores.clock, step=1).run(POLICY)

    def aged(self, stores: ContentStores) -> ContentStores:
        """The stores, for which time passes in leaps and other things come between."""

        def clock() -> datetime:
            return stores.area_time().astimezone(UTC) + self.passing.passed

        return replace(
            stores,
            clock=clock,
            bin=AgedBin(stores.bin, self.passing),
            leftovers=Interrupted(stores.leftovers, self._all_between),
        )

    async def _whole(self, worker: int = 0) -> None:
        async for _ in self._collection(worker):
            continue

    def _all_is_there(self) -> None:
        for stores in self.workers:
            for (name, tag), layer in self.tags.items():
                found = self.run(stores.registry().manifests.locate(allowed_on(name), tag))
                assert found.content == image([layer])
                for content in (b"{}", layer):
                    blobs = stores.registry().blobs
                    blob = self.run(blobs.locate(allowed_on(name), Digest.of(content)))
                    assert content_of(blob) == content

    def _nothing_else_is_there(self) -> None:
        needed = {b"{}", *self.tags.values()} if self.tags else set()
        stored, _ = self.run(self.workers[0].bin.after("", 100))
        assert set(stored) == {Digest.of(content) for content in needed}


class FilesystemCollectionMachine(CollectionMachine):
    """The same, on files, through two workers that share a folder."""

    def open_workers(self) -> list[ContentStores]:
        """Two sets of stores on one folder."""
        folder = Path(self.open.enter_context(tempfile.TemporaryDirectory()))
        return [
            self.open.enter_context(filesystem_stores(folder / "data", prefix)) for prefix in "ab"
        ]


BOUNDS = settings(max_examples=40, stateful_step_count=30, deadline=None)

TestMemory = CollectionMachine.TestCase
TestMemory.settings = BOUNDS
TestFilesystem = FilesystemCollectionMachine.TestCase
TestFilesystem.settings = BOUNDS
