"""A prepared folder, and a terminal beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal

from pratique.assembly import prepare
from pratique.naming import RegistryName
from pratique.settings import Places


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that was just made into a registry; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("prepared") / "data"
    prepare(Places(folder), name=RegistryName("pratique"), login_server="registry.example.com")
    return folder


@pytest.fixture
def data(prepared: Path, tmp_path: Path) -> Path:
    """A folder with a new registry."""
    folder = tmp_path / "data"
    shutil.copytree(prepared, folder)
    return folder


@pytest.fixture
def owner(data: Path, tmp_path: Path) -> Terminal:
    """The terminal of whoever owns the folder."""
    return Terminal(tmp_path / "home", ("--data", str(data)))
