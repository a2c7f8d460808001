"""`pratique gc`, and the lengths of time that it takes."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.support.live_server import pratique_command

from pratique.assembly import opened_collection, prepare
from pratique.cli.collection import in_words
from pratique.cli.program import program
from pratique.cli.spans import span
from pratique.naming import RegistryName
from pratique.settings import Places


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of a registry with one blob that nobody ever linked, two days old."""
    folder = tmp_path / "data"
    prepare(Places(folder), name=RegistryName("demoregistry"), login_server=None)
    place = folder / "blobs" / "sha256" / "ab"
    place.mkdir(parents=True)
    blob = place / f"ab{'0' * 62}"
    blob.write_bytes(b"x" * 2500)
    then = (datetime.now(UTC) - timedelta(days=2)).timestamp()  # noqa: TID251 - as files have it
    os.utime(blob, (then, then))
    return folder


def gc(data: Path, *words: str) -> str:
    """What `pratique gc` prints."""
    result = CliRunner().invoke(program, ["gc", "--data", str(data), *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_says_what_would_go_and_leaves_it(data: Path) -> None:
    """A dry run counts and deletes nothing."""
    assert "1 blobs (2.5 kB)" in gc(data, "--dry-run")
    assert json.loads(gc(data, "--dry-run", "--json"))["blobs"] == 1


def test_deletes(data: Path) -> None:
    """What is loose and old goes, once, and its room is free."""
    assert json.loads(gc(data, "--json"))["blob_bytes"] == 2500
    assert json.loads(gc(data, "--json"))["blobs"] == 0
    assert not [path for path in (data / "blobs").rglob("*") if path.is_file()]


def test_leaves_the_young(data: Path) -> None:
    """A longer grace leaves it."""
    assert json.loads(gc(data, "--json", "--grace", "3d"))["blobs"] == 0


def test_what_is_no_blob_stays(data: Path) -> None:
    """A file that the registry has not made is not the registry's to delete."""
    foreign = data / "blobs" / "sha256" / "ab" / "notes.txt"
    foreign.write_text("mine")
    os.utime(foreign, (0, 0))
    gc(data)
    assert foreign.read_text() == "mine"


def test_needs_a_registry(tmp_path: Path) -> None:
    """A folder without one is named."""
    result = CliRunner().invoke(program, ["gc", "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "there is no registry in" in result.output


def test_runs_beside_another(data: Path) -> None:
    """Two collections at once are no trouble."""
    with opened_collection(Places(data)):
        assert json.loads(gc(data, "--json"))["blobs"] == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [("30m", timedelta(minutes=30)), ("6h", timedelta(hours=6)), ("30d", timedelta(days=30))],
)
def test_reads_lengths_of_time(text: str, found: timedelta) -> None:
    """A number and a unit."""
    command = click.Command("any")
    assert span()(click.Context(command), click.Option(["--any"]), text) == found


@pytest.mark.parametrize("text", ["1m", "soon", "-1h", "2026-01-01", "", "never"])
def test_refuses_other_lengths(text: str) -> None:
    """What is too short or no length is refused, with the form to use."""
    with pytest.raises(click.BadParameter, match=r"30m|5m"):
        span()(click.Context(click.Command("any")), click.Option(["--any"]), text)


def test_never_is_a_length_where_it_is_allowed() -> None:
    """The word stands for none."""
    assert span("never")(click.Context(click.Command("a")), click.Option(["--a"]), "never") is None


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 bytes"), (999, "999 bytes"), (2_500, "2.5 kB"), (10**15, "1.0 PB")]
)
def test_tells_sizes(size: int, words: str) -> None:
    """In the largest unit of which there is one."""
    assert in_words(size) == words


def test_waits_for_a_backup(data: Path) -> None:
    """While somebody holds the turn nothing is collected, and whoever waits is told why."""
    with opened_collection(Places(data)) as (_, turn):
        with turn.held(lambda: None):
            waiting = subprocess.Popen(
                [*pratique_command(), "gc", "--data", str(data), "--json"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert waiting.stderr is not None
            assert "begins when it has ended" in waiting.stderr.readline()
            assert [path for path in (data / "blobs").rglob("*") if path.is_file()]
        printed, _ = waiting.communicate(timeout=60)
    assert json.loads(printed)["blobs"] == 1


def test_a_folder_that_is_being_restored_is_none(data: Path) -> None:
    """No verb takes it for a registry, and none makes a new one of it."""
    (data / "unfinished").touch()
    result = CliRunner().invoke(program, ["gc", "--data", str(data)])
    assert result.exit_code == 1
    assert "is being restored" in result.output
    served = CliRunner().invoke(program, ["serve", "--data", str(data), "--listen", "127.0.0.1:1"])
    assert served.exit_code == 1
    assert "is being restored" in served.output
