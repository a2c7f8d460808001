"""Fixtures: one registry, one workshop of clients, and the kinds of clients at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import pytest
from tests.clients.commands import Missing
from tests.clients.docker_engine import Docker
from tests.clients.stage import Stage, set_stage
from tests.clients.workshop import KINDS, Workshop
from tests.support.live_server import live_server

# Set to anything where every client must be there, as in continuous integration.
ALL_REQUIRED = "PRATIQUE_ALL_CLIENTS"
GO_CLIENTS = frozenset({"crane", "oras", "regctl", "helm"})


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A real registry, served by one worker, whose log has one order."""
    with live_server(tmp_path_factory.mktemp("registry") / "data", workers=1) as server:
        yield set_stage(server)


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    """Makes clients; their daemons end with the session."""
    # Podman takes no path above 50 characters, and pytest's own are longer in a shared run.
    with (
        TemporaryDirectory(prefix="w", ignore_cleanup_errors=True) as folder,
        ExitStack() as daemons,
    ):
        yield Workshop(Path(folder), daemons)


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest, workshop: Workshop) -> str:
    """Each kind of client in turn; those that this machine cannot run are skipped."""
    name: str = request.param
    try:
        workshop.client(name)
    except Missing as missing:
        _skip(name, missing)
    return name


@pytest.fixture
def docker(workshop: Workshop) -> Docker:
    """A Docker client to which nobody has logged in."""
    try:
        return workshop.docker()
    except Missing as missing:
        _skip("docker", missing)


def _skip(name: str, missing: Missing) -> NoReturn:
    # Go clients come from neither Debian nor PyPI; where they cannot be built they are left out.
    if os.environ.get(ALL_REQUIRED) and name not in GO_CLIENTS:
        pytest.fail(f"{name}: {missing}, and {ALL_REQUIRED} is set")
    pytest.skip(f"{name}: {missing}")
