"""`pratique check`, `backup` and `restore` as they are typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.cli.terminal import Outcome, Terminal
from tests.upkeep.stage import IMAGES, SHARED, Image, Stage, flipped

from pratique.cli.checking import NOTES_SHOWN
from pratique.cli.progress import ProgressLine
from pratique.naming import Digest


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """The terminal of whoever owns the folder."""
    return Terminal(tmp_path / "home")


def check(terminal: Terminal, stage: Stage, *words: str) -> Outcome:
    """Type `pratique check`."""
    return terminal.types("check", "--data", str(stage.data), *words)


def test_a_clean_folder(terminal: Terminal, stage: Stage) -> None:
    """The exit code is 0, and what was looked at is counted."""
    done = check(terminal, stage)
    assert done.code == 0
    assert "looked at: 4 blobs, 4 files, 3 manifests, 3 tags" in done.out
    assert "clean: 0 faults" in done.out
    assert done.err == ""


def test_faults_and_their_repair(terminal: Terminal, stage: Stage) -> None:
    """Faults end with 1, a repair that leaves none with 0, each with its place and words."""
    stage.file_of(SHARED).unlink()
    found = check(terminal, stage)
    assert found.code == 1
    assert f"fault     blob {Digest.of(SHARED)}" in found.out
    assert "to do: if a backup has it whole" in found.out
    assert "not clean: 1 fault," in found.out
    repaired = check(terminal, stage, "--repair")
    assert repaired.code == 0
    assert "done: unlinked; push what needs it again to team/app, team/other" in repaired.out
    assert check(terminal, stage).code == 0


def test_what_a_repair_leaves(terminal: Terminal, stage: Stage) -> None:
    """A fault that stays ends with 1."""
    stage.alter("UPDATE manifests SET size = 1")
    assert check(terminal, stage, "--repair").code == 1


def test_programs_get_all_of_it(terminal: Terminal, stage: Stage) -> None:
    """As JSON, with the same exit code."""
    stage.damage(stage.file_of(SHARED), flipped)
    done = check(terminal, stage, "--json")
    assert done.code == 1
    content = json.loads(done.out)
    assert (content["clean"], content["counts"]["fault"], content["left_off"]) == (False, 1, 0)
    (finding,) = content["findings"]
    assert (finding["kind"], finding["fault"], finding["outcome"]) == (
        "blob-damaged",
        True,
        "found",
    )
    assert json.loads(check(terminal, stage, "--json", "--fast").out)["clean"] is True


def test_many_notes_are_counted(terminal: Terminal, tmp_path: Path) -> None:
    """A store of sparse images does not flood the terminal."""
    stage = Stage.filled(tmp_path / "data", ())
    for number in range(NOTES_SHOWN + 3):
        stage.push(Image("team/app", f"v{number}", (b"here", b"elsewhere %d" % number)))
    stage.alter(
        "DELETE FROM repository_blobs WHERE digest != ? AND digest != ?",
        *(Digest.of(content).text for content in (b"here", b"{}")),
    )
    done = check(terminal, stage)
    assert done.code == 0
    assert done.out.count("references") == NOTES_SHOWN
    assert "more notes" in done.out


def test_a_damaged_row_moves_no_cursor(terminal: Terminal, stage: Stage) -> None:
    """What a damaged store holds is shown as text."""
    stage.alter("INSERT INTO blobs VALUES (?, 1, 1)", "\x1b[2Jgone")
    assert "\x1b" not in check(terminal, stage).out


@pytest.mark.parametrize("verb", [["check"], ["backup", "target"]])
def test_a_folder_without_a_registry(terminal: Terminal, tmp_path: Path, verb: list[str]) -> None:
    """It is named, and nothing is made in it."""
    data = tmp_path / "empty"
    data.mkdir()
    done = terminal.types(*verb, "--data", str(data))
    assert done.code == 1
    assert f"there is no registry in {data}" in done.err
    assert list(data.iterdir()) == []


def test_backup_and_restore(terminal: Terminal, stage: Stage, tmp_path: Path) -> None:
    """Both say what they did, to people and to programs."""
    target, data = str(tmp_path / "backup"), str(tmp_path / "restored")
    done = terminal.types("backup", target, "--data", str(stage.data))
    assert done.code == 0
    assert "2 repositories, 3 tags, 3 manifests, 4 blobs" in done.out
    again = terminal.types("backup", target, "--data", str(stage.data), "--prune", "--json")
    assert (json.loads(again.out)["copied"], json.loads(again.out)["pruned"]) == (0, 0)
    restored = terminal.types("restore", target, "--data", data)
    assert restored.code == 0
    assert f"pratique serve --data {data}" in restored.out
    assert all(map(Stage(Path(data)).pulls, IMAGES))
    refused = terminal.types("restore", target, "--data", data, "--json")
    assert refused.code == 1
    assert "is not empty" in json.loads(refused.err)["error"]["message"]


def test_what_a_backup_lacks_is_told(terminal: Terminal, stage: Stage, tmp_path: Path) -> None:
    """On standard error, by both."""
    stage.damage(stage.file_of(SHARED), flipped)
    target = str(tmp_path / "backup")
    done = terminal.types("backup", target, "--data", str(stage.data))
    assert "warning: the registry itself does not have 1 blobs whole" in done.err
    restored = terminal.types("restore", target, "--data", str(tmp_path / "restored"))
    assert "warning: the backup never had 1 blobs whole" in restored.err


def test_a_terminal_sees_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, in its place, and gone at the end; not at every step, and nowhere else."""
    ProgressLine().show("no terminal")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    line = ProgressLine()
    line.show("blobs: 1 of 9")
    line.show("blobs: 2 of 9")
    line.clear()
    line.clear()
    assert capsys.readouterr().err == "\r\x1b[Kblobs: 1 of 9\r\x1b[K"
