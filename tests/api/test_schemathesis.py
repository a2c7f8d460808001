"""Schemathesis against a live server: it does not fail, and answers only what is described.

The same seed each time, and so many examples that it ends within a minute; what longer runs found
stands as plain tests in `test_bad_requests.py`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.live_server import LiveServer, live_server

from pratique.http.documents.endpoint import MANAGEMENT_PATH

pytestmark = pytest.mark.live
# `ignored_auth` takes no 429 for wrong sign-ins that are too many; the matrices ask who is let in.
# What is described leaves out what only the law and the directory know, so that good data may be
# refused; and what a run deletes cannot be there for the rest of it.
LEFT_OUT = (
    "ignored_auth",
    "positive_data_acceptance",
    "ensure_resource_availability",
    "use_after_free",
)


@dataclass(frozen=True)
class Stage:
    """A server, and callers with all rights and with few."""

    server: LiveServer
    callers: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Without limits on requests, which would be all that is tested."""
    folder = tmp_path_factory.mktemp("schemathesis") / "data"
    with live_server(folder, options=("--limits", "none")) as server:
        yield Stage(
            server,
            {
                "owner": _principal(server, "all-rights", "Owner", "/"),
                "reader": _principal(server, "few-rights", "Reader", "registry"),
            },
        )


def _principal(server: LiveServer, name: str, role: str, scope: str) -> tuple[str, str]:
    made = server.pratique("sp", "create", name)
    server.pratique("role", "assign", role, "--to", made["object_id"], "--scope", scope)
    return made["client_id"], made["secret"]


@pytest.mark.parametrize(
    ("who", "phases", "examples"), [("owner", "coverage,fuzzing", 1), ("reader", "fuzzing", 2)]
)
def test_nothing_is_found(
    stage: Stage, tmp_path: Path, who: str, phases: str, examples: int
) -> None:
    """Every operation, with what it takes and with what it does not take."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"{stage.server.url}{MANAGEMENT_PATH}",
            *("--auth", ":".join(stage.callers[who])),
            *("--seed", "1", "--max-examples", str(examples), "--phases", phases),
            *("--exclude-checks", ",".join(LEFT_OUT), "--continue-on-failure", "--no-color"),
            *("--request-timeout", "20", "--warnings", "off"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in stage.server.log.read_text()
