"""Commands of these rules can be pasted, whatever stands in the files that they are made of."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.diagnosis.rules.examinations import (
    chosen,
    credentials,
    examination,
    exchange,
    found,
    login,
    pair,
    source,
)

from pratique.diagnosis.facts.conversation import Failed
from pratique.diagnosis.facts.credentials import (
    Client,
    Entry,
    HelperOutcome,
    HelperRun,
    Holding,
    Kubernetes,
    Origin,
    PullSecret,
)
from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.facts.settings import ClientSettings, ProxySettings

_EVIL = 'a\'$(echo>broken)`echo>broken`;echo>broken;#"$(echo>broken)"&echo>broken&'


def _examinations(folder: str) -> Iterator[Examination]:
    path = f"{folder}/{_EVIL}/config.json"
    for outcome in (HelperOutcome.MISSING, HelperOutcome.FAILED, HelperOutcome.TIMED_OUT):
        run = HelperRun(_EVIL, path, "registry.example.com", outcome)
        for entry in (
            Entry("registry.example.com", Holding.HELPER, helper=_EVIL),
            Entry("", Holding.STORE, helper=_EVIL),
        ):
            place = source(entry, name=path)
            yield examination(credentials=credentials(place, helpers=[run]))
    broken = source(name=path, fault="it is empty", fault_kind="corrupt")
    yield examination(credentials=credentials(broken))
    theirs = source(login(), name=path, owner=_EVIL, read=False)
    for client in Client:
        read = credentials(elsewhere=[(theirs, theirs.entries[0])])
        yield examination(client=client, credentials=read, user="root")
        yield examination(client=client, credentials=read, user=_EVIL)
    theirs = source(login(), name=path, origin=Origin.CONTAINERS_FILE, owner="", read=False)
    read = credentials(elsewhere=[(theirs, theirs.entries[0])])
    yield examination(client=Client.PODMAN, credentials=read)
    yield examination(credentials=credentials(source(login(_EVIL))), image="app")
    two = source(login(f"registry.example.com/{_EVIL}"), login("registry.example.com", "old"))
    yield examination(
        credentials=credentials(
            two, choice=chosen(two.entries[1], two), overridden=[(two, two.entries[0])]
        )
    )
    yield examination(f"https://{_EVIL}")
    yield from _of_clusters()
    shell = {"https": f"http://{_EVIL}"}
    settings = ClientSettings(
        proxies=ProxySettings(shell, {}, ""), blocked_by=path, search=(_EVIL, "docker.io")
    )
    for client in Client:
        seen = examination("app", client, outcome=Outcome.UNREACHABLE, settings=settings, status=0)
        seen.ping = exchange(0, failed=Failed.TIMEOUT)
        yield seen


def _of_clusters() -> Iterator[Examination]:
    name = f"Secret {_EVIL}/{_EVIL}"
    unused = source(login(), name=name, origin=Origin.PULL_SECRET, owner="", read=False)
    secret = PullSecret(_EVIL, _EVIL, entries=(login(),))
    others = {_EVIL: (_EVIL,)}
    read = credentials(elsewhere=[(unused, unused.entries[0])])
    for cluster in (
        Kubernetes(_EVIL, _EVIL, _EVIL, found=(secret,)),
        Kubernetes(_EVIL, _EVIL, _EVIL, account_secrets=(_EVIL,), found=(secret,)),
        Kubernetes(_EVIL, missing=(_EVIL,), in_other_namespaces=others),
        Kubernetes(_EVIL, missing=(_EVIL,)),
    ):
        yield examination(client=Client.CONTAINERD, credentials=read, kubernetes=cluster)
    place = source(login(_EVIL), name=name, origin=Origin.PULL_SECRET)
    yield examination(client=Client.CONTAINERD, credentials=credentials(place))
    faulty = Entry("registry.example.com", Holding.PAIR, pair(), fault="it is broken")
    place = source(faulty, name=name, origin=Origin.PULL_SECRET)
    read = credentials(place, choice=chosen(faulty, place))
    yield examination(client=Client.CONTAINERD, credentials=read, login_refused=True)


@pytest.fixture(name="commands")
def _commands(tmp_path: Path) -> list[str]:
    # Redirections of the commands themselves must not leave the test's folder.
    found_there = [found(seen) for seen in _examinations(str(tmp_path))]
    return [
        command
        for findings in found_there
        for finding in findings.values()
        for command in finding.commands
        if "/etc/" not in command.partition("tee")[0].partition(">")[2]
    ]


def test_nothing_of_a_file_is_run(commands: list[str], tmp_path: Path) -> None:
    """A shell that knows no programme runs every command, and none of the words inside."""
    assert len(commands) > 30
    assert sum(_EVIL.partition("'")[2] in command for command in commands) > 15
    for command in commands:
        ran = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=tmp_path,
            env={"PATH": str(tmp_path / "none")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "syntax error" not in ran.stderr.lower(), command
        assert not (tmp_path / "broken").exists(), command


def test_the_shell_of_this_test_would_run_them(tmp_path: Path) -> None:
    """Unquoted, the same words leave their mark."""
    subprocess.run(
        ["/bin/sh", "-c", f'echo "{_EVIL}'],
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "none")},
        capture_output=True,
        check=False,
    )
    subprocess.run(
        ["/bin/sh", "-c", "$(echo>broken)"], cwd=tmp_path, capture_output=True, check=False
    )
    assert (tmp_path / "broken").exists()
