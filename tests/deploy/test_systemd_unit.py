"""The systemd unit: valid, hardened, and patient enough for a graceful stop."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pratique.assembly import DATABASE_FILE
from pratique.cli.server import DRAIN_SECONDS

UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "pratique.service"
# systemd's own score: 10 is exposed, 2 and less is called OK.
MOST_EXPOSED = 2.0


def settings() -> dict[str, list[str]]:
    """Every setting with its values in order."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a command that is on every machine."""
    text = UNIT.read_text(encoding="utf-8").replace("/usr/local/bin/pratique", "/bin/true")
    path = tmp_path / UNIT.name
    path.write_text(text)
    return path


def analyze(*words: str) -> str:
    """What `systemd-analyze` says; the test is skipped where it is not."""
    command = shutil.which("systemd-analyze")
    if command is None:
        pytest.skip("NOT TESTED: systemd-analyze is not on this machine")
    done = subprocess.run(
        [command, *words], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_accepts_the_unit(unit: Path) -> None:
    """No unknown setting, no wrong value, nothing to warn of."""
    assert analyze("verify", str(unit)).strip() == ""


def test_systemd_finds_it_little_exposed(unit: Path) -> None:
    """By systemd's own score for the hardening of a service."""
    told = analyze("security", "--offline=yes", "--no-pager", str(unit))
    score = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert score is not None, told
    assert float(score.group(1)) <= MOST_EXPOSED


def test_systemd_waits_until_a_stop_is_over() -> None:
    """The parent alone is told to stop, and is not killed before its workers would be."""
    found = settings()
    delay = next(
        float(value.partition("=")[2])
        for value in found["Environment"]
        if value.startswith("PRATIQUE_DRAIN_DELAY=")
    )
    assert found["KillMode"] == ["mixed"]
    assert float(found["TimeoutStopSec"][0]) > delay + DRAIN_SECONDS


def test_its_folder_is_the_one_that_systemd_makes() -> None:
    """The data folder is the service's own, closed to others."""
    found = settings()
    assert f"PRATIQUE_DATA=/var/lib/{found['StateDirectory'][0]}" in found["Environment"]
    assert found["StateDirectoryMode"] == ["0700"]
    # A first start would write the owner's password into the journal.
    assert found["AssertPathExists"] == [f"/var/lib/{found['StateDirectory'][0]}/{DATABASE_FILE}"]
    assert found["DynamicUser"] == found["NoNewPrivileges"] == ["yes"]
