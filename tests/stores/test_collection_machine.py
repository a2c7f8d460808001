"""Any sequence of pushes, mounts, deletions and collection's steps, through two workers in turn.

A collection is taken a step further at any time, so its looks and its deletions have everything
else between them. What was acknowledged and not deleted must be there, whole, at each moment; and
at the end a whole collection must leave exactly what something needs.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Coroutine
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import BlobUnknown, Collected, ManifestReferencesUnknown, Policy
from pratique.testing.content_builders import image, push_blob
from pratique.testing.content_stores import ContentStores, filesystem_stores, memory_stores
from pratique.testing.content_suite_uploads import content_of
from pratique.testing.loops import body_of
from pratique.testing.verdicts import allowed_on

T = TypeVar("T")

NAMES = st.sampled_from([RepositoryName("team/app"), RepositoryName("team/other")])
CONTENTS = st.sampled_from([b"{}", b"one layer", b"another layer"])
WORKERS = st.integers(0, 1)
POLICY = Policy(grace=timedelta(hours=1), untagged=timedelta(hours=1))


class CollectionMachine(RuleBasedStateMachine):
    """What was pushed, and a collection in the middle of it."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.open = ExitStack()
        self.workers: list[ContentStores] = []
        self.tags: dict[tuple[RepositoryName, Tag], bytes] = {}
        self.under_way: AsyncIterator[Collected] | None = None

    @initialize()
    def start(self) -> None:
        """Open the stores."""
        self.workers = self.open_workers()

    def open_workers(self) -> list[ContentStores]:
        """Two views of one set of stores."""
        return [memory_stores()] * 2

    def teardown(self) -> None:
        """Collect everything, look at what is left, and close the stores."""
        if self.workers:
            self._all_is_there()
            self.run(self._whole(timedelta(hours=2)))
            self.run(self._whole(timedelta(hours=2)))
            self._all_is_there()
            self._nothing_else_is_there()
        self.open.close()
        self.runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to its end."""
        return self.runner.run(work)

    @rule(worker=WORKERS, name=NAMES, layer=CONTENTS, number=st.integers(0, 2))
    def push(self, worker: int, name: RepositoryName, layer: bytes, number: int) -> None:
        """Push an image as a client does: blobs first, then the manifest."""
        registry, allowed = self.workers[worker].registry(), allowed_on(name)
        for content in (b"{}", layer):
            self.run(push_blob(registry, allowed, content))
        self._put(worker, name, layer, number)

    @rule(worker=WORKERS, name=NAMES, layer=CONTENTS, number=st.integers(0, 2))
    def push_what_is_there(
        self, worker: int, name: RepositoryName, layer: bytes, number: int
    ) -> None:
        """Push an image whose blobs are said to be there, and rely on that."""
        registry, allowed = self.workers[worker].registry(), allowed_on(name)
        try:
            for content in (b"{}", layer):
                self.run(registry.blobs.confirm(allowed, Digest.of(content)))
        except BlobUnknown:
            return
        self.collect_a_step(worker)
        self.collect_a_step(worker)
        self._put(worker, name, layer, number)

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

    @rule(worker=WORKERS, layer=CONTENTS, number=st.integers(0, 2))
    def mount(self, worker: int, layer: bytes, number: int) -> None:
        """Push an image to one repository with the blobs of the other."""
        source, target = RepositoryName("team/app"), RepositoryName("team/other")
        registry = self.workers[worker].registry()
        for content in (b"{}", layer):
            mounted = registry.blobs.mount(
                allowed_on(target), allowed_on(source), Digest.of(content)
            )
            if not self.run(mounted):
                return
        self.collect_a_step(worker)
        self._put(worker, target, layer, number)

    @rule(worker=WORKERS, name=NAMES, number=st.integers(0, 2))
    def untag(self, worker: int, name: RepositoryName, number: int) -> None:
        """Delete a tag."""
        if self.tags.pop((name, Tag(f"v{number}")), None) is not None:
            manifests = self.workers[worker].registry().manifests
            self.run(manifests.delete(allowed_on(name), Tag(f"v{number}")))

    @rule(worker=WORKERS)
    def collect_a_step(self, worker: int) -> None:
        """Take a collection one step further, or begin one that is not patient."""
        if self.under_way is None:
            self.under_way = self._collection(worker, timedelta(hours=0))
        try:
            self.run(anext(self.under_way))  # type: ignore[arg-type]
        except StopAsyncIteration:
            self.under_way = None

    @rule(worker=WORKERS)
    def collect_a_step_later(self, worker: int) -> None:
        """Let a collection begin long after, between pushes: all that is loose is old by then."""
        self.run(self._whole(timedelta(hours=2), worker))

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        """Every tag gives its manifest, and every blob of it."""
        if self.workers:
            self._all_is_there()

    def _put(self, worker: int, name: RepositoryName, layer: bytes, number: int) -> None:
        content, tag = image([layer]), Tag(f"v{number}")
        manifests = self.workers[worker].registry().manifests
        try:
            self.run(manifests.put(allowed_on(name), tag, None, content))
        except ManifestReferencesUnknown as lost:
            raise AssertionError(f"a blob that was there has gone: {lost}") from lost
        self.tags[name, tag] = layer

    def _collection(self, worker: int, later: timedelta) -> AsyncIterator[Collected]:
        stores = self.workers[worker]
        # The rows are of a clock that steps, the files of the machine's: the later one of both.
        return stores.collection(lambda: self._now(stores) + later, step=1).run(POLICY)

    def _now(self, stores: ContentStores) -> datetime:
        return max(stores.clock(), stores.area_time()).astimezone(UTC)

    async def _whole(self, later: timedelta, worker: int = 0) -> None:
        async for _ in self._collection(worker, later):
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
        """Two sets of stores on one folder, whose rows have the time of their files."""
        folder = Path(self.open.enter_context(tempfile.TemporaryDirectory()))
        opened = [
            self.open.enter_context(filesystem_stores(folder / "data", prefix)) for prefix in "ab"
        ]
        return [replace(stores, clock=stores.area_time) for stores in opened]


BOUNDS = settings(max_examples=40, stateful_step_count=30, deadline=None)

TestMemory = CollectionMachine.TestCase
TestMemory.settings = BOUNDS
TestFilesystem = FilesystemCollectionMachine.TestCase
TestFilesystem.settings = BOUNDS
