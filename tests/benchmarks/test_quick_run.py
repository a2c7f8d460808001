"""`python -m benchmarks --quick`: every work runs to its end and every figure is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from benchmarks.works import WORKS
from tests.support.slapd import ALL_REQUIRED

pytestmark = pytest.mark.live

_PROJECT = Path(__file__).parents[2]
_PEERS_OF_WORKS = {
    "manifests": {"nginx", "pratique"},
    "blobs": {"nginx", "pratique"},
    "ranges": {"nginx", "pratique"},
    "pushes": {"pratique"},
    "cold-pulls": {"nginx", "pratique"},
    "tls": {"pratique", "pratique, TLS"},
    "many-tags": {"one repository", "all repositories"},
    "memory": set(),
    "starts": set(),
}


def test_a_quick_run_measures_every_work(tmp_path: Path) -> None:
    """Beside nginx alone, each work gives a figure for each server, JSON and a picture."""
    missing = [name for name in ("wrk", "nginx") if shutil.which(name) is None]
    if missing:
        assert ALL_REQUIRED not in os.environ, f"missing programmes: {missing}"
        pytest.skip(f"the benchmarks need {' and '.join(missing)}")
    figures, picture = tmp_path / "figures.json", tmp_path / "figures.svg"
    command = [
        *(sys.executable, "-m", "benchmarks", "--quick", "--peers", "nginx", "--rounds", "1"),
        *("--json", str(figures), "--plot", str(picture)),
    ]
    done = subprocess.run(
        command, cwd=_PROJECT, check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = {work["work"]: work for work in json.loads(figures.read_text())["works"]}
    measured = {
        name: {server for series in work["series"] for server in series["rates"]}
        for name, work in told.items()
    }
    assert measured == _PEERS_OF_WORKS
    assert [*told] == [work.name for work in WORKS]
    rates = [
        rate
        for work in told.values()
        for series in work["series"]
        for of_server in series["rates"].values()
        for rate in of_server
    ]
    assert rates
    assert all(rate > 0 for rate in rates)
    assert {figure["name"] for figure in told["memory"]["figures"]} == {
        "idle worker",
        "uploading worker",
    }
    assert "pratique / nginx" in done.stdout
    assert ET.parse(picture).getroot().tag.endswith("svg")  # noqa: S314 - our own
