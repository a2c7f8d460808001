"""On a real host: a workload gets tokens by each form, and no other user does."""

from __future__ import annotations

import errno
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.agent.host import (
    ACR,
    HEADER_SECRET,
    RunningAgent,
    TlsRegistry,
    add_header_secret,
    assigned,
    open_folder,
    running_agent,
    tls_registry,
)
from tests.agent.local_users import (
    EVERYBODY_ELSE,
    OTHER_USER,
    WORKLOAD_USER,
    LocalUser,
    needs_root,
)

pytestmark = [pytest.mark.live, needs_root]

_IMDS = f"/metadata/identity/oauth2/token?api-version=2018-02-01&resource={ACR}"
_ARC = f"/metadata/identity/oauth2/token?api-version=2020-06-01&resource={ACR}"
_APP_SERVICE = f"/msi/token?api-version=2019-08-01&resource={ACR}"
_OLD_APP_SERVICE = f"/msi/token?api-version=2017-09-01&resource={ACR}"
_CHALLENGE_GROUP = 44_009
_OF_THE_GROUP = LocalUser(44_003, 44_003, (_CHALLENGE_GROUP,))
_ANYBODY = pytest.mark.parametrize("user", EVERYBODY_ELSE, ids=["other", "nobody"])


@dataclass(frozen=True)
class _Host:
    registry: TlsRegistry
    agent: RunningAgent
    credentials: Path

    def challenged(self, user: LocalUser) -> tuple[Any, str]:
        """The first answer of the Arc form, and the file that it names."""
        answer = user.gets(self.agent.port, _ARC, Metadata="true")
        return answer, answer["challenge"].removeprefix("Basic realm=")


@contextmanager
def _running(folder: Path) -> Iterator[_Host]:
    """A registry, and a host with one identity that each proof opens for somebody."""
    with tls_registry(folder) as registry, open_folder() as challenges:
        registry.pratique("identity", "create", "web")
        words = ("--user", str(WORKLOAD_USER.user), "--challenge-group", str(_CHALLENGE_GROUP))
        path = assigned(registry, folder, "web", *words)
        add_header_secret(path)
        with running_agent(registry, folder, [path], challenges) as agent:
            yield _Host(registry, agent, path)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Host]:
    """A host for all tests that leave it as it was."""
    with _running(tmp_path_factory.mktemp("host")) as made:
        yield made


def test_the_workload_gets_a_token_over_tcp_and_over_the_socket(host: _Host) -> None:
    """The kernel says who it is, whichever way it comes."""
    for place in (host.agent.port, host.agent.socket):
        answer = WORKLOAD_USER.gets(place, _IMDS, Metadata="true")
        assert (answer["status"], answer["content"]["resource"]) == (200, ACR)


@_ANYBODY
def test_nobody_else_gets_one_by_the_metadata_form(host: _Host, user: LocalUser) -> None:
    """Neither over TCP nor over the socket."""
    for place in (host.agent.port, host.agent.socket):
        answer = user.gets(place, _IMDS, Metadata="true")
        assert (answer["status"], answer["content"]["error"]) == (403, "access_denied")


def test_root_is_not_excepted(host: _Host) -> None:
    """Who may is what the file says, for root too; the tests run as root here."""
    answer = LocalUser(0, 0).gets(host.agent.port, _IMDS, Metadata="true")
    assert answer["status"] == 403


@pytest.mark.parametrize(
    ("target", "header"), [(_APP_SERVICE, "X_IDENTITY_HEADER"), (_OLD_APP_SERVICE, "secret")]
)
@_ANYBODY
def test_only_the_header_secret_opens_the_app_service_form(
    host: _Host, user: LocalUser, target: str, header: str
) -> None:
    """Whoever has it gets a token, whoever has not gets none, the workload's user included."""
    refused = user.gets(host.agent.port, target, **{header: "a guess"})
    without = user.gets(host.agent.port, target)
    guessed = WORKLOAD_USER.gets(host.agent.port, target, **{header: HEADER_SECRET[:-1]})
    right = WORKLOAD_USER.gets(host.agent.port, target, **{header: HEADER_SECRET})
    assert [a["status"] for a in (refused, without, guessed, right)] == [401, 400, 401, 200]
    assert set(refused["content"]) == {"statusCode", "message"}


def test_the_challenge_group_gets_a_token_by_the_arc_form(host: _Host) -> None:
    """A user of the group can read the file and show it."""
    answer, path = host.challenged(_OF_THE_GROUP)
    proof = _OF_THE_GROUP.reads(path)
    given = _OF_THE_GROUP.gets(
        host.agent.port, _ARC, Metadata="true", Authorization=f"Basic {proof}"
    )
    assert (answer["status"], given["status"]) == (401, 200)


@_ANYBODY
def test_nobody_else_gets_one_by_the_arc_form(host: _Host, user: LocalUser) -> None:
    """Others are told the file's name and cannot read it, or list what is beside it."""
    answer, path = host.challenged(user)
    assert (answer["status"], "access_token" in answer["content"]) == (401, False)
    assert user.reads(path) == {"errno": errno.EACCES}
    guessed = user.gets(host.agent.port, _ARC, Metadata="true", Authorization="Basic x")
    assert guessed["status"] == 401


@_ANYBODY
def test_nobody_else_reads_the_agents_secrets(host: _Host, user: LocalUser) -> None:
    """The credentials file is closed to others."""
    assert user.reads(str(host.credentials)) == {"errno": errno.EACCES}


def test_the_log_holds_who_and_what_and_no_secret(host: _Host) -> None:
    """Every request has its line; neither secrets nor tokens are in one."""
    WORKLOAD_USER.gets(host.agent.port, _IMDS, Metadata="true")
    OTHER_USER.gets(host.agent.port, _IMDS, Metadata="true")
    text = host.agent.log.read_text("utf-8")
    *_, given, refused = map(json.loads, text.splitlines())
    assert (given["user"], given["identity"], given["status"]) == (WORKLOAD_USER.user, "web", 200)
    assert (refused["user"], refused["status"]) == (OTHER_USER.user, 403)
    assert [word for word in ("prq_", "eyJ", HEADER_SECRET) if word in text] == []


def test_changed_credentials_are_read_at_a_signal(host: _Host) -> None:
    """After SIGHUP the file counts as it is now; one that is unfit changes nothing."""
    before = host.credentials.read_text("utf-8")
    now = before.replace(f"[{WORKLOAD_USER.user}]", f"[{OTHER_USER.user}]")
    try:
        for content, allowed, line in (
            (now, OTHER_USER, "credentials read"),
            ("nonsense", OTHER_USER, "credentials kept"),
            (before, WORKLOAD_USER, "credentials read"),
        ):
            lines = len(host.agent.log.read_text("utf-8").splitlines())
            host.credentials.write_text(content, "utf-8")
            host.agent.process.send_signal(signal.SIGHUP)
            assert line in _line(host.agent.log, lines)
            answers = [u.gets(host.agent.port, _IMDS, Metadata="true") for u in _BOTH]
            assert [a["status"] for a in answers] == [200 if u is allowed else 403 for u in _BOTH]
    finally:
        host.credentials.write_text(before, "utf-8")


def test_a_host_whose_identity_was_taken_away_gets_no_token(tmp_path: Path) -> None:
    """After `unassign` the host gets no new token, in words that say what to do."""
    with _running(tmp_path) as host:
        host.registry.pratique("identity", "unassign", "web", "--host", "host-1")
        answer = WORKLOAD_USER.gets(host.agent.port, _IMDS, Metadata="true")
    assert (answer["status"], answer["content"]["error"]) == (400, "invalid_request")
    assert "does not take this host's secret for `web`" in answer["content"]["error_description"]


_BOTH = (WORKLOAD_USER, OTHER_USER)


def _line(log: Path, number: int) -> str:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        lines = log.read_text("utf-8").splitlines()
        if len(lines) > number:
            return lines[number]
        time.sleep(0.02)
    raise AssertionError(f"no further line in {log}")
