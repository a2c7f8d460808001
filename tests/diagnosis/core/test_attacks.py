"""What a hostile folder, server or neighbour would have the doctor do, and it does not."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.diagnosis.findings import certain
from pratique.diagnosis.rules.rights import _smallest_grant
from pratique.diagnosis.this_machine import RealPrograms, this_machine

NOW = datetime.fromtimestamp(2_000_000_000, UTC)


def test_another_machines_files_get_no_login_of_this_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Below --root no helper is run, and no login or proxy of this machine is used."""
    for name in ("DOCKER_AUTH_CONFIG", "DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "https_proxy"):
        monkeypatch.setenv(name, "http://of-this-machine")
    machine = this_machine(lambda: NOW, tmp_path)
    assert "another machine" in machine.no_helpers
    assert "http://of-this-machine" not in machine.environment.values()
    assert "PATH" in machine.environment


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be misled by another user's files")
def test_root_runs_no_helper_that_another_user_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A home that belongs to somebody else does not choose what root runs."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    assert this_machine(lambda: NOW).no_helpers == ""
    os.chown(tmp_path, 12345, 12345)
    assert "another user" in this_machine(lambda: NOW).no_helpers


@pytest.mark.parametrize("path", ["", ".", ":/nowhere", ".:/nowhere", "tools:/nowhere"])
def test_the_folder_one_stands_in_is_no_place_for_programmes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str
) -> None:
    """Relative places on the search path are passed over, as Go's clients do."""
    (tmp_path / "tools").mkdir()
    for place in (tmp_path, tmp_path / "tools"):
        helper = place / "docker-credential-x"
        helper.write_text("#!/bin/sh\n")
        helper.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert RealPrograms(path).find("docker-credential-x") is None
    assert RealPrograms(str(tmp_path)).find("docker-credential-x") is not None


@pytest.mark.parametrize(
    ("lines", "typed"),
    [
        (["pratique role assign AcrPull --to x"], ["pratique role assign AcrPull --to x"]),
        (["pratique user create backdoor"], []),
        (["pratique role assign Owner --to x --server other.example"], []),
        (["pratique role assign Owner --to x --data=/srv"], []),
        (["rm -rf /"], []),
        (["pratique role assign 'Ac"], []),
        (["pratique role assign A --to x; rm -rf /"], None),
    ],
)
def test_a_server_chooses_nothing_but_its_own_grants(
    lines: list[str], typed: list[str] | None
) -> None:
    """A remedy is for that server alone, of a known kind, and quoted anew."""
    commands = _smallest_grant([lines], "registry.example.com")
    if typed is None:
        assert all(";" not in shlex.split(command) for command in commands)
        return
    assert commands == [f"{line} --server registry.example.com" for line in typed]


def test_words_have_an_end() -> None:
    """Megabytes of a server's words are cut, and a command that long is not shown at all."""
    found = certain("server-error", "w" * 10**6, "c" * 10**6, evidence=["e" * 10**6])
    assert len(found.words) < 10**4
    assert len(found.evidence[0]) < 10**4
    assert found.commands == ()
