"""`pratique backup` and `pratique restore`: what comes back is what was there."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import stat
from collections import namedtuple
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.upkeep.stage import IMAGES, SHARED, Image, Stage, flipped

from pratique.assembly import is_prepared, open_registry, prepare, upkeep_of
from pratique.naming import Digest, RegistryName, RepositoryName, Tag
from pratique.observability import LineLog
from pratique.registry import LockChange, Locked, Locks
from pratique.registry.backup import BackupDone, BackupRefused, RestoreDone
from pratique.settings import Places
from pratique.testing.content_stores import filesystem_stores

V1, V2, OTHER = IMAGES
LAYER = V2.layers[0]


def unexpected() -> None:
    """No collection runs here."""
    pytest.fail("a collection was waited for")


def back_up(stage: Stage, target: Path, *, prune: bool = False, **how: bool) -> BackupDone:
    """Make a backup, or complete one."""
    upkeep = upkeep_of(Places(stage.data))
    with upkeep.backup(target, lambda _: None, unexpected, **how) as work:
        return work.run(prune=prune)


def restore(target: Path, data: Path, *, full: bool = False) -> RestoreDone:
    """Make a registry of a backup."""
    with upkeep_of(Places(data)).restore(target, lambda _: None, full=full) as work:
        return work.run(full=full)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where backups go."""
    return tmp_path / "backup"


def blob_in(target: Path, content: bytes) -> Path:
    """Where a backup has a blob."""
    return Stage(target).file_of(content)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("hard_links", [False, True])
def test_what_was_backed_up_comes_back(
    stage: Stage, target: Path, tmp_path: Path, *, full: bool, hard_links: bool
) -> None:
    """A restored registry has every image, finds no fault in itself, and serves."""
    done = back_up(stage, target, hard_links=hard_links)
    assert (done.record.contents.blobs, done.copied, done.record.lacking) == (4, 4, ())
    assert (done.record.contents.repositories, done.record.contents.tags) == (2, 3)
    restored = Stage(tmp_path / "restored")
    assert restore(target, restored.data, full=full).blobs == 4
    assert restored.check().findings == []
    assert all(map(restored.pulls, IMAGES))
    assert is_prepared(Places(restored.data))
    open_registry(Places(restored.data), LineLog(None)).close()
    restored.push(Image("team/new", "v1", (b"pushed afterwards",)))
    assert all(map(stage.pulls, IMAGES))


def test_locks_come_back(stage: Stage, target: Path, tmp_path: Path) -> None:
    """What was locked when it was backed up is locked when it is restored."""
    app, tag, lock = RepositoryName("team/app"), Tag("v1"), LockChange(lock=Locks.DELETE)
    with filesystem_stores(stage.data) as stores:
        assert asyncio.run(stores.items.change_locks(app, tag, lock))
    back_up(stage, target)
    restore(target, tmp_path / "restored")
    with filesystem_stores(tmp_path / "restored") as stores:
        found = asyncio.run(stores.items.tag(app, tag))
        assert found is not None
        assert found.locks == Locks.DELETE
        with pytest.raises(Locked):
            asyncio.run(stores.manifests.untag(app, tag, found.updated_at))


def test_only_what_is_new_is_copied(stage: Stage, target: Path) -> None:
    """The second backup skips what is there, and holds what came."""
    back_up(stage, target)
    before = blob_in(target, SHARED).stat().st_ino
    new = Image("team/app", "v3", (SHARED, b"new"))
    stage.push(new)
    assert back_up(stage, target).copied == 1
    assert blob_in(target, SHARED).stat().st_ino == before


def test_hard_links_take_no_room(stage: Stage, target: Path) -> None:
    """One file stands in both folders, where that is wanted, and only there."""
    back_up(stage, target, hard_links=True)
    assert blob_in(target, SHARED).samefile(stage.file_of(SHARED))
    shutil.rmtree(target)
    back_up(stage, target)
    assert not blob_in(target, SHARED).samefile(stage.file_of(SHARED))


def test_a_half_blob_in_the_target_is_copied_anew(stage: Stage, target: Path) -> None:
    """What has another size is no copy."""
    back_up(stage, target)
    blob_in(target, SHARED).write_bytes(SHARED[:3])
    assert back_up(stage, target).copied == 1
    assert blob_in(target, SHARED).read_bytes() == SHARED


def test_only_prune_deletes(stage: Stage, target: Path) -> None:
    """What the registry forgot stays in the target unless that is not wanted; the rest stays."""
    back_up(stage, target)
    digest = Digest.of(LAYER).text
    stage.alter("DELETE FROM repository_blobs WHERE digest = ?", digest)
    stage.alter("DELETE FROM blobs WHERE digest = ?", digest)
    assert back_up(stage, target).pruned == 0
    assert blob_in(target, LAYER).exists()
    (blob_in(target, LAYER).parent / "mine.txt").write_text("mine")
    done = back_up(stage, target, prune=True)
    assert (done.pruned, done.pruned_bytes) == (1, len(LAYER))
    assert not blob_in(target, LAYER).exists()
    assert blob_in(target, SHARED).exists()
    assert (blob_in(target, LAYER).parent / "mine.txt").exists()


def test_the_target_is_its_owners_alone(stage: Stage, target: Path) -> None:
    """It holds signing keys: nobody else may enter, even where the folder was there before."""
    target.mkdir(mode=0o755)
    back_up(stage, target, decisions=True)
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    for path in target.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_the_certificate_comes_along(stage: Stage, target: Path, tmp_path: Path) -> None:
    """Clients trust it, and would not trust another."""
    (stage.data / "tls").mkdir()
    (stage.data / "tls" / "key.pem").write_text("secret")
    back_up(stage, target)
    restore(target, tmp_path / "restored")
    assert (tmp_path / "restored" / "tls" / "key.pem").read_text() == "secret"


@pytest.mark.parametrize("wanted", [False, True])
def test_decisions_come_along_when_wanted(
    stage: Stage, target: Path, tmp_path: Path, *, wanted: bool
) -> None:
    """Refusals are copied only on request; sign-ins never are."""
    for name in ("decisions.db", "sign-ins.db", "attempts.db"):
        with closing(sqlite3.connect(stage.data / name)) as connection:
            connection.execute("CREATE TABLE any_rows (n)")
    back_up(stage, target, decisions=wanted)
    restore(target, tmp_path / "restored")
    assert (tmp_path / "restored" / "decisions.db").exists() == wanted
    names = {path.name for path in target.iterdir()}
    assert names == {"pratique.db", "blobs", "backup.json"} | (
        {"decisions.db"} if wanted else set()
    )


@pytest.mark.parametrize("where", [".", "inside", "inside/deeper", ".."])
def test_a_target_inside_the_data_folder_is_refused(stage: Stage, where: str) -> None:
    """Nor may the data folder lie in the target; nothing is made."""
    before = set(stage.data.parent.rglob("*"))
    with pytest.raises(BackupRefused, match="one in the other"):
        back_up(stage, stage.data / where)
    made = {path.name for path in set(stage.data.parent.rglob("*")) - before}
    assert made <= {"collection.lock"}


def test_a_link_into_the_data_folder_is_seen_through(stage: Stage, tmp_path: Path) -> None:
    """What counts is where the folder is."""
    (tmp_path / "link").symlink_to(stage.data)
    with pytest.raises(BackupRefused, match="one in the other"):
        back_up(stage, tmp_path / "link" / "inside")


def test_a_folder_with_other_things_is_refused(stage: Stage, target: Path) -> None:
    """Nobody's files are mixed with a backup."""
    target.mkdir()
    (target / "thesis.txt").write_text("mine")
    with pytest.raises(BackupRefused, match="is not empty"):
        back_up(stage, target)
    assert [path.name for path in target.iterdir()] == ["thesis.txt"]


def test_another_registrys_folder_is_no_target(stage: Stage, target: Path) -> None:
    """A registry that lives there is not overwritten."""
    prepare(Places(target), name=RegistryName("otherregistry"), login_server=None)
    with pytest.raises(BackupRefused, match="is not empty"):
        back_up(stage, target)


def test_room_is_asked_for_first(
    stage: Stage, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is too small is told with both numbers, before a blob is copied."""
    full = namedtuple("full", "f_bavail f_frsize")  # noqa: PYI024 - as the system gives it
    monkeypatch.setattr(os, "statvfs", lambda _: full(3, 1000))
    with pytest.raises(BackupRefused, match=r"this needs 16\.\d MB, .* has 3\.0 kB free"):
        back_up(stage, target)
    assert not list(target.rglob("*.db*"))


def test_a_damaged_blob_is_not_backed_up(stage: Stage, target: Path, tmp_path: Path) -> None:
    """The backup is made, says what it lacks, and keeps an earlier copy that is whole."""
    stage.damage(stage.file_of(LAYER), flipped)
    stage.file_of(b"{}").unlink()
    done = back_up(stage, target)
    assert set(done.record.lacking) == {Digest.of(LAYER), Digest.of(b"{}")}
    assert not blob_in(target, LAYER).exists()
    restored = Stage(tmp_path / "restored")
    assert restore(target, restored.data).record.lacking == done.record.lacking
    assert restored.check().open == ["blob-missing"] * 2
    assert restored.check(repair=True).open == []
    for one in IMAGES:
        restored.push(one)
    assert all(map(restored.pulls, IMAGES))


def test_an_earlier_whole_copy_outlives_damage(stage: Stage, target: Path) -> None:
    """A blob that has decayed since does not replace its copy."""
    back_up(stage, target)
    stage.damage(stage.file_of(LAYER), flipped)
    back_up(stage, target, prune=True)
    assert blob_in(target, LAYER).read_bytes() == LAYER


def test_a_damaged_database_replaces_no_backup(stage: Stage, target: Path, tmp_path: Path) -> None:
    """The earlier backup is as it was."""
    back_up(stage, target)
    path = stage.data / "pratique.db"
    stage.damage(path, lambda content: content[:8192] + bytes(8192) + content[16384:])
    with pytest.raises(BackupRefused, match="is damaged"):
        back_up(stage, target)
    restore(target, tmp_path / "restored")
    assert Stage(tmp_path / "restored").pulls(V1)


def test_two_at_once_are_refused(stage: Stage, target: Path) -> None:
    """One works in a target at a time."""
    with upkeep_of(Places(stage.data)).backup(target, lambda _: None, unexpected) as first:
        first.destination.begin(first.clock())
        waited: list[bool] = []
        other = Stage.filled(target.parent / "other")
        with (
            upkeep_of(Places(other.data)).backup(target, lambda _: None, waited.clear) as second,
            pytest.raises(BackupRefused, match="another backup or restore"),
        ):
            second.run(prune=False)
        first.destination.close()  # type: ignore[attr-defined]
    back_up(stage, target)


def test_what_lies_beside_an_old_database_does_not_spoil_the_new(
    stage: Stage, target: Path, tmp_path: Path
) -> None:
    """Somebody may have opened the backup as a registry, and been killed: its journal goes."""
    back_up(stage, target)
    Stage(target).alter("PRAGMA journal_mode = WAL")
    for suffix in ("-wal", "-shm"):
        (target / f"pratique.db{suffix}").write_bytes(b"")
    stage.push(Image("team/app", "v3", (b"new",)))
    back_up(stage, target)
    assert not list(target.glob("pratique.db-*"))
    restored = Stage(tmp_path / "restored")
    restore(target, restored.data)
    assert restored.check().findings == []
    assert restored.pulls(stage.images[-1])


class TestRefusedRestores:
    """A restore that cannot be whole makes no registry."""

    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        """Where the restore should go."""
        return tmp_path / "restored"

    def refused(self, target: Path, data: Path, words: str, *, full: bool = False) -> None:
        """See that it is refused, and makes no registry."""
        with pytest.raises(BackupRefused, match=words):
            restore(target, data, full=full)
        assert not (data / "pratique.db").exists()

    def test_no_backup(self, target: Path, data: Path) -> None:
        """A folder without the record is none."""
        target.mkdir()
        self.refused(target, data, "there is no backup in")

    def test_broken_off(self, stage: Stage, target: Path, data: Path) -> None:
        """One that was not finished says so."""
        back_up(stage, target)
        (target / "backup.json").rename(target / "unfinished")
        self.refused(target, data, "was broken off")
        assert not data.exists()

    @pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 1, "takenAt": "never"}'])
    def test_damaged_record(self, stage: Stage, target: Path, data: Path, text: str) -> None:
        """A record that cannot be read is refused."""
        back_up(stage, target)
        (target / "backup.json").write_text(text)
        self.refused(target, data, "is damaged")

    @pytest.mark.parametrize(
        ("change", "words"),
        [({"format": 2}, "has the format 2"), ({"lacking": ["x"]}, "is damaged")],
    )
    def test_other_record(
        self, stage: Stage, target: Path, data: Path, change: dict[str, Any], words: str
    ) -> None:
        """A record of a later format is refused."""
        back_up(stage, target)
        record = json.loads((target / "backup.json").read_text())
        (target / "backup.json").write_text(json.dumps({**record, **change}))
        self.refused(target, data, words)

    def test_missing_blob(self, stage: Stage, target: Path, data: Path) -> None:
        """A blob that the rows name must be there, before anything is copied."""
        back_up(stage, target)
        blob_in(target, SHARED).unlink()
        self.refused(target, data, str(Digest.of(SHARED)))
        assert not data.exists()

    def test_damaged_blob(self, stage: Stage, target: Path, data: Path) -> None:
        """With `--full` its digest is compared, and the folder can be restored into later."""
        back_up(stage, target)
        Stage(target).damage(blob_in(target, SHARED), flipped)
        self.refused(target, data, str(Digest.of(SHARED)), full=True)
        blob_in(target, SHARED).write_bytes(SHARED)
        restore(target, data, full=True)
        assert Stage(data).check().findings == []

    def test_damaged_manifest(self, stage: Stage, target: Path, data: Path) -> None:
        """With `--full` manifests are compared too."""
        back_up(stage, target)
        Stage(target).alter("UPDATE manifests SET content = ?", b"{}")
        self.refused(target, data, "manifest team/app@", full=True)

    def test_damaged_database(self, stage: Stage, target: Path, data: Path) -> None:
        """Its structure is looked at always."""
        back_up(stage, target)
        (target / "pratique.db").write_bytes(b"x" * 8192)
        self.refused(target, data, "the database of the backup is damaged")

    def test_newer_version(self, stage: Stage, target: Path, data: Path) -> None:
        """A schema that this version does not know is refused here, not at the first start."""
        back_up(stage, target)
        Stage(target).alter("INSERT INTO schema_steps VALUES ('9999_future')")
        self.refused(target, data, "newer version")

    def test_folder_in_use(self, stage: Stage, target: Path) -> None:
        """A registry that is there stays as it is."""
        back_up(stage, target)
        with pytest.raises(BackupRefused, match="is not empty"):
            restore(target, stage.data)
        assert all(map(stage.pulls, IMAGES))

    def test_folder_with_other_things(self, stage: Stage, target: Path, data: Path) -> None:
        """Nor is anything else mixed with it."""
        back_up(stage, target)
        data.mkdir()
        (data / "thesis.txt").write_text("mine")
        self.refused(target, data, "is not empty")

    def test_registry_that_came_meanwhile(self, stage: Stage, target: Path, data: Path) -> None:
        """Whoever starts a server there too early keeps what they made."""
        back_up(stage, target)
        with (
            upkeep_of(Places(data)).restore(
                target, lambda _: (data / "pratique.db").touch()
            ) as work,
            pytest.raises(BackupRefused, match="came into being meanwhile"),
        ):
            work.run(full=False)
        assert (data / "pratique.db").read_bytes() == b""
