"""`pratique demo`: behaves on a good registry, and says so when one does not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.support.live_server import LiveServer, live_server, pratique_command

from pratique.cli.demo_client import DockerLike, Refused
from pratique.cli.demo_image import build_image
from pratique.cli.demo_server import private_server
from pratique.cli.failures import Failed

pytestmark = pytest.mark.live


def _demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*pratique_command(), "demo", *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "TMPDIR": str(folder)},
    )


def test_demo_tells_every_step(tmp_path: Path) -> None:
    """Ten numbered steps, both reasons in Docker's words, with nothing left behind."""
    done = _demo(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    numbers = [line.split()[0] for line in done.stdout.splitlines() if "✓" in line]
    assert numbers == [str(n) for n in range(1, 11)]
    assert '/manifests/v1": unauthorized: authentication required, visit http://' in done.stdout
    assert "`demo-robot` does not have the permission" in done.stdout
    assert "\x1b" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_demo_tells_programs(tmp_path: Path) -> None:
    """The same steps as JSON."""
    done = _demo(tmp_path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert [step["step"] for step in told["steps"]] == list(range(1, 11))
    assert told["seconds"] > 0


def test_demo_that_is_ended_cleans_up(tmp_path: Path) -> None:
    """A signal in the middle ends the server and deletes its folder too."""
    demo = subprocess.Popen(
        [*pratique_command(), "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        text=True,
    )
    with demo:
        assert demo.stdout is not None
        host = demo.stdout.readline().split("listens on ")[1].split(",")[0]
        demo.terminate()
        demo.communicate(timeout=30)
    assert demo.returncode != 0
    assert list(tmp_path.iterdir()) == []
    name, _, port = host.partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((name, int(port)))


def test_server_that_does_not_start_is_told(tmp_path: Path) -> None:
    """What the server said before it ended is repeated."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "blobs").write_text("in the way")
    with (
        pytest.raises(Failed, match=r"the server did not start on 127\.0\.0\.1"),
        private_server(tmp_path),
    ):
        pytest.fail("it started")


@pytest.fixture
def open_server(tmp_path: Path) -> Iterator[LiveServer]:
    """A registry that is open to all."""
    with live_server(tmp_path / "data", workers=1) as started:
        started.pratique("anonymous-pull", "on")
        yield started


def test_client_is_admitted_and_refused_as_the_registry_says(open_server: LiveServer) -> None:
    """The demonstration's client does not refuse by itself, nor admit."""
    image = build_image()
    owner = DockerLike(open_server.url, open_server.owner)
    owner.push("demo/hello", "v1", image)
    owner.close()
    nobody = DockerLike(open_server.url, None)
    assert nobody.pull("demo/hello", "v1") == image
    with pytest.raises(Refused, match="unauthorized"):
        nobody.push("demo/hello", "v2", image)
    with pytest.raises(Failed, match="404"):
        nobody.pull("demo/hello", "v2")
    nobody.close()


def test_image_is_the_same_each_time() -> None:
    """Its digest does not depend on when or where it is built."""
    assert build_image() == build_image()


def test_demo_is_a_verb(tmp_path: Path) -> None:
    """Its help tells what will happen."""
    assert "Nothing is left behind" in Terminal(tmp_path).reads("demo", "-h")
