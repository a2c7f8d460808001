"""A worker that is killed at any step loses nothing acknowledged and shows nothing half-done."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

DRIVER = Path(__file__).with_name("crash_driver.py")


def test_killed_at_every_step(tmp_path: Path) -> None:
    """Whatever step of a push a process dies before, what is left is right and goes on."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(DRIVER), str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    crashes = [json.loads(line) for line in done.stdout.splitlines()]
    assert [crash for crash in crashes if crash["checked"] != 0] == []
    assert [crash["ended"] for crash in crashes[:-1]] == [-9] * (len(crashes) - 1)
    assert crashes[-1]["ended"] == 0
    # A push has dozens of steps; far fewer would mean that the driver no longer meets them.
    assert len(crashes) > 40
