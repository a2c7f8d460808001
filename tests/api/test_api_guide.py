"""The guide to the API: its commands work as they stand, and its refusal is the server's."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.live_server import LiveServer, live_server
from tests.wire.governing import Robot, running

from pratique.testing.loops import in_loop

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "api.md").read_text(encoding="utf-8")
COMMANDS = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)).replace("\\\n", "")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One that serves."""
    with live_server(tmp_path_factory.mktemp("guide") / "data", workers=1) as live:
        yield live


@pytest.mark.live
def test_commands_of_the_guide(server: LiveServer, tmp_path: Path) -> None:
    """Each is typed as it stands, and none is refused."""
    made = server.pratique("sp", "create", "governor")
    server.pratique("role", "assign", "Owner", "--to", made["object_id"], "--scope", "/")
    given = {"URL": server.url, "CLIENT_ID": made["client_id"], "SECRET": made["secret"]}
    commands = [line for line in COMMANDS.splitlines() if line]
    assert len(commands) == 7
    for command in commands:
        done = subprocess.run(
            ["sh", "-c", command.replace("curl -s", "curl -sS --fail-with-body")],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env={**os.environ, **given},
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        answer = done.stdout or (tmp_path / "openapi.json").read_text(encoding="utf-8")
        assert "errors" not in json.loads(answer)


@in_loop
async def test_refusal_of_the_guide() -> None:
    """It is what the server says."""
    (shown,) = re.findall(r"```json\n(.*?)\n```", PAGE)
    async with running() as registry:
        robot = await Robot.make(registry, "robot", "Reader")
        status, answer = await robot.calls("GET", "/audit/entries?limt=3")
    assert status == 400
    assert answer == json.loads(shown)
