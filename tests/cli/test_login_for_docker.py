"""`pratique login --docker` and `--podman`: what they write, what they leave, what they refuse."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.terminal import Terminal
from tests.cli.test_foreign_server import answering

from pratique.cli.docker_configuration import (
    ClientConfiguration,
    containers_configuration,
    docker_configuration,
)
from pratique.cli.failures import Failed
from pratique.cli.logins import Logins

CLIENT_ID = "0b5f6d1c-1111-4222-8333-444455556666"
HOST = "registry.example.com"


@pytest.fixture
def host() -> Iterator[str]:
    """A server that gives a token to everybody."""
    with answering(200, b'{"refresh_token": "t", "expires_in": 4500}') as started:
        yield started


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A user whose docker finds the credential helper."""
    programmes = tmp_path / "bin"
    programmes.mkdir()
    helper = programmes / "docker-credential-pratique"
    helper.write_text("#!/bin/sh\n")
    helper.chmod(0o755)
    environment = (
        ("PATH", str(programmes)),
        ("DOCKER_CONFIG", str(tmp_path / "docker")),
        ("REGISTRY_AUTH_FILE", str(tmp_path / "auth.json")),
    )
    return Terminal(tmp_path / "home", environment=environment)


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    """Docker's file, which is not there yet."""
    return tmp_path / "docker" / "config.json"


@pytest.fixture
def podman(tmp_path: Path) -> Path:
    """Podman's file, which is not there yet."""
    return tmp_path / "auth.json"


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


def _login(host: str, *options: str) -> tuple[str, ...]:
    return ("login", host, "-u", CLIENT_ID, "-p", "secret", *options)


def test_no_file_is_touched_without_being_asked(
    terminal: Terminal, host: str, docker: Path, podman: Path
) -> None:
    """A login alone writes no configuration of another programme."""
    terminal.reads(*_login(host))
    assert not docker.exists()
    assert not podman.exists()


def test_login_names_the_helper_and_logout_takes_it_back(
    terminal: Terminal, host: str, docker: Path, podman: Path
) -> None:
    """Both files name the helper for this host, for their owner alone, until logout."""
    made = terminal.gets(*_login(host, "--docker", "--podman"))
    assert made == {"server": host, "user": CLIENT_ID, "written": [str(docker), str(podman)]}
    assert _read(docker) == {"credHelpers": {host: "pratique"}, "auths": {host: {}}}
    assert _read(podman) == {"credHelpers": {host: "pratique"}}
    for path in (docker, podman):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    terminal.reads("logout", host)
    assert _read(docker) == _read(podman) == {}


def test_people_are_told_which_file_was_written(
    terminal: Terminal, host: str, docker: Path
) -> None:
    """The path of each file is shown."""
    assert f"{docker} names this login for {host}." in terminal.reads(*_login(host, "--docker"))


def test_all_else_is_kept_token_by_token(docker: Path) -> None:
    """Numbers, order and unknown members are written back as they were, whatever they are."""
    docker.parent.mkdir()
    docker.write_text(
        '{"z": 1.10, "huge": 1e400, "auths": {"other": {"auth": "eA==", "n": 10000000000000000001}'
        '}, "credsStore": "desktop", "credHelpers": {"gcr.io": "gcloud"}, "text": "\\u00e9\\/"}'
    )
    configuration = ClientConfiguration(docker, marks_logins=True)
    configuration.use_helper(HOST, "pratique")
    written = docker.read_text()
    for token in ("1.10", "1e400", "10000000000000000001", '"\\u00e9\\/"', '"gcloud"'):
        assert token in written
    assert list(_read(docker)) == ["z", "huge", "auths", "credsStore", "credHelpers", "text"]
    assert _read(docker)["credHelpers"] == {"gcr.io": "gcloud", HOST: "pratique"}
    assert configuration.forget_helper(HOST, "pratique")
    assert _read(docker)["credHelpers"] == {"gcr.io": "gcloud"}
    assert list(_read(docker)["auths"]) == ["other"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(
    others=st.dictionaries(st.text(max_size=8), _JSON, max_size=4),
    helpers=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    marks=st.booleans(),
)
def test_forgetting_undoes_using(
    tmp_path_factory: pytest.TempPathFactory,
    others: dict[str, Any],
    helpers: dict[str, str],
    marks: bool,  # noqa: FBT001 - drawn by its name
) -> None:
    """Whatever else a file holds, the helper for a host comes and goes without a trace."""
    before = {k: v for k, v in others.items() if k not in {"credHelpers", "auths"}}
    if helpers:
        before["credHelpers"] = {k: v for k, v in helpers.items() if k != HOST} or {"x": "y"}
    path = tmp_path_factory.mktemp("file") / "config.json"
    path.write_text(json.dumps(before))
    configuration = ClientConfiguration(path, marks_logins=marks)
    configuration.use_helper(HOST, "pratique")
    assert _read(path)["credHelpers"][HOST] == "pratique"
    assert configuration.forget_helper(HOST, "pratique")
    assert _read(path) == before


@pytest.mark.parametrize("content", ["", "  \n", "{}", '{"auths": null, "credHelpers": null}'])
def test_empty_file_is_one_without_settings(docker: Path, content: str) -> None:
    """Clients take such a file, so it is taken here."""
    docker.parent.mkdir()
    docker.write_text(content)
    ClientConfiguration(docker, marks_logins=True).use_helper(HOST, "pratique")
    assert _read(docker) == {"credHelpers": {HOST: "pratique"}, "auths": {HOST: {}}}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"// mine\n{}",
        b'{"a": 1,}',
        b'{"credHelpers": 1}',
        b'{"auths": []}',
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
    ],
)
def test_file_that_cannot_be_read_is_left_as_it_is(
    terminal: Terminal, host: str, docker: Path, content: bytes
) -> None:
    """It is refused before anybody logs in, byte for byte as it was, with what to do."""
    docker.parent.mkdir()
    docker.write_bytes(content)
    told = terminal.fails(*_login(host, "--docker"))
    assert "is left as it is; mend it or move it away" in told
    assert docker.read_bytes() == content
    assert "not logged in" in terminal.fails("logout")


def test_logout_warns_of_a_file_that_cannot_be_read(
    terminal: Terminal, host: str, docker: Path
) -> None:
    """The login is forgotten all the same."""
    terminal.reads(*_login(host))
    docker.parent.mkdir()
    docker.write_text("{")
    done = terminal.types("logout", host)
    assert done.code == 0
    assert done.err.startswith(f"warning: the file {docker} is not the JSON that clients write")
    assert docker.read_text() == "{"
    assert "not logged in" in terminal.fails("logout")


def test_password_kept_for_the_host_is_forgotten(docker: Path, podman: Path) -> None:
    """A password of an older login does not stay in the file; those for other hosts do."""
    docker.parent.mkdir()
    for path, marks in ((docker, True), (podman, False)):
        path.write_text(json.dumps({"auths": {HOST: {"auth": "old"}, "other": {"auth": "o"}}}))
        ClientConfiguration(path, marks_logins=marks).use_helper(HOST, "pratique")
        assert "old" not in path.read_text()
        assert _read(path)["auths"]["other"] == {"auth": "o"}


def test_helper_of_somebody_else_stays(terminal: Terminal, host: str, docker: Path) -> None:
    """Logout takes away this project's helper only."""
    terminal.reads(*_login(host))
    docker.parent.mkdir()
    docker.write_text(json.dumps({"credHelpers": {host: "pass"}}))
    terminal.reads("logout", host)
    assert _read(docker) == {"credHelpers": {host: "pass"}}


def test_link_is_followed(docker: Path, tmp_path: Path) -> None:
    """A configuration that is kept elsewhere stays there."""
    docker.parent.mkdir()
    real = tmp_path / "dotfiles.json"
    real.write_text("{}")
    docker.symlink_to(real)
    ClientConfiguration(docker, marks_logins=True).use_helper(HOST, "pratique")
    assert docker.is_symlink()
    assert _read(real)["credHelpers"] == {HOST: "pratique"}


def test_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file in the place of the folder is told as a failure, not as an accident."""
    (tmp_path / "docker").write_text("")
    configuration = ClientConfiguration(tmp_path / "docker" / "config.json", marks_logins=True)
    with pytest.raises(Failed, match=r"config\.json cannot be"):
        configuration.use_helper(HOST, "pratique")


def test_helper_that_clients_would_not_find_is_told(
    terminal: Terminal, host: str, docker: Path, tmp_path: Path
) -> None:
    """Every pull would fail, so nothing is written and no password is shown to the server."""
    lost = replace(terminal, environment=(*terminal.environment, ("PATH", str(tmp_path / "empty"))))
    told = lost.fails(*_login(host, "--docker"))
    assert told.startswith("`docker-credential-pratique`, which clients have to find, is not on")
    assert not docker.exists()
    assert "not logged in" in lost.fails("logout")


def test_files_are_where_clients_look(tmp_path: Path) -> None:
    """The variables of docker and podman are followed, and their usual places without them."""
    assert docker_configuration({"DOCKER_CONFIG": "/d"}).path == Path("/d/config.json")
    assert docker_configuration({}).path == Path.home() / ".docker" / "config.json"
    both = {"REGISTRY_AUTH_FILE": "/a.json", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert containers_configuration(both).path == Path("/a.json")
    del both["REGISTRY_AUTH_FILE"]
    assert containers_configuration(both).path == tmp_path / "containers" / "auth.json"


def test_secret_of_a_person_is_not_kept(terminal: Terminal, host: str) -> None:
    """Only a service principal's secret is; a user name or a token's null GUID is refused."""
    for user in ("alice", "00000000-0000-0000-0000-000000000000"):
        told = terminal.misuses("login", host, "-u", user, "-p", "x", "--keep-secret")
        assert f"`{user}` is not a client id" in told


def test_kept_secret_is_told(terminal: Terminal, host: str) -> None:
    """Whoever keeps a secret is told that it is kept, and programs are too."""
    assert "The client secret is kept" in terminal.reads(*_login(host, "--keep-secret"))
    assert terminal.gets(*_login(host, "--keep-secret"))["secret_kept"] is True
    kept = Logins(terminal.home / "pratique" / "credentials.json").of(host)
    assert kept is not None
    assert kept.secret == "secret"
