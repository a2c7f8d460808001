"""Check and backup while others push, delete and collect."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from tests.upkeep.stage import IMAGES, Image, Stage, push_image
from tests.upkeep.test_backup import back_up, restore

from pratique.assembly import now, upkeep_of
from pratique.naming import Digest, Tag
from pratique.registry import Policy
from pratique.settings import Places
from pratique.storage.blobs.filesystem import CollectionTurn
from pratique.testing.content_stores import ContentStores, filesystem_stores
from pratique.testing.verdicts import allowed_on

ROUNDS = 4


class Writer(threading.Thread):
    """Pushes images, of which some stay and others go again with all their bytes.

    Attributes:
        kept: images that were acknowledged and stay.
        failure: what ended it too early.
    """

    def __init__(self, data: Path) -> None:
        super().__init__(name="writer")
        self.kept: list[Image] = []
        self.failure: Exception | None = None
        self.steps = 0
        self._data = data
        self._ending = threading.Event()

    def run(self) -> None:
        """Write until told to end."""
        try:
            with filesystem_stores(self._data, "e") as stores:
                asyncio.run(self._write(stores))
        except Exception as error:  # noqa: BLE001 - the test tells it
            self.failure = error

    def end(self) -> None:
        """Wait for the end, and tell what went wrong."""
        self._ending.set()
        self.join()
        if self.failure is not None:
            raise self.failure

    async def _write(self, stores: ContentStores) -> None:
        registry = stores.registry()
        chance = random.Random(7)  # noqa: S311 - the same each time
        while not self._ending.is_set():
            self.steps += 1
            goes = Image("team/app", "goes", tuple(chance.randbytes(2) for _ in range(3)))
            await push_image(registry, goes)
            stays = Image("team/kept", f"v{self.steps}", (chance.randbytes(1), chance.randbytes(9)))
            await push_image(registry, stays)
            self.kept.append(stays)
            await registry.manifests.delete(allowed_on("team/app"), Digest.of(goes.manifest))
            # All that is loose is old by this clock, and goes at once.
            collection = stores.collection(lambda: stores.area_time() + timedelta(days=2), 100)
            async for _ in collection.run(Policy()):
                pass


@contextmanager
def written_to(data: Path) -> Iterator[Writer]:
    """A folder in which somebody writes all the time."""
    writer = Writer(data)
    writer.start()
    try:
        while not writer.kept and writer.is_alive():
            writer.join(0.01)
        yield writer
    finally:
        writer.end()


def test_a_backup_beside_writers_is_whole(stage: Stage, tmp_path: Path) -> None:
    """Each backup, and each that completes an earlier one, has all that was acknowledged."""
    with written_to(stage.data) as writer:
        for number in range(ROUNDS):
            acknowledged = list(writer.kept)
            before = writer.steps
            back_up(stage, tmp_path / "backup", prune=bool(number % 2))
            while writer.steps == before and writer.is_alive():
                writer.join(0.01)
            restored = Stage(tmp_path / f"restored{number}")
            restore(tmp_path / "backup", restored.data, full=True)
            assert restored.check().faults == []
            assert all(map(restored.pulls, (*IMAGES, *acknowledged)))


def test_a_check_beside_writers_finds_no_fault(stage: Stage) -> None:
    """What is on its way in or out is not taken for damage, and a repair changes nothing."""
    with written_to(stage.data) as writer:
        for number in range(ROUNDS * 3):
            before = writer.steps
            assert stage.check(repair=bool(number % 2)).faults == []
            while writer.steps == before and writer.is_alive():
                writer.join(0.01)
    assert all(map(stage.pulls, (*IMAGES, *writer.kept)))


def test_a_backup_keeps_collection_away(stage: Stage, tmp_path: Path) -> None:
    """Nobody else's turn comes while it runs; afterwards it does, as if nothing had been."""
    turn = CollectionTurn(stage.data)
    backup = upkeep_of(Places(stage.data)).backup(tmp_path / "backup", lambda _: None, lambda: None)
    with backup, turn.taken(now(), timedelta(0)) as ours:
        assert not ours
    with turn.taken(now(), timedelta(days=1)) as ours:
        assert ours


def test_a_backup_waits_for_a_collection(stage: Stage, tmp_path: Path) -> None:
    """It says so, and begins when the collection has ended."""
    waiting, ended = threading.Event(), threading.Event()

    def run() -> None:
        how = upkeep_of(Places(stage.data)).backup(tmp_path / "backup", lambda _: None, waiting.set)
        with how as work:
            assert ended.is_set()
            work.run(prune=False)

    thread = threading.Thread(target=run)
    with CollectionTurn(stage.data).taken(now(), timedelta(0)) as ours:
        assert ours
        thread.start()
        assert waiting.wait(30)
        ended.set()
    thread.join(30)
    assert (tmp_path / "backup" / "backup.json").exists()


def test_a_tag_that_goes_while_it_is_looked_at_is_no_fault(stage: Stage) -> None:
    """A check goes by one state at a time."""
    with filesystem_stores(stage.data) as stores:
        checking = upkeep_of(Places(stage.data)).check(lambda _: None)
        asyncio.run(stores.registry().manifests.delete(allowed_on("team/app"), Tag("v1")))
        assert [finding for finding in checking if not finding.is_note] == []


@pytest.mark.parametrize("number", range(3))
def test_checks_beside_each_other_are_no_trouble(stage: Stage, number: int) -> None:
    """Two repairs of one folder repair it once."""
    del number
    stage.file_of(IMAGES[1].layers[0]).unlink()
    found: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: found.append(stage.check(repair=True).open))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert stage.check().faults == []
