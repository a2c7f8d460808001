"""Verbs against a running server, after `pratique login`."""

from __future__ import annotations

import contextlib
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.support.live_server import (
    NULL_GUID,
    LiveServer,
    end,
    free_port,
    live_server,
    pratique_command,
)

from pratique.cli.logins import Logins

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server for all tests of this module."""
    with live_server(tmp_path_factory.mktemp("served") / "data", workers=2) as started:
        yield started


@contextmanager
def tls_server(data: Path) -> Iterator[str]:
    """A server with a certificate of its own; its host and port."""
    port = free_port()
    host = f"127.0.0.1:{port}"
    words = ["serve", "--data", str(data), "--listen", host, "--workers", "1", "--tls", "auto"]
    server = subprocess.Popen(
        [*pratique_command(), *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.05)
        yield host
    finally:
        end(server)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A terminal of somebody who has not logged in."""
    return Terminal(tmp_path / "home")


@pytest.fixture
def owner(server: LiveServer, terminal: Terminal) -> Terminal:
    """The owner's terminal, logged in."""
    name, password = server.owner
    terminal.reads("login", server.host, "-u", name, "--password-stdin", stdin=password)
    return terminal


def test_login_shows_who_and_where(server: LiveServer, terminal: Terminal) -> None:
    """A login tells programs server and user, and no secret."""
    name, password = server.owner
    made = terminal.gets("login", server.host, "-u", name, "-p", password)
    assert made == {"server": server.host, "user": name}


def test_wrong_password_is_refused_in_the_servers_words(
    server: LiveServer, terminal: Terminal
) -> None:
    """Nothing is kept, and the words are the server's own."""
    words = ("login", server.host, "-u", "nobody", "-p", "wrong-password")
    assert "the user name or the password is wrong" in terminal.fails(*words)
    assert "not logged in" in terminal.fails("logout")
    done = terminal.types(*words, "--json")
    assert '"code": "UNAUTHORIZED"' in done.err


def test_password_cannot_be_asked_without_a_terminal(
    server: LiveServer, terminal: Terminal
) -> None:
    """A pipe is not asked; the option for pipes is named."""
    assert "--password-stdin" in terminal.misuses("login", server.host, "-u", "owner")
    both = ("login", server.host, "-u", "owner", "-p", "x", "--password-stdin")
    assert "not both" in terminal.misuses(*both)


def test_verbs_speak_to_the_server_of_the_last_login(server: LiveServer, owner: Terminal) -> None:
    """What is made over HTTP is there in the folder; commands shown need no option."""
    told = owner.reads("sp", "create", "over-http")
    (made,) = (p for p in server.pratique("sp", "list") if p["display_name"] == "over-http")
    assert f"pratique role assign AcrPull --to {made['client_id']}\n" in told
    assert f"docker login {server.host} -u {made['client_id']}\n" in told


def test_server_that_is_typed_is_repeated(server: LiveServer, owner: Terminal) -> None:
    """Commands that are shown choose the registry as the user did."""
    told = owner.reads("user", "create", "alice", "--server", server.host)
    assert f"--to alice --server {server.host}\n" in told
    assert "not logged in to elsewhere" in owner.fails("sp", "list", "--server", "elsewhere")


def test_changes_in_the_folder_are_in_force_at_once(server: LiveServer, owner: Terminal) -> None:
    """A verb over the folder and one over HTTP see the same, each after the other."""
    beside = replace(owner, words=("--data", str(server.data)))
    for on in ("on", "off"):
        beside.reads("anonymous-pull", on)
        assert owner.gets("registry", "show")["anonymous_pull"] is (on == "on")


@pytest.mark.parametrize(
    "words",
    [
        ("sp", "list"),
        ("user", "list"),
        ("group", "list"),
        ("role", "list"),
        ("role", "definitions"),
        ("scope-map", "list"),
        ("token", "list"),
        ("signing-key", "list"),
        ("repo", "list"),
    ],
)
def test_lists_are_the_same_both_ways(
    server: LiveServer, owner: Terminal, words: tuple[str, ...]
) -> None:
    """Over HTTP and over the folder, a list is one and the same JSON."""
    assert owner.gets(*words) == server.pratique(*words)


def test_reader_is_refused_with_what_is_missing(server: LiveServer, terminal: Terminal) -> None:
    """The words name who, which permission, and a decision; the exit code is 1."""
    made = server.pratique("sp", "create", "only-reads")
    server.pratique("role", "assign", "Reader", "--to", made["client_id"])
    terminal.reads(
        "login", server.host, "-u", made["client_id"], "--password-stdin", stdin=made["secret"]
    )
    assert terminal.gets("registry", "show")["name"] == "pratique"
    told = terminal.fails("anonymous-pull", "on")
    permission = "Microsoft.ContainerRegistry/registries/write"
    assert f"`only-reads` does not have the permission `{permission}`" in told
    assert "Decision: " in told
    done = terminal.types("anonymous-pull", "on", "--json")
    assert (done.code, done.out) == (1, "")
    assert '"code": "DENIED"' in done.err
    assert server.pratique("registry", "show")["anonymous_pull"] is False


def test_refusal_is_explained_by_its_id(
    server: LiveServer, owner: Terminal, tmp_path: Path
) -> None:
    """What a refused user copies, the owner types; what is shown then is pasted, and it helps."""
    made = server.pratique("user", "create", "curious")
    curious = Terminal(tmp_path / "curious")
    curious.reads("login", server.host, "-u", "curious", "-p", made["password"])
    refused = curious.fails("role", "list")
    words = refused[refused.index("Decision: ") :].split()
    server.decision(words[1])
    told = owner.reads("why", *words)
    assert told.startswith("Refused: `curious` does not have the permission")
    assert "asked by    `curious` from 127.0.0.1\n" in told
    assert f"decision    {words[1]}\n" in told
    assert owner.gets("why", words[1])["decision_id"] == words[1]
    assert "Decision: " in curious.fails("why", *words)
    way = next(line for line in told.splitlines() if line.startswith("  1. "))
    owner.reads(*shlex.split(way)[2:])
    assert "AcrPull" not in curious.reads("role", "list", "--principal", "owner")
    assert "Asked again, it is allowed now." in owner.reads("why", *words)


def test_changed_mode_is_asked_about_over_http(server: LiveServer, owner: Terminal) -> None:
    """The loss is shown with the words of the server, and nothing is changed without a yes."""
    assert "`owner` (user) loses" in owner.fails("registry", "update", "--role-mode", "abac")
    assert server.pratique("registry", "show")["role_mode"] == "rbac"


def test_refresh_token_logs_in(server: LiveServer, owner: Terminal, tmp_path: Path) -> None:
    """The null GUID with a refresh token is a login like another."""
    kept = Logins(owner.home / "pratique" / "credentials.json").current()
    assert kept is not None
    other = Terminal(tmp_path / "other")
    other.reads("login", server.host, "-u", NULL_GUID, "-p", kept.refresh_token)
    assert other.gets("registry", "show")["name"] == "pratique"


def test_login_without_force_says_how_to_get_another(
    server: LiveServer, terminal: Terminal
) -> None:
    """After the password was changed, the next verb names the command that helps."""
    made = server.pratique("user", "create", "leaves")
    terminal.reads("login", server.host, "-u", "leaves", "-p", made["password"])
    server.pratique("user", "password", "leaves")
    told = terminal.fails("registry", "show")
    assert "was revoked" in told
    assert told.endswith(f"log in again with `pratique login {server.host}`")


def test_disabled_service_principal_is_told_so(server: LiveServer, terminal: Terminal) -> None:
    """A right secret of a disabled account is told from a wrong one."""
    made = server.pratique("sp", "create", "sleeps")
    server.pratique("sp", "disable", made["client_id"])
    told = terminal.fails("login", server.host, "-u", made["client_id"], "-p", made["secret"])
    assert "`sleeps` is disabled" in told


def test_too_many_attempts_say_how_long_to_wait(tmp_path: Path, terminal: Terminal) -> None:
    """After many wrong passwords the server makes the user wait, and tells for how long."""
    with live_server(tmp_path / "data", workers=1) as server:
        words = ("login", server.host, "-u", "owner", "-p", "wrong-password")
        for _ in range(30):
            told = terminal.fails(*words)
            if "try again in" in told:
                break
        assert "seconds" in told
        assert '"code": "TOOMANYREQUESTS"' in terminal.types(*words, "--json").err


def test_server_that_is_away_is_told(terminal: Terminal) -> None:
    """Nobody listens: the host is named, and a question to think about."""
    host = f"127.0.0.1:{free_port()}"
    told = terminal.fails("login", host, "-u", "owner", "-p", "x")
    assert f"{host} cannot be reached" in told
    assert "is the server running?" in told


def test_server_without_tls_is_told_from_one_that_is_away(
    server: LiveServer, terminal: Terminal
) -> None:
    """https:// to a server of plain http names the spelling that works."""
    told = terminal.fails("login", f"https://{server.host}", "-u", "owner", "-p", "x")
    assert f"write http://{server.host}" in told


def test_certificate_is_trusted_when_it_is_given(tmp_path: Path, terminal: Terminal) -> None:
    """A certificate that nobody vouches for is refused; `--ca-file` is remembered."""
    data = tmp_path / "data"
    owner = terminal.gets("init", "--data", str(data))["owner"]
    with tls_server(data) as host:
        words = ("login", f"https://{host}", "-u", owner["username"], "-p", owner["password"])
        assert "--ca-file" in terminal.fails(*words)
        terminal.reads(*words, "--ca-file", str(data / "tls" / "certificate.pem"))
        assert terminal.gets("registry", "show")["name"] == "pratique"
        key = str(data / "tls" / "key.pem")
        assert "holds no certificates" in terminal.fails(*words, "--ca-file", key)


def test_repository_that_is_not_there_is_told(owner: Terminal) -> None:
    """The data plane's refusals come in words as well."""
    assert owner.gets("repo", "list") == []
    assert "`app/web` does not exist" in owner.fails("repo", "show", "app/web")
