"""`pratique check` without `--repair`: each kind of damage is found, and nothing else is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.upkeep.stage import CONFIG, IMAGES, SHARED, Image, Stage, flipped

from pratique.naming import Digest
from pratique.testing.content_builders import image

V1, V2, OTHER = IMAGES
LAYER = V2.layers[0]


def everything(folder: Path) -> dict[str, tuple[bytes, float]]:
    """Names, bytes and times of all files, save those of SQLite's bookkeeping."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime)
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("pratique.db")
    }


def test_a_whole_store_is_clean(stage: Stage) -> None:
    """Nothing is found where nothing is wrong."""
    assert stage.check().findings == []
    assert stage.check(fast=True).findings == []


def test_a_flipped_bit_is_found(stage: Stage) -> None:
    """A blob whose bytes changed is found by its digest, and named."""
    stage.damage(stage.file_of(LAYER), flipped)
    found = stage.check()
    assert found.faults == ["blob-damaged"]
    finding = found.one("blob-damaged")
    assert finding.where == f"blob {Digest.of(LAYER)}"
    assert str(Digest.of(flipped(LAYER))) in finding.what


def test_fast_reads_no_blobs(stage: Stage) -> None:
    """By size alone a flipped bit is not seen."""
    stage.damage(stage.file_of(LAYER), flipped)
    assert stage.check(fast=True).faults == []


@pytest.mark.parametrize("fast", [False, True])
def test_a_truncated_blob_is_found(stage: Stage, *, fast: bool) -> None:
    """A blob that is too short is found without reading it."""
    stage.damage(stage.file_of(LAYER), lambda content: content[:5])
    found = stage.check(fast=fast)
    assert found.faults == ["blob-damaged"]
    assert found.one("blob-damaged").what == f"its file has 5 bytes instead of {len(LAYER)}"


def test_a_missing_blob_is_found(stage: Stage) -> None:
    """A linked blob without its file is a fault."""
    stage.file_of(SHARED).unlink()
    assert stage.check().faults == ["blob-missing"]


def test_a_row_that_no_link_needs_is_a_note(stage: Stage) -> None:
    """A crash in a collection may leave the row of a blob whose bytes have gone."""
    stage.file_of(LAYER).unlink()
    stage.alter("DELETE FROM repository_blobs WHERE digest = ?", Digest.of(LAYER).text)
    found = stage.check()
    assert found.faults == []
    assert "row-left" in found.notes


def test_a_link_without_a_row_is_found(stage: Stage) -> None:
    """A link to a blob that no row knows cannot be pulled."""
    stage.alter("DELETE FROM blobs WHERE digest = ?", Digest.of(SHARED).text)
    stage.file_of(SHARED).unlink()
    assert stage.check().faults == ["blob-missing"]


def test_an_old_file_that_no_row_knows_is_a_note(stage: Stage) -> None:
    """Collection takes it; it harms nobody."""
    stray = stage.file_of(b"nobody knows me")
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"nobody knows me")
    assert stage.check().findings == []
    os.utime(stray, (0, 0))
    found = stage.check()
    assert (found.faults, found.notes) == ([], ["blob-left"])


def test_a_damaged_file_that_no_row_knows_is_a_fault(stage: Stage) -> None:
    """The next push of that blob would take it for whole."""
    stray = stage.file_of(b"nobody knows me")
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(flipped(b"nobody knows me"))
    assert stage.check().faults == ["blob-damaged"]


def test_foreign_files_are_notes(stage: Stage) -> None:
    """What is no blob, or lies where none belongs, is named and left."""
    blobs = stage.data / "blobs"
    (blobs / "notes.txt").write_text("mine")
    (blobs / "sha256" / "README").write_text("mine")
    misplaced = blobs / "sha256" / "zz"
    misplaced.mkdir()
    (misplaced / Digest.of(LAYER).hex).write_bytes(LAYER)
    found = stage.check(repair=True)
    assert (found.faults, found.notes) == ([], ["file-foreign"] * 3)
    assert (misplaced / Digest.of(LAYER).hex).exists()


def test_a_damaged_manifest_is_found(stage: Stage) -> None:
    """A manifest whose content is not what its digest says is found."""
    digest = Digest.of(V2.manifest).text
    assert stage.alter("UPDATE manifests SET content = ? WHERE digest = ?", b"{}", digest) == 1
    found = stage.check()
    assert found.faults == ["manifest-damaged"]
    assert found.one("manifest-damaged").where == f"manifest team/app@{digest}"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM manifest_references WHERE digest = ? AND kind = 'layer'",
        "UPDATE manifest_references SET target = 'sha256:0' WHERE digest = ? AND kind = 'layer'",
        "INSERT INTO manifest_references VALUES ('team/app', ?, 'layer', 'sha256:0')",
        "UPDATE manifests SET media_type = 'text/plain' WHERE digest = ?",
        "UPDATE manifests SET size = 1 WHERE digest = ?",
    ],
)
def test_rows_that_differ_from_the_manifest_are_found(stage: Stage, statement: str) -> None:
    """What the rows say of a manifest is compared with its content; a push puts it right."""
    stage.alter(statement, Digest.of(V2.manifest).text)
    assert stage.check().faults == ["manifest-misread"]
    stage.push(V2)
    sizes = "size" in statement
    assert stage.check().faults == (["manifest-misread"] if sizes else [])


def test_a_tag_without_its_manifest_is_found(stage: Stage) -> None:
    """A tag that leads nowhere is named, with where it led."""
    stage.alter("DELETE FROM manifests WHERE digest = ?", Digest.of(V2.manifest).text)
    found = stage.check()
    assert found.one("tag-loose").where == "tag team/app:v2"
    # What the manifest referenced has lost its owner too.
    assert found.faults == ["rows-loose", "tag-loose"]


def test_a_sparse_manifest_is_a_note(stage: Stage) -> None:
    """A manifest that lacks some layers may be there, and is told."""
    unpushed = b"a layer that is elsewhere"
    stage.push(Image("team/app", "full", (SHARED, unpushed)))
    stage.alter("DELETE FROM repository_blobs WHERE digest = ?", Digest.of(unpushed).text)
    found = stage.check()
    assert (found.faults, found.notes) == ([], ["manifest-sparse"])
    assert str(Digest.of(unpushed)) in found.one("manifest-sparse").what


@pytest.mark.parametrize("row", ["not a digest", "sha256:12", "md5:" + "0" * 32])
def test_a_row_without_a_name_is_found(stage: Stage, row: str) -> None:
    """A digest that cannot be one is told and never becomes a path."""
    stage.alter("INSERT INTO blobs VALUES (?, 1, 1)", row)
    assert stage.check(repair=True).faults == ["row-unreadable"]


def test_a_damaged_database_ends_the_check(stage: Stage) -> None:
    """Rows that could say anything are not gone by, least of all for a repair."""
    path = stage.data / "pratique.db"
    stage.damage(path, lambda content: content[:4096] + bytes(8192) + content[12288:])
    stage.file_of(LAYER).unlink()
    found = stage.check(repair=True)
    assert set(found.faults) == {"database-damaged"}


def test_a_file_that_is_no_database_is_told(stage: Stage) -> None:
    """Even the first page may be gone."""
    (stage.data / "pratique.db").write_bytes(b"x" * 10_000)
    assert stage.check().faults == ["database-damaged"]


def test_broken_uploads_are_notes(stage: Stage) -> None:
    """An upload that lost its bytes, or its session, is told once nobody writes to it."""
    uploads = stage.data / "uploads"
    (uploads / "aaaaaaaa.session").write_text(f"{100:020d}\nteam/app")
    (uploads / "bbbbbbbb.session").write_text("what")
    (uploads / "cccccccc.session").write_text(f"{2:020d}\nteam/app")
    (uploads / "cccccccc").write_bytes(b"xy")
    assert stage.check().findings == []
    for session in uploads.glob("*.session"):
        os.utime(session, (0, 0))
    assert stage.check().notes == ["upload-broken"] * 2


def test_looking_changes_nothing(stage: Stage) -> None:
    """Without `--repair` every file stays as it is, whatever is wrong."""
    stage.damage(stage.file_of(LAYER), flipped)
    stage.file_of(SHARED).unlink()
    stage.alter(
        "UPDATE manifests SET content = ? WHERE digest = ?", b"{}", Digest.of(V2.manifest).text
    )
    before = everything(stage.data)
    assert len(stage.check().faults) == 3
    assert everything(stage.data) == before


def test_every_finding_says_what_to_do(stage: Stage) -> None:
    """No finding is without its place, its words and a way on."""
    stage.damage(stage.file_of(LAYER), flipped)
    stage.file_of(SHARED).unlink()
    stage.alter(
        "UPDATE manifests SET content = ? WHERE digest = ?", b"{}", Digest.of(V2.manifest).text
    )
    for finding in (*stage.check().findings, *stage.check(repair=True).findings):
        assert finding.where
        assert finding.what
        assert finding.to_do


def test_many_rows_come_in_steps(tmp_path: Path) -> None:
    """More rows than one step reads are all looked at."""
    stage = Stage.filled(tmp_path / "data", ())
    content = image((), CONFIG)
    stage.push(Image("team/app", "first", ()))
    digest = Digest.of(content).text
    stage.alter(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) "
        "INSERT INTO tags SELECT 'team/app', printf('t%05d', i), "
        "CASE WHEN i % 2 THEN ? ELSE 'sha256:gone' END, 1, 1, 0 FROM n",
        digest,
    )
    assert stage.check().faults == ["tag-loose"] * 600
