"""`pratique check --repair`: what can be put right is, and nothing whole is lost."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.upkeep.stage import IMAGES, SHARED, Image, Stage, flipped

from pratique.assembly import now
from pratique.naming import Digest, RepositoryName
from pratique.registry import StorageFailed
from pratique.registry.checking import Check, Finding, ManifestKey, ManifestRow, Outcome
from pratique.storage.blobs.filesystem import FilesystemBlobs, FilesystemExamination
from pratique.storage.metadata.sqlite import Database
from pratique.storage.metadata.sqlite.examination import SqliteRowsAsTheyAre, SqliteStructure
from pratique.storage.metadata.sqlite.mending import SqliteMending
from pratique.testing.content_stores import filesystem_stores

T = TypeVar("T")

V1, V2, OTHER = IMAGES
LAYER = V2.layers[0]


def truncated(content: bytes) -> bytes:
    """The first half."""
    return content[: len(content) // 2]


def test_a_missing_blob_can_be_pushed_again(stage: Stage) -> None:
    """Before, a push ends with a fault for ever; afterwards it uploads what is missing."""
    stage.file_of(SHARED).unlink()
    with pytest.raises(StorageFailed):
        stage.push(V1)
    found = stage.check(repair=True)
    assert (found.faults, found.open) == (["blob-missing"], [])
    assert "team/app, team/other" in found.one("blob-missing").done
    again = stage.check()
    assert again.faults == []
    assert set(again.notes) == {"manifest-sparse"}
    for one in (V1, OTHER):
        assert not stage.pulls(one)
        stage.push(one)
        assert stage.pulls(one)
    assert stage.check().findings == []


@pytest.mark.parametrize("change", [flipped, truncated, lambda content: content + b"more"])
def test_a_damaged_blob_is_moved_aside(stage: Stage, change: Callable[[bytes], bytes]) -> None:
    """Its bytes are kept, and a push uploads it anew."""
    path = stage.file_of(LAYER)
    stage.damage(path, change)
    damaged = path.read_bytes()
    found = stage.check(repair=True)
    assert (found.faults, found.open) == (["blob-damaged"], [])
    kept = stage.data / "blobs" / "damaged" / f"sha256-{path.name}"
    assert kept.read_bytes() == damaged
    assert str(kept) in found.one("blob-damaged").done
    assert stage.check().faults == []
    stage.push(V2)
    assert stage.pulls(V2)
    assert stage.check().findings == []


def test_what_was_moved_aside_is_never_overwritten(stage: Stage) -> None:
    """A blob that is damaged twice is kept twice."""
    for change in (flipped, truncated):
        stage.damage(stage.file_of(LAYER), change)
        stage.check(repair=True)
        stage.push(V2)
        stage.grow_old()
    kept = (stage.data / "blobs" / "damaged").iterdir()
    assert sorted(path.read_bytes() for path in kept) == sorted([flipped(LAYER), truncated(LAYER)])


def test_a_file_that_a_push_just_found_stays(stage: Stage) -> None:
    """Its link may be on its way; the next repair after five minutes takes it."""
    stage.damage(stage.file_of(LAYER), flipped)
    os.utime(stage.file_of(LAYER))
    found = stage.check(repair=True)
    assert found.open == ["blob-damaged"]
    assert "five minutes" in found.one("blob-damaged").to_do
    assert stage.file_of(LAYER).read_bytes() == flipped(LAYER)


def test_a_damaged_file_that_no_row_knows_is_moved_aside(stage: Stage) -> None:
    """The next push of that blob must not take it for whole."""
    one = Image("team/new", "v1", (b"nobody knows me",))
    stray = stage.file_of(one.layers[0])
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(flipped(one.layers[0]))
    os.utime(stray, (0, 0))
    assert stage.check(repair=True).open == []
    stage.push(one)
    assert stage.pulls(one)


def test_bytes_that_were_thrown_away_are_put_back(stage: Stage) -> None:
    """A linked blob whose whole bytes lie in the bin is as it was."""
    path = stage.file_of(SHARED)
    thrown = stage.data / "blobs" / "bin" / f"sha256-{path.name}"
    thrown.parent.mkdir(exist_ok=True)
    path.rename(thrown)
    found = stage.check(repair=True)
    assert (found.faults, found.open) == (["blob-missing"], [])
    assert all(map(stage.pulls, IMAGES))
    assert not thrown.exists()
    assert stage.check().findings == []


def test_damaged_bytes_in_the_bin_are_not_put_back(stage: Stage) -> None:
    """They are as good as none."""
    path = stage.file_of(LAYER)
    thrown = stage.data / "blobs" / "bin" / f"sha256-{path.name}"
    thrown.parent.mkdir(exist_ok=True)
    path.rename(thrown)
    stage.damage(thrown, flipped)
    assert stage.check(repair=True).open == []
    assert not path.exists()
    stage.push(V2)
    assert stage.pulls(V2)


def test_a_damaged_manifest_is_moved_aside(stage: Stage) -> None:
    """Its content and its tags are written down, and it can be pushed again."""
    digest = Digest.of(V2.manifest)
    stage.alter("UPDATE manifests SET content = ? WHERE digest = ?", b"broken", digest.text)
    found = stage.check(repair=True)
    assert (found.faults, found.open) == (["manifest-damaged"], [])
    assert "v2" in found.one("manifest-damaged").done
    (kept,) = (stage.data / "blobs" / "damaged").glob("manifest-*[!.json]")
    assert kept.read_bytes() == b"broken"
    facts = json.loads(Path(f"{kept}.json").read_text())
    assert (facts["repository"], facts["digest"], facts["tags"]) == (
        "team/app",
        digest.text,
        ["v2"],
    )
    assert stage.check().faults == []
    assert stage.pulls(V1)
    stage.push(V2)
    assert stage.pulls(V2)
    assert stage.check().findings == []


def test_a_link_without_a_row_goes(stage: Stage) -> None:
    """The next push makes both."""
    stage.alter("DELETE FROM blobs WHERE digest = ?", Digest.of(SHARED).text)
    stage.file_of(SHARED).unlink()
    assert stage.check(repair=True).open == []
    stage.push(V1)
    assert stage.pulls(V1)


def test_tags_that_lead_nowhere_are_left(stage: Stage) -> None:
    """Where it led is all that is known of the image; only a person may drop that."""
    stage.alter("DELETE FROM manifests WHERE digest = ?", Digest.of(V2.manifest).text)
    assert "tag-loose" in stage.check(repair=True).open
    stage.push(V2)
    assert stage.check().faults == []


def test_most_blobs_missing_is_no_reason_to_unlink(tmp_path: Path) -> None:
    """A folder that is not mounted comes back; its links must be there then."""
    layers = tuple(b"layer %d" % number for number in range(12))
    stage = Stage.filled(tmp_path / "data", [Image("team/app", "v1", layers)])
    blobs = stage.data / "blobs"
    blobs.rename(stage.data / "elsewhere")
    found = stage.check(repair=True)
    assert found.open == ["blob-missing"] * 13
    assert "--given-up" in found.findings[0].to_do
    # Folders without a file in them.
    shutil.rmtree(blobs)
    (stage.data / "elsewhere").rename(blobs)
    assert stage.check().findings == []
    for content in layers:
        stage.file_of(content).unlink()
    assert stage.check(repair=True, given_up=True).open == []


class MendingBesideAPush(SqliteMending):
    """A repair before whose transactions somebody else does something, once.

    Attributes:
        before: what they do, by the name of the transaction.
    """

    def __init__(self, database: Database, before: dict[str, Callable[[], object]]) -> None:
        super().__init__(database)
        self.before = before

    def quiet(self, work: Callable[[], T]) -> T:
        """Let them act, and go on."""
        self.before.pop("quiet", lambda: None)()
        return super().quiet(work)

    def forget_blob(self, digest: str, may: Callable[[], bool]) -> tuple[str, ...] | None:
        """Let them act, and go on."""
        self.before.pop("forget_blob", lambda: None)()
        return super().forget_blob(digest, may)

    def forget_manifest(
        self, key: ManifestKey, keep: Callable[[ManifestRow, tuple[str, ...]], bool], at: datetime
    ) -> tuple[str, ...] | None:
        """Let them act, and go on."""
        self.before.pop("forget_manifest", lambda: None)()
        return super().forget_manifest(key, keep, at)


def check_beside(stage: Stage, **before: Callable[[], object]) -> list[Finding]:
    """A repair of the folder during which others act at the named moments."""
    with closing(Database.open(stage.data / "pratique.db")) as database:
        check = Check(
            SqliteStructure(stage.data / "pratique.db"),
            SqliteRowsAsTheyAre(database),
            FilesystemExamination(FilesystemBlobs.open(stage.data), stage.data),
            MendingBesideAPush(database, before),
            now,
            lambda _: None,
        )
        return list(check.run(fast=False, repair=True))


def put_whole_bytes(stage: Stage) -> None:
    """Put a whole file in the place of the blob's, as old as all others."""
    path = stage.data / "whole"
    path.write_bytes(LAYER)
    os.utime(path, (1, 1))
    path.replace(stage.file_of(LAYER))


@pytest.mark.parametrize("change", [flipped, None])
@pytest.mark.parametrize(("moment", "told"), [("quiet", []), ("forget_blob", [Outcome.LEFT])])
def test_a_push_beside_a_repair_is_not_lost(
    stage: Stage, change: Callable[[bytes], bytes] | None, moment: str, told: list[Outcome]
) -> None:
    """A blob that is whole again since the look stays, and stays linked."""
    if change is None:
        stage.file_of(LAYER).unlink()
    else:
        stage.damage(stage.file_of(LAYER), change)
    findings = check_beside(stage, **{moment: lambda: put_whole_bytes(stage)})
    assert [finding.outcome for finding in findings] == told
    assert stage.pulls(V2)
    assert stage.check().findings == []


def test_a_manifest_that_is_whole_again_stays(stage: Stage) -> None:
    """Its content is read once more in the transaction that would take it away."""
    digest = Digest.of(V2.manifest).text
    put = "UPDATE manifests SET content = ? WHERE digest = ?"
    stage.alter(put, b"broken", digest)
    findings = check_beside(stage, forget_manifest=lambda: stage.alter(put, V2.manifest, digest))
    assert [finding.outcome for finding in findings] == [Outcome.LEFT]
    assert stage.pulls(V2)


def test_nobody_writes_while_it_is_quiet(stage: Stage) -> None:
    """A suspicion is looked at again with all other writers kept out."""
    with closing(Database.open(stage.data / "pratique.db")) as database:

        def others_may_write() -> bool:
            other = sqlite3.connect(stage.data / "pratique.db", timeout=0, isolation_level=None)
            with closing(other):
                try:
                    other.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    return False
            return True

        assert not SqliteMending(database).quiet(others_may_write)
        assert others_may_write()


def test_a_row_that_was_lost_is_written_again(stage: Stage) -> None:
    """Where links and whole bytes are there, nothing need be pushed."""
    stage.alter("DELETE FROM blobs WHERE digest = ?", Digest.of(SHARED).text)
    assert not stage.pulls(V1)
    assert stage.check(fast=True).faults == ["link-loose"]
    assert stage.check(repair=True, fast=True).open == []
    assert all(map(stage.pulls, IMAGES))
    assert stage.check().findings == []


def test_repair_twice_is_repair_once(stage: Stage) -> None:
    """The second finds nothing to do."""
    stage.damage(stage.file_of(LAYER), flipped)
    stage.file_of(SHARED).unlink()
    assert stage.check(repair=True).open == []
    assert stage.check(repair=True).faults == []


CONTENTS = sorted({content for one in IMAGES for content in one.blobs})
HARM = st.sampled_from(["flip", "truncate", "remove", "throw away", "touch", "forget"])


def harm(stage: Stage, content: bytes, how: str) -> None:
    """Do one kind of damage to a blob, if its file is there."""
    path = stage.file_of(content)
    if not path.exists():
        return
    thrown = stage.data / "blobs" / "bin" / f"sha256-{path.name}"
    thrown.parent.mkdir(exist_ok=True)
    match how:
        case "flip":
            stage.damage(path, flipped)
        case "truncate":
            stage.damage(path, truncated)
        case "remove":
            path.unlink()
        case "throw away":
            path.rename(thrown)
        case "touch":
            os.utime(path)
        case _:
            stage.alter("DELETE FROM blobs WHERE digest = ?", Digest.of(content).text)


def all_bytes(stage: Stage) -> Counter[bytes]:
    """The contents of all files of blobs, wherever they are."""
    return Counter(
        path.read_bytes() for path in (stage.data / "blobs").rglob("*") if path.is_file()
    )


def whole_and_linked(stage: Stage) -> set[tuple[str, bytes]]:
    """What can be pulled, blob by blob."""
    found = set()
    with filesystem_stores(stage.data) as stores:
        for one in IMAGES:
            for content in one.blobs:
                path = stage.file_of(content)
                size = stores.links.size(RepositoryName(one.repository), Digest.of(content))
                if asyncio.run(size) is None or not path.exists():
                    continue
                if path.read_bytes() == content:
                    found.add((one.repository, content))
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all images, to copy."""
    return Stage.filled(tmp_path_factory.mktemp("whole") / "data").data


@settings(max_examples=30)
@given(damage=st.lists(st.tuples(st.sampled_from(CONTENTS), HARM), max_size=6))
def test_no_byte_that_is_whole_is_lost(whole: Path, damage: list[tuple[bytes, str]]) -> None:
    """Whatever is damaged: what could be pulled still can, and every byte is somewhere."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(shutil.copytree(whole, Path(folder) / "data")))
        for content, how in damage:
            harm(stage, content, how)
        bytes_before, pullable = all_bytes(stage), whole_and_linked(stage)
        stage.check(repair=True)
        assert all_bytes(stage) == bytes_before
        assert pullable <= whole_and_linked(stage)
        stage.grow_old()
        assert stage.check(repair=True).open == []
        for one in IMAGES:
            stage.push(one)
        assert all(map(stage.pulls, IMAGES))
        assert stage.check().faults == []
