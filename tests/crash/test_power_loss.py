"""Power lost at any point of a recorded run; and a bed that notices each sync that is left out."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.crash.losing import Run, fail_syncs, faults_after_loss, points, recorded, slow_commits
from tests.crash.variants import SMALL_BLOCKS, variant
from tests.crash.write_log import Kind, Record

pytestmark = pytest.mark.live

STEPS = 18
POINTS = 60
POINTS_OF_A_MUTANT = 30


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run without trouble."""
    return recorded(tmp_path_factory.mktemp("run"), STEPS, 1, slow_commits)


def test_nothing_acknowledged_is_lost(run: Run) -> None:
    """Whatever was not synced is lost, in whole or in part: all that was acknowledged is there."""
    assert list(faults_after_loss(run, points(run, POINTS, 2), 3)) == []


def test_nothing_acknowledged_is_lost_where_syncs_failed(tmp_path: Path) -> None:
    """A sync that failed is never taken for done because a later one succeeds.

    Blobs are written in many blocks, and their way to the disk is begun early.
    """
    environment = variant(tmp_path / "source", SMALL_BLOCKS)
    run = recorded(tmp_path, STEPS, 4, fail_syncs(1), environment)
    assert any(record.kind is Kind.SYNC_FAILED for record in run.records)
    assert list(faults_after_loss(run, points(run, POINTS, 5), 6)) == []


def is_sync_of_a_blob(record: Record) -> bool:
    """Whether this brings a blob's bytes to disk."""
    return record.kind is Kind.SYNCED and fnmatch.fnmatch(record.path, "registry/uploads/*")


def is_sync_of_a_folder_of_blobs(record: Record) -> bool:
    """Whether this brings the name of a blob to disk."""
    return record.kind is Kind.FOLDER_SYNCED and fnmatch.fnmatch(record.path, "registry/blobs*")


def is_sync_of_a_commit(record: Record) -> bool:
    """Whether this brings a transaction to disk; `synchronous = NORMAL` would not."""
    return record.kind is Kind.SYNCED and record.path == "registry/pratique.db-wal"


def is_sync_of_the_new_folder(record: Record) -> bool:
    """Whether this brings the name of the data folder to disk."""
    return record.kind is Kind.FOLDER_SYNCED and record.path == ""


def without(left_out: Callable[[Record], bool]) -> Callable[[list[Record]], list[Record]]:
    """All records but those."""
    return lambda records: [record for record in records if not left_out(record)]


def moved_before_synced(records: list[Record]) -> list[Record]:
    """Each blob is moved into place before its bytes are on disk."""
    swapped = list(records)
    synced: dict[int, int] = {}
    for at, record in enumerate(records):
        if is_sync_of_a_blob(record):
            synced[record.inode] = at
        elif record.kind is Kind.RENAMED and record.inode in synced:
            before = synced.pop(record.inode)
            # What follows the move depends on nothing between the two.
            swapped[before] = replace(record, end=records[before].end)
            swapped[at] = replace(records[before], end=record.end)
    return swapped


@pytest.mark.parametrize(
    "broken",
    [
        without(is_sync_of_a_blob),
        without(is_sync_of_a_folder_of_blobs),
        without(is_sync_of_a_commit),
        without(is_sync_of_the_new_folder),
        moved_before_synced,
    ],
    ids=["bytes", "folders", "commits", "the new folder", "bytes after the move"],
)
def test_the_bed_notices_each_sync_that_is_left_out(
    run: Run, broken: Callable[[list[Record]], list[Record]]
) -> None:
    """A registry that did not wait for one of its syncs would be found out."""
    mutant = Run(broken(run.records), run.history, run.laws)
    assert mutant.records != run.records
    # What was moved too early is at risk for a moment only.
    after = Kind.RENAMED if broken is moved_before_synced else None
    found = faults_after_loss(mutant, points(mutant, POINTS_OF_A_MUTANT, 7, after), 8)
    assert next(found, None) is not None
