"""`pratique denials --follow` beside a running server, ended by Ctrl-C."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import IO, Any

import pytest
from tests.cli.terminal import Terminal
from tests.support.live_server import (
    LiveServer,
    end,
    free_port,
    live_server,
    pratique_command,
    wait_until_it_answers,
)

pytestmark = pytest.mark.live

DEADLINE_SECONDS = 30.0


def eventually(what: str, true: Callable[[], bool]) -> None:
    """Return once it is true; fail when that takes too long."""
    end_at = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end_at:
        if true():
            return
        time.sleep(0.05)
    pytest.fail(f"{what} did not happen")


def refused(url: str, repository: str, credentials: tuple[str, str]) -> str:
    """Have a pull refused; the id of the decision."""
    proof = base64.b64encode(":".join(credentials).encode()).decode()
    connection = HTTPConnection(url.removeprefix("http://"), timeout=20)
    headers = {"authorization": f"Basic {proof}"}
    with closing(connection):
        connection.request("GET", f"/v2/{repository}/manifests/v1", headers=headers)
        answer = connection.getresponse()
        answer.read()
    assert answer.status in {401, 403}
    return str(answer.headers["x-pratique-decision"])


class Following:
    """A running `pratique denials --follow`, and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        pipes = ((process.stdout, self.out), (process.stderr, self.err))
        self._readers = [Thread(target=_read, args=pipe) for pipe in pipes]
        for reader in self._readers:
            reader.start()

    def shows(self, text: str) -> None:
        """Wait until a refusal with this text is printed."""
        eventually(f"a line with {text}", lambda: any(text in line for line in self.out))

    def says(self, text: str) -> None:
        """Wait until this is said on standard error."""
        eventually(f"the word {text}", lambda: any(text in line for line in self.err))

    def interrupt(self) -> int:
        """Press Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> int:
        """Wait until it ends and everything is read; the exit code."""
        code = self.process.wait(timeout=DEADLINE_SECONDS)
        for reader in self._readers:
            reader.join(DEADLINE_SECONDS)
        return code


def _read(pipe: IO[str], lines: list[str]) -> None:
    with pipe:
        lines.extend(line.rstrip("\n") for line in pipe)


def _heeds_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def following(home: Path, *words: str) -> Iterator[Following]:
    """The verb in a process of its own, which has begun to follow."""
    process = subprocess.Popen(
        [*pratique_command(), "denials", "--follow", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_CONFIG_HOME": str(home)},
        # Whoever runs the tests in the background has Ctrl-C ignored, which a child inherits.
        preexec_fn=_heeds_interrupts,  # noqa: PLW1509 - it sets one signal, and takes no lock
    )
    follow = Following(process)
    try:
        yield follow
    finally:
        process.kill()
        follow.ended()


@dataclass(frozen=True)
class Robot:
    """A service principal without a role."""

    name: str
    credentials: tuple[str, str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server for all tests of this module but one."""
    with live_server(tmp_path_factory.mktemp("followed") / "data", workers=2) as started:
        yield started


@pytest.fixture
def robot(server: LiveServer, request: pytest.FixtureRequest) -> Robot:
    """One for this test."""
    name = request.node.name.removeprefix("test_").replace("_", "-")
    made = server.pratique("sp", "create", name)
    return Robot(name, (made["client_id"], made["secret"]))


@pytest.fixture
def home(server: LiveServer, tmp_path: Path) -> Path:
    """The home of the owner, who has logged in."""
    owner, password = server.owner
    Terminal(tmp_path).reads("login", server.host, "-u", owner, "-p", password)
    return tmp_path


def names(lines: list[str]) -> list[str]:
    """The repositories of the lines, in order."""
    return [word.partition("/")[2] for line in lines for word in line.split() if "team/" in word]


def test_refusals_are_printed_as_they_come(server: LiveServer, robot: Robot, home: Path) -> None:
    """The last that stood already, then each new one, once, in order; Ctrl-C ends with 130."""
    for number in range(4):
        refused(server.url, f"team/old{number}", robot.credentials)
    time.sleep(1)
    with following(home, "--principal", robot.name, "--limit", "2") as follow:
        follow.shows("team/old3")
        ids = []
        for number in range(3):
            ids.append(refused(server.url, f"team/new{number}", robot.credentials))
            refused(server.url, f"team/other{number}", ("nobody", "wrong"))
            follow.shows(f"team/new{number}")
        # Two more looks find nothing that was shown before.
        time.sleep(2.5)
        code = follow.interrupt()
    assert code == 130
    assert names(follow.out) == ["old2", "old3", "new0", "new1", "new2"]
    assert [line.split()[-1] for line in follow.out[2:]] == ids
    hint, heading = follow.err
    assert (hint, heading.split()[-1]) == (
        "pratique why ID shows one in full; Ctrl-C ends",
        "DECISION",
    )


def test_many_at_once_are_each_printed_once(server: LiveServer, robot: Robot, home: Path) -> None:
    """From both workers, which write when they please; as lines of JSON for programmes."""
    with following(home, "--principal", robot.name, "--json") as follow:
        first = refused(server.url, "team/first", robot.credentials)
        follow.shows(first)
        ids = [refused(server.url, f"team/{n}", robot.credentials) for n in range(150)]
        eventually("all lines", lambda: len(follow.out) >= 1 + len(ids))
        time.sleep(2.5)
        assert follow.interrupt() == 130
    rows: list[dict[str, Any]] = [json.loads(line) for line in follow.out]
    assert sorted(row["decision_id"] for row in rows) == sorted([first, *ids])
    assert rows[0]["decision_id"] == first
    assert follow.err == []


def test_a_folder_is_followed_too(server: LiveServer, robot: Robot, tmp_path: Path) -> None:
    """Whoever owns it needs no login; what the server refuses is seen."""
    with following(tmp_path, "--data", str(server.data), "--repo", "team/watched") as follow:
        follow.says(f"pratique why ID --data {server.data} shows one in full")
        refused(server.url, "team/unwatched", robot.credentials)
        decision_id = refused(server.url, "team/watched", robot.credentials)
        follow.shows(decision_id)
        assert follow.interrupt() == 130
    assert names(follow.out) == ["watched"]


@contextmanager
def served_again(data: Path, host: str) -> Iterator[str]:
    """A server on a folder that is prepared; its address."""
    words = ["serve", "--data", str(data), "--listen", host, "--workers", "1"]
    log = data.parent / "again.log"
    with log.open("wb") as sink:
        server = subprocess.Popen(
            [*pratique_command(), *words],
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_it_answers(server, f"http://{host}/v2/", log)
        yield f"http://{host}"
    finally:
        end(server)


def test_a_server_may_start_anew(tmp_path: Path) -> None:
    """That is told once, on standard error; what was refused meanwhile is printed afterwards."""
    host = f"127.0.0.1:{free_port()}"
    data, home = tmp_path / "data", tmp_path / "home"
    with live_server(data, workers=1, port=int(host.partition(":")[2])) as server:
        owner, password = server.owner
        Terminal(home).reads("login", host, "-u", owner, "-p", password)
        made = server.pratique("sp", "create", "robot")
        credentials = (made["client_id"], made["secret"])
        with following(home) as follow:
            follow.says("DECISION")
            refused(server.url, "team/before", credentials)
            follow.shows("team/before")
            last = refused(server.url, "team/last", credentials)
            os.kill(server.process_id, signal.SIGTERM)
            follow.says(f"{host} cannot be reached")
            time.sleep(2)
            with served_again(data, host) as url:
                follow.says(f"{host} answers again")
                follow.shows(last)
                follow.shows(refused(url, "team/after", credentials))
                assert follow.interrupt() == 130
    assert names(follow.out) == ["before", "last", "after"]
    assert len([line for line in follow.err if "cannot be reached" in line]) == 1


def test_who_may_not_read_it_any_more_is_told_so(server: LiveServer, tmp_path: Path) -> None:
    """It ends with the registry's words, as it ends when nobody may from the beginning."""
    watcher = server.pratique("sp", "create", "watcher")
    server.pratique("role", "assign", "Reader", "--to", watcher["client_id"])
    Terminal(tmp_path).reads(
        "login", server.host, "-u", watcher["client_id"], "-p", watcher["secret"]
    )
    with following(tmp_path) as follow:
        follow.says("DECISION")
        server.pratique("role", "unassign", "Reader", "--from", watcher["client_id"])
        assert follow.ended() == 1
        follow.says("pratique: `watcher` does not have the permission")
    told = Terminal(tmp_path).fails("denials", "--follow")
    assert "`watcher` does not have the permission" in told
