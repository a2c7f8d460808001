"""A backup that is killed is no backup, and the next one completes it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_kill_at_any_step_leaves_no_half_backup(tmp_path: Path) -> None:
    """A restore is refused or brings all; what an earlier backup had comes back at each moment."""
    command = [sys.executable, "-m", "tests.upkeep.kill_driver", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    kills = [json.loads(line) for line in done.stdout.splitlines()]
    first = [kill for kill in kills if not kill["earlier"]]
    again = [kill for kill in kills if kill["earlier"]]
    assert len(first) > 20
    assert len(again) > 15
    for kill in kills:
        assert kill["completed"] == ["v1", "v2", "v3"]
        assert kill["left"] == ["backup.json", "blobs", "pratique.db"]
    for kill in first:
        refused = "was broken off" in kill["after"] or "there is no backup in" in kill["after"]
        assert refused or kill["after"] == ["v1", "v2", "v3"]
    assert sum("was broken off" in kill["after"] for kill in first) > 15
    for kill in again:
        assert kill["after"] in (["v1", "v2"], ["v1", "v2", "v3"])
