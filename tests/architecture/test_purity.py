"""The law and the names do no I/O: importing them loads nothing that could."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import pratique

_IMPURE = {"asyncio", "socket", "ssl", "sqlite3", "logging"}
_LIST = "import json, sys, {}; print(json.dumps(sorted(sys.modules)))"


def _loaded_by(module: str) -> set[str]:
    """The modules that a fresh interpreter has loaded once `module` is imported."""
    done = subprocess.run(
        [sys.executable, "-c", _LIST.format(module)], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("room", ["pratique.access", "pratique.naming"])
def test_room_loads_nothing_impure(room: str) -> None:
    """Neither an event loop, nor a socket, nor a database, nor a log comes along."""
    assert _loaded_by(room) & _IMPURE == set()


@pytest.mark.parametrize("module", sorted(_IMPURE))
def test_impure_module_would_be_seen(module: str) -> None:
    """A room that imported one of them would be caught, whatever the interpreter starts with."""
    assert module in _loaded_by(module)
    assert module not in _loaded_by("json")


def test_version_is_there_when_it_is_asked_for() -> None:
    """The package tells its version, and refuses other names as modules do."""
    assert pratique.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="has no attribute 'captain'"):
        _ = pratique.captain  # type: ignore[attr-defined]
