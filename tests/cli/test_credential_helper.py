"""`docker-credential-pratique` as docker runs it, against a real server."""

from __future__ import annotations

import importlib
import json
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.cli.programme import CREDENTIAL_HELPER, Programme
from tests.cli.terminal import Outcome, Terminal
from tests.cli.test_foreign_server import answering
from tests.support.live_server import NULL_GUID, LiveServer, free_port, live_server

from pratique.cli.credential_helper import NO_SERVER, NO_USER, NOT_FOUND
from pratique.cli.logins import Login, Logins

pytestmark = pytest.mark.live

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server for all tests of this module."""
    with live_server(tmp_path_factory.mktemp("served") / "data", workers=1) as started:
        yield started


@pytest.fixture
def helper(tmp_path: Path) -> Programme:
    """The credential helper of a user without logins."""
    return Programme(CREDENTIAL_HELPER, tmp_path / "home")


@pytest.fixture
def terminal(helper: Programme) -> Terminal:
    """The same user's terminal."""
    return Terminal(helper.home)


@dataclass(frozen=True)
class Principal:
    """A service principal with a secret that lasts and one that can be taken away."""

    server: LiveServer
    client_id: str
    lasting: str
    fleeting: str

    def log_in(self, terminal: Terminal, secret: str, *options: str) -> None:
        """`pratique login`."""
        words = ("login", self.server.host, "-u", self.client_id, "--password-stdin", *options)
        terminal.reads(*words, stdin=secret)

    def drop(self, name: str) -> None:
        """Delete a secret; tokens that were made with it die."""
        self.server.pratique("sp", "secret", "delete", self.client_id, name)


@pytest.fixture
def principal(server: LiveServer, request: pytest.FixtureRequest) -> Principal:
    """A service principal of its own for each test."""
    name = request.node.name.partition("[")[0].replace("_", "-")[:60]
    made = server.pratique("sp", "create", name)
    second = server.pratique("sp", "secret", "add", name, "--name", "fleeting")
    return Principal(server, made["client_id"], made["secret"], second["secret"])


def _logins(helper: Programme) -> Logins:
    return Logins(helper.home / "pratique" / "credentials.json")


def _login(helper: Programme, host: str) -> Login:
    login = _logins(helper).of(host)
    assert login is not None
    return login


def _with_dead_token(helper: Programme, terminal: Terminal, principal: Principal) -> str:
    """Log in so that the secret is kept, and put a token that has died in place of the good one."""
    principal.log_in(terminal, principal.fleeting)
    dead = _login(helper, principal.server.host).refresh_token
    principal.log_in(terminal, principal.lasting, "--keep-secret")
    kept = _login(helper, principal.server.host)
    _logins(helper).add(replace(kept, refresh_token=dead))
    principal.drop("fleeting")
    return dead


def _stored(host: str, user: str, secret: str) -> str:
    return json.dumps({"ServerURL": host, "Username": user, "Secret": secret})


def _given(outcome: Outcome) -> Any:
    assert (outcome.code, outcome.err) == (0, ""), outcome
    return json.loads(outcome.out)


def test_get_gives_the_token_of_the_login(
    helper: Programme, terminal: Terminal, principal: Principal
) -> None:
    """Docker gets the null GUID and the refresh token, under the server's name as it asked."""
    principal.log_in(terminal, principal.lasting)
    host = principal.server.host
    token = _login(helper, host).refresh_token
    for asked in (host, f"https://{host}", f"https://{host}/v2/", f"{host}\n"):
        given = _given(helper.run("get", stdin=asked))
        assert given == {"ServerURL": asked.strip(), "Username": NULL_GUID, "Secret": token}


def test_another_hosts_address_gets_nothing_of_this_one(
    helper: Programme, terminal: Terminal, principal: Principal
) -> None:
    """However this one's name stands in it."""
    principal.log_in(terminal, principal.lasting)
    host = principal.server.host
    for asked in (
        f"https://evil.example/a://{host}",
        f"https://evil.example?://{host}",
        f"evil.example\n://{host}",
        f"https://{host}@evil.example",
    ):
        outcome = helper.run("get", stdin=asked)
        assert outcome.code == 1
        assert outcome.out in {f"{NOT_FOUND}\n", f"{NO_SERVER}\n"}


@pytest.mark.parametrize(
    ("words", "stdin", "told"),
    [
        (("get",), "registry.example.com", NOT_FOUND),
        (("get",), "", NO_SERVER),
        (("get",), " \n", NO_SERVER),
        (("erase",), "", NO_SERVER),
        (("store",), '{"Username": "u", "Secret": "s"}', NO_SERVER),
        (("store",), '{"ServerURL": "one", "Secret": "s"}', NO_USER),
        (("explode",), "", "Unknown credential action `explode`"),
        ((), "", "Usage: docker-credential-pratique <store|get|erase|list|version>"),
        (
            ("store",),
            '{"ServerURL": "one", "Username": "u", "Secret": 7391}',
            "the credentials to store are not the JSON that clients write",
        ),
    ],
)
def test_failures_are_told_in_the_words_that_clients_know(
    helper: Programme, words: tuple[str, ...], stdin: str, told: str
) -> None:
    """A failure is one line on standard output, with exit code 1 and nothing kept."""
    assert helper.run(*words, stdin=stdin) == Outcome(1, f"{told}\n", "")
    assert _logins(helper).every() == ()


def test_words_that_clients_compare() -> None:
    """They are those of docker-credential-helpers, letter by letter."""
    assert NOT_FOUND == "credentials not found in native keychain"
    assert NO_SERVER == "no credentials server URL"
    assert NO_USER == "no credentials username"


def test_version_names_programme_and_version(helper: Programme) -> None:
    """As the helpers of docker print it."""
    done = helper.run("version")
    assert done.code == 0
    assert done.out.startswith("docker-credential-pratique (pratique) v")


def test_dead_token_is_renewed_with_the_kept_secret(
    helper: Programme, terminal: Terminal, principal: Principal
) -> None:
    """Nobody is asked: the helper signs in again, keeps the new token, and gives it."""
    dead = _with_dead_token(helper, terminal, principal)
    given = _given(helper.run("get", stdin=principal.server.host))
    kept = _login(helper, principal.server.host)
    assert given["Username"] == NULL_GUID
    assert given["Secret"] == kept.refresh_token != dead
    assert (kept.user, kept.secret) == (principal.client_id, principal.lasting)
    assert _given(helper.run("get", stdin=principal.server.host)) == given


def test_many_at_once_renew_once(
    helper: Programme, terminal: Terminal, principal: Principal
) -> None:
    """Programmes that find a dead token at the same time all get the one that the first made."""
    dead = _with_dead_token(helper, terminal, principal)
    others = [("store", _stored(f"host{n}", "<token>", f"t{n}")) for n in range(3)]
    outcomes = helper.run_at_once([*[("get", principal.server.host)] * 5, *others])
    given = {_given(outcome)["Secret"] for outcome in outcomes[:5]}
    assert len(given) == 1
    assert dead not in given
    assert all(outcome == Outcome(0, "", "") for outcome in outcomes[5:])
    kept = {login.host: login.refresh_token for login in _logins(helper).every()}
    assert kept == {
        principal.server.host: given.pop(),
        "host0": "t0",
        "host1": "t1",
        "host2": "t2",
    }


def test_dead_token_without_a_secret_says_what_to_type(
    helper: Programme, terminal: Terminal, principal: Principal
) -> None:
    """The client reads that there is nothing; the user reads why and what to type, no secret."""
    principal.log_in(terminal, principal.fleeting)
    token = _login(helper, principal.server.host).refresh_token
    principal.drop("fleeting")
    done = helper.run("get", stdin=principal.server.host)
    assert (done.code, done.out) == (1, f"{NOT_FOUND}\n")
    assert f"type `pratique login {principal.server.host}`" in done.err
    assert "was revoked" in done.err
    assert token not in done.err


def test_dead_secret_says_what_to_type(
    helper: Programme, terminal: Terminal, principal: Principal
) -> None:
    """When the kept secret is gone too, the user is told, and neither is shown."""
    principal.log_in(terminal, principal.fleeting, "--keep-secret")
    principal.drop("fleeting")
    done = helper.run("get", stdin=principal.server.host)
    assert (done.code, done.out) == (1, f"{NOT_FOUND}\n")
    assert "type `pratique login" in done.err
    assert principal.fleeting not in done.err


def test_secret_is_not_kept_unless_wished(
    helper: Programme, terminal: Terminal, principal: Principal
) -> None:
    """By default no secret is in the file; with --keep-secret it is, for its owner alone."""
    principal.log_in(terminal, principal.lasting)
    file = helper.home / "pratique" / "credentials.json"
    assert principal.lasting not in file.read_text()
    principal.log_in(terminal, principal.lasting, "--keep-secret")
    assert principal.lasting in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == ["credentials.json"]


def test_token_near_its_end_is_renewed_before(helper: Programme) -> None:
    """With a kept secret, a token that would not last for a long pull is replaced already."""
    with answering(200, b'{"refresh_token": "new", "expires_in": 600}') as host:
        old = Login(host=host, url=f"http://{host}", user="u", refresh_token="old", secret="s")
        _logins(helper).add(old)
        assert _given(helper.run("get", stdin=host))["Secret"] == "new"
        assert _login(helper, host) == replace(old, refresh_token="new")


def test_younger_token_is_kept(helper: Programme) -> None:
    """A registry that gives a new refresh token for the old one prolongs the login."""
    with answering(200, b'{"refresh_token": "younger", "expires_in": 4500}') as host:
        old = Login(host=host, url=f"http://{host}", user="u", refresh_token="old")
        _logins(helper).add(old)
        assert _given(helper.run("get", stdin=host))["Secret"] == "younger"
        assert _login(helper, host) == replace(old, refresh_token="younger")


@pytest.mark.parametrize("status", [None, 429, 500, 503])
def test_server_in_trouble_leaves_the_login_as_it_is(helper: Programme, status: int | None) -> None:
    """Where the registry cannot answer, the client gets the kept token and sees for itself."""

    def given_for(host: str) -> Any:
        old = Login(host=host, url=f"http://{host}", user="u", refresh_token="old", secret="s")
        _logins(helper).add(old)
        given = _given(helper.run("get", stdin=host))
        assert _login(helper, host) == old
        return given["Secret"]

    if status is None:
        assert given_for(f"127.0.0.1:{free_port()}") == "old"
    else:
        with answering(status, b"<html>") as host:
            assert given_for(host) == "old"


def test_stored_password_is_exchanged(
    helper: Programme, terminal: Terminal, principal: Principal
) -> None:
    """What `docker login` stores becomes a login without a password, and not the current one."""
    elsewhere = Login(host="elsewhere", url="https://elsewhere", user="u", refresh_token="t")
    _logins(helper).add(elsewhere)
    host = principal.server.host
    done = helper.run("store", stdin=_stored(host, principal.client_id, principal.lasting))
    assert done == Outcome(0, "", "")
    kept = _login(helper, host)
    assert (kept.user, kept.secret) == (principal.client_id, None)
    assert _given(helper.run("get", stdin=host))["Secret"] == kept.refresh_token
    assert _logins(helper).current() == elsewhere
    terminal.reads("logout", host)


def test_wrong_password_is_not_stored(helper: Programme, server: LiveServer) -> None:
    """The client reads the server's words, and nothing is kept."""
    done = helper.run("store", stdin=_stored(server.host, "nobody", "not-a-password"))
    assert done.code == 1
    assert "the user name or the password is wrong" in done.out
    assert "not-a-password" not in done.out + done.err
    assert _logins(helper).every() == ()


def test_stored_token_becomes_the_login(helper: Programme) -> None:
    """A refresh token, which clients store under `<token>`, is kept as one."""
    assert helper.run("store", stdin=_stored("one", "<token>", "t")) == Outcome(0, "", "")
    assert _login(helper, "one").refresh_token == "t"
    assert _given(helper.run("list")) == {"one": NULL_GUID}


@pytest.mark.parametrize("user", ["<token>", NULL_GUID])
def test_what_was_given_may_come_back(helper: Programme, user: str) -> None:
    """A client that stores what it got here changes neither the user nor the kept secret."""
    login = Login(host="one", url="http://one", user="u", refresh_token="t", secret="s")
    _logins(helper).add(login)
    assert helper.run("store", stdin=_stored("one", user, "t")) == Outcome(0, "", "")
    assert _logins(helper).every() == (login,)


@pytest.mark.parametrize(
    ("status", "content"), [(404, b"<html>"), (405, b""), (400, b""), (200, b"{}")]
)
def test_password_is_kept_where_no_token_is_given(
    helper: Programme, status: int, content: bytes
) -> None:
    """A server without such tokens is served as any helper does it, and the user is told."""
    with answering(status, content) as host:
        done = helper.run("store", stdin=_stored(host, "alice", "pass"))
        assert (done.code, done.out) == (0, "")
        assert "gives no token in place of the password" in done.err
        given = _given(helper.run("get", stdin=host))
        assert given == {"ServerURL": host, "Username": "alice", "Secret": "pass"}
        assert _given(helper.run("list")) == {host: "alice"}


def test_erased_login_is_gone(helper: Programme) -> None:
    """`erase` forgets one host; once more is no failure, as for a client that logs out twice."""
    for host in ("one", "two"):
        _logins(helper).add(Login(host=host, url="http://one", user="u", refresh_token="t"))
    for _ in range(2):
        assert helper.run("erase", stdin="https://one/v2/") == Outcome(0, "", "")
    assert [login.host for login in _logins(helper).every()] == ["two"]
    assert helper.run("get", stdin="one").out == f"{NOT_FOUND}\n"


def test_damaged_file_is_told(helper: Programme) -> None:
    """A file that is none is a failure with words, not an absent login."""
    file = helper.home / "pratique" / "credentials.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    done = helper.run("get", stdin="one")
    assert done.code == 1
    assert "delete it and log in again" in done.out
    assert done.out != f"{NOT_FOUND}\n"


def test_start_loads_little() -> None:
    """The slow libraries stay out of a programme that starts with every pull."""
    code = (
        "import sys, pratique.cli.credential_helper, pratique.cli.light_http\n"
        "print(sorted({'httpx', 'asyncio', 'cryptography', 'rich', 'joserfc'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_every_programme_of_the_package_can_be_started() -> None:
    """The console scripts lead to functions that are there."""
    scripts = tomllib.loads(PYPROJECT.read_text())["project"]["scripts"]
    assert {"docker-credential-pratique", "pratique-kubelet-credentials"} <= scripts.keys()
    for target in scripts.values():
        module, _, name = target.partition(":")
        assert callable(getattr(importlib.import_module(module), name))
