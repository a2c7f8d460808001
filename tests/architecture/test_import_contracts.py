"""Arrows between rooms point down: import-linter's contracts of `pyproject.toml` hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.architecture.source_tree import PROJECT, SOURCES

_CHECK = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(config_filename=sys.argv[1], no_cache=True))
"""
_TWO_ROOMS = """
[importlinter]
root_package = port

[importlinter:contract:1]
name = Arrows point down
type = layers
layers =
    port.upper
    port.lower
"""


def _contracts(folder: Path, config: str, sources: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _CHECK, config],
        cwd=folder,
        env={"PATH": "", "PYTHONPATH": str(sources), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_is_kept() -> None:
    """No import breaks a contract, and no contract speaks of a room that does not exist."""
    done = _contracts(PROJECT, "pyproject.toml", SOURCES.parent)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_arrow_that_points_up_is_found(tmp_path: Path) -> None:
    """The check fails on a room that imports the one above it, and names the module."""
    for name, text in {
        "port/__init__.py": "",
        "port/upper.py": "",
        "port/lower.py": "from port import upper\n",
        "contracts.ini": _TWO_ROOMS,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = _contracts(tmp_path, "contracts.ini", tmp_path)
    assert done.returncode == 1
    assert "port.lower -> port.upper" in done.stdout
