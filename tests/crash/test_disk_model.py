"""The model of a disk keeps what was synced, and nothing else for certain."""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import mkdtemp

import pytest
from tests.crash.disk_model import Disk, Loss, Model
from tests.crash.write_log import Kind, Record

NOTHING_KEPT = 0.0
ALL_KEPT = 1.0


def record(kind: Kind, inode: int, path: str = "", data: bytes = b"", offset: int = 0) -> Record:
    """One call."""
    return Record(kind, inode, offset, path, data, 0)


def created(inode: int, path: str) -> Record:
    """A new file."""
    return record(Kind.CREATED, inode, path)


def written(inode: int, data: bytes, offset: int = 0) -> Record:
    """A write."""
    return record(Kind.WRITTEN, inode, data=data, offset=offset)


def synced(inode: int) -> Record:
    """A sync of a file."""
    return record(Kind.SYNCED, inode)


FOLDER_SYNCED = record(Kind.FOLDER_SYNCED, 0)


def found(
    tmp_path: Path, records: list[Record], model: Model, kept: float, seed: int = 0
) -> dict[str, bytes]:
    """Files and their bytes after a loss."""
    target = Path(mkdtemp(dir=tmp_path)) / "disk"
    Disk.of(records).lose_power(target, Loss(model, kept, 512), Random(seed))  # noqa: S311
    files = (path for path in target.rglob("*") if path.is_file())
    return {str(path.relative_to(target)): path.read_bytes() for path in files}


@pytest.mark.parametrize("model", Model)
def test_what_was_synced_is_there(tmp_path: Path, model: Model) -> None:
    """A file that was synced, in a folder that was synced, has its bytes and its name."""
    records = [created(1, "a"), written(1, b"safe"), synced(1), FOLDER_SYNCED]
    assert found(tmp_path, records, model, NOTHING_KEPT) == {"a": b"safe"}


@pytest.mark.parametrize("model", Model)
def test_what_was_not_synced_may_be_lost(tmp_path: Path, model: Model) -> None:
    """Bytes that were written after the last sync are there or not."""
    records = [created(1, "a"), written(1, b"safe"), synced(1), FOLDER_SYNCED, written(1, b"lost")]
    assert found(tmp_path, records, model, NOTHING_KEPT) == {"a": b"safe"}
    assert found(tmp_path, records, model, ALL_KEPT) == {"a": b"lost"}


def test_a_name_needs_a_sync_of_its_folder_or_a_journal(tmp_path: Path) -> None:
    """A file alone that was synced has no name by POSIX; a journal brings its name along."""
    records = [created(1, "a"), written(1, b"safe"), synced(1)]
    assert found(tmp_path, records, Model.STRICT, NOTHING_KEPT) == {}
    assert found(tmp_path, records, Model.JOURNAL, NOTHING_KEPT) == {"a": b"safe"}


def test_a_rename_is_safe_when_its_folder_was_synced(tmp_path: Path) -> None:
    """Until then there is the old name, the new one, both or none."""
    made = [
        record(Kind.FOLDER_MADE, 9, "to"),
        FOLDER_SYNCED,
        created(1, "a"),
        written(1, b"x"),
        synced(1),
        FOLDER_SYNCED,
        record(Kind.RENAMED, 1, "a", b"to/b"),
    ]
    seen = {frozenset(found(tmp_path, made, Model.STRICT, 0.5, seed)) for seed in range(40)}
    assert seen == {
        frozenset(), frozenset({"a"}), frozenset({"to/b"}), frozenset({"a", "to/b"})
    }  # fmt: skip
    settled = [*made, record(Kind.FOLDER_SYNCED, 9, "to")]
    assert all(
        "to/b" in found(tmp_path, settled, Model.STRICT, 0.5, 100 + seed) for seed in range(20)
    )


def test_a_journal_changes_names_in_order(tmp_path: Path) -> None:
    """Whatever is lost, a later name is not there without an earlier one."""
    records = [created(number, f"{number}") for number in range(5)]
    for seed in range(30):
        names = sorted(found(tmp_path, records, Model.JOURNAL, 0.5, seed))
        assert names == [f"{number}" for number in range(len(names))]


def test_a_write_is_torn_at_sectors(tmp_path: Path) -> None:
    """Of a write that was not synced, each sector is there or not, never a part of one."""
    records = [created(1, "a"), FOLDER_SYNCED, written(1, b"x" * 2048)]
    contents = [found(tmp_path, records, Model.STRICT, 0.5, seed)["a"] for seed in range(20)]
    sectors = {
        content[start : start + 512]
        for content in contents
        for start in range(0, len(content), 512)
    }
    assert sectors == {b"x" * 512, bytes(512)}


@pytest.mark.parametrize("model", Model)
def test_a_failed_sync_lets_go_for_good(tmp_path: Path, model: Model) -> None:
    """What a sync could not write is not there after the next one, which says that all is well."""
    records = [
        created(1, "a"),
        FOLDER_SYNCED,
        written(1, b"gone"),
        record(Kind.SYNC_FAILED, 1),
        synced(1),
    ]
    assert found(tmp_path, records, model, NOTHING_KEPT) == {"a": b""}
    again = [*records, written(1, b"here"), synced(1)]
    assert found(tmp_path, again, model, NOTHING_KEPT) == {"a": b"here"}


def test_a_file_that_was_removed_may_come_back(tmp_path: Path) -> None:
    """A removal is safe as a new name is: when its folder was synced."""
    records = [created(1, "a"), synced(1), FOLDER_SYNCED, record(Kind.REMOVED, 0, "a")]
    assert found(tmp_path, records, Model.STRICT, NOTHING_KEPT) == {"a": b""}
    assert found(tmp_path, [*records, FOLDER_SYNCED], Model.STRICT, NOTHING_KEPT) == {}
