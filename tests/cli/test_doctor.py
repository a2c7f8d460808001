"""`pratique doctor` as it is typed, beside a running registry."""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.live_server import LiveServer, live_server, pratique_command

from pratique.cli.demo_client import DockerLike
from pratique.cli.demo_image import build_image

REPOSITORY, TAG = "team/app", "v1"


@dataclass(frozen=True)
class Person:
    """Somebody with a home folder of their own.

    Attributes:
        home: where docker's and pratique's logins are.
    """

    home: Path

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `pratique` with these words, as this person."""
        kept = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
        for name in ("DOCKER_CONFIG", "DOCKER_AUTH_CONFIG", "XDG_CONFIG_HOME", "SUDO_USER"):
            kept.pop(name, None)
        return subprocess.run(
            [*pratique_command(), *words],
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            env={**kept, "HOME": str(self.home)},
            timeout=60,
        )

    def doctor(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Exit code and report of `pratique doctor --json`."""
        done = self.run("doctor", "--json", *words)
        assert done.stderr == ""
        return done.returncode, json.loads(done.stdout)

    def keep(self, host: str, pair: tuple[str, str]) -> None:
        """Let docker's configuration hold a login."""
        folder = self.home / ".docker"
        folder.mkdir(exist_ok=True)
        auth = base64.b64encode(":".join(pair).encode()).decode()
        (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))


def ids(report: dict[str, Any]) -> list[str]:
    """The causes that a report names, in its order."""
    return [finding["id"] for finding in report["findings"]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A registry that holds an image."""
    folder = tmp_path_factory.mktemp("doctor") / "data"
    with live_server(folder, workers=1) as opened:
        with closing(DockerLike(opened.url, opened.owner)) as owner:
            owner.push(REPOSITORY, TAG, build_image())
        yield opened


@pytest.fixture
def person(tmp_path: Path) -> Person:
    """Somebody without a login."""
    return Person(tmp_path)


@pytest.fixture
def robot(server: LiveServer) -> tuple[str, str]:
    """A service principal without a role: client id and secret."""
    made = server.pratique("sp", "create", f"robot-{os.urandom(4).hex()}")
    return made["client_id"], made["secret"]


@pytest.mark.live
def test_from_the_refusal_to_the_pull(
    server: LiveServer, person: Person, robot: tuple[str, str]
) -> None:
    """No login; then no role, with the grant to type, which really helps; then all is well."""
    image = f"{server.host}/{REPOSITORY}:{TAG}"
    code, report = person.doctor(image)
    assert (code, ids(report)) == (1, ["no-credential-for-host"])
    person.keep(server.host, robot)
    code, report = person.doctor(image)
    assert (code, ids(report)) == (1, ["pratique-refusal"])
    assert report["findings"][0]["commands"] == [
        f"pratique why {report['decision_id']} --server {server.host}"
    ]
    logged_in = person.run(
        *("login", server.host, "-u", server.owner[0], "--password-stdin"), stdin=server.owner[1]
    )
    assert logged_in.returncode == 0, logged_in.stderr
    code, report = person.doctor(image)
    (finding,) = report["findings"]
    (command,) = finding["commands"]
    assert command.startswith("pratique role assign AcrPull --to")
    granted = person.run(*shlex.split(command)[1:])
    assert granted.returncode == 0, granted.stderr
    code, report = person.doctor(image)
    assert (code, ids(report), report["works"]) == (0, [], True)
    code, report = person.doctor("--push", image)
    assert (code, ids(report)) == (1, ["push-not-allowed"])


@pytest.mark.live
def test_tells_what_is_there(server: LiveServer, person: Person, robot: tuple[str, str]) -> None:
    """Whoever may pull learns that a tag is missing, and which tags there are."""
    server.pratique("role", "assign", "AcrPull", "--to", robot[0])
    person.keep(server.host, robot)
    code, report = person.doctor(f"{server.host}/{REPOSITORY}:v2")
    assert (code, ids(report)) == (1, ["tag-missing"])
    assert "It has `v1`." in report["findings"][0]["words"]


@pytest.mark.live
def test_a_login_alone(server: LiveServer, person: Person, robot: tuple[str, str]) -> None:
    """A login may be good although nothing may be pulled with it; a wrong one is told."""
    person.keep(server.host, robot)
    code, report = person.doctor("--login", server.host)
    assert (code, ids(report)) == (0, [])
    person.keep(server.host, (robot[0], "wrong"))
    code, report = person.doctor("--login", server.host)
    assert (code, ids(report)) == (1, ["wrong-password"])


@pytest.mark.live
@pytest.mark.parametrize(
    ("client", "cause"),
    [
        ("docker", "pratique-refusal"),
        ("containerd", "pratique-refusal"),
        ("podman", "http-server-https-client"),
    ],
)
def test_each_client_has_its_way(
    server: LiveServer, person: Person, robot: tuple[str, str], client: str, cause: str
) -> None:
    """Podman alone speaks no plain HTTP with this machine itself."""
    person.keep(server.host, robot)
    code, report = person.doctor("--as", client, f"{server.host}/{REPOSITORY}:{TAG}")
    assert (code, ids(report), report["client"]) == (1, [cause], client)


@pytest.mark.live
def test_for_people(server: LiveServer, person: Person, robot: tuple[str, str]) -> None:
    """The report names every step, the cause, and never the secret or the user."""
    person.keep(server.host, robot)
    done = person.run("doctor", f"{server.host}/{REPOSITORY}:{TAG}")
    assert done.returncode == 1
    assert "get the manifest" in done.stdout
    assert "does not work from here" in done.stdout
    assert "certain" in done.stdout
    assert robot[1] not in done.stdout
    assert "\x1b" not in done.stdout


def test_files_alone(person: Person) -> None:
    """Without the network, what is wrong with the files is found, and nothing is sent."""
    folder = person.home / ".docker"
    folder.mkdir()
    (folder / "config.json").write_text('{"auths": {"registry.invalid"')
    code, report = person.doctor("--offline", "registry.invalid/app:1")
    assert (code, ids(report)) == (1, ["corrupt-config-file"])
    assert report["requests"] == []
    assert report["works"] is None


def test_a_pasted_error(person: Person) -> None:
    """It is explained without asking anybody, from the command line or from standard input."""
    text = "pull access denied for app, repository does not exist or may require 'docker login'"
    done = person.run("doctor", "--error", text, "--json")
    assert done.returncode in {1, 3}
    assert json.loads(done.stdout)["findings"]
    again = person.run("doctor", "--error", "-", "--json", stdin=text)
    assert json.loads(again.stdout) == json.loads(done.stdout)


def test_a_name_that_is_none(person: Person) -> None:
    """Upper case is shown to be the reason."""
    code, report = person.doctor("registry.invalid/Team/App:1")
    assert (code, ids(report)) == (1, ["uppercase-host-or-repository"])


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a/b", "--login", "c.example"],
        ["--login", "c.example", "--error", "text"],
        ["a/b", "--mount-from", "c"],
        ["a/b", "--pod", "web", "--as", "podman"],
        ["a/b", "--as", "rkt"],
    ],
)
def test_what_makes_no_sense(person: Person, words: list[str]) -> None:
    """It ends with 2 and says why."""
    done = person.run("doctor", *words)
    assert done.returncode == 2
    assert "Error:" in done.stderr


def test_help_has_an_example(person: Person) -> None:
    """As every verb has."""
    assert "pratique doctor registry.example.com/team/app:v1" in person.run("doctor", "-h").stdout
