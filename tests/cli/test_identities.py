"""Managed identities at the command line: made, assigned, unassigned, deleted."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal

from pratique.agent import read_credentials


def test_identity_is_user_assigned_or_a_hosts_own(owner: Terminal) -> None:
    """Each kind has its resource id, a client id and no secret."""
    web = owner.gets("identity", "create", "web")
    own = owner.gets("identity", "create", "host-own", "--system", "host-1.example.com")
    assert web["resource_id"].endswith(
        "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web"
    )
    assert own["resource_id"].endswith(
        "/providers/Microsoft.Compute/virtualMachines/host-1.example.com"
    )
    assert (web["kind"], own["kind"]) == ("user-assigned", "system-assigned")
    assert owner.gets("identity", "list") == [own, web]
    assert owner.gets("identity", "show", web["client_id"]) == web
    assert owner.gets("sp", "secret", "list", "web") == []


def test_people_are_told_what_to_type_next(owner: Terminal) -> None:
    """A new identity has no role and no host yet."""
    told = owner.reads("identity", "create", "web")
    folder = owner.words[1]
    assert f"pratique role assign AcrPull --to web --data {folder}\n" in told
    assert f"pratique identity assign web --host HOST --user USER --data {folder}\n" in told
    heading, line = owner.reads("identity", "list").splitlines()
    assert heading.split() == ["NAME", "KIND", "CLIENT", "ID", "HOSTS", "CREATED"]
    assert line.split()[:2] == ["web", "user-assigned"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("create", "we"), "3 to 128"),
        (("create", "a/b"), "3 to 128"),
        (("create", "web"), "there is the managed identity `web` already"),
        (("create", "WEB"), "there is the managed identity `web` already"),
        (("create", "new", "--system", "-"), "cannot name a host"),
        (("create", "new", "--system", "host-1"), "the host `host-1` has the managed identity"),
        (("create", "web", "--system", "host-2"), "there is a managed identity `web` already"),
        (("assign", "web", "--host", "a/b"), "cannot name a host"),
        (("assign", "host-own", "--host", "host-2"), "system-assigned identity of the host"),
        (("assign", "my-robot", "--host", "host-1"), "`my-robot` is not a managed identity"),
        (("unassign", "web", "--host", "host-1"), "not assigned to the host `host-1`"),
        (("show", "my-robot"), "there is no managed identity"),
        (("delete", "my-robot"), "`my-robot` is not a managed identity"),
    ],
)
def test_what_makes_no_sense_is_refused(
    owner: Terminal, words: tuple[str, ...], problem: str
) -> None:
    """Each with a sentence of its own; nothing is changed."""
    owner.gets("identity", "create", "web")
    owner.gets("identity", "create", "host-own", "--system", "host-1")
    owner.gets("sp", "create", "my-robot")
    before = owner.gets("identity", "list")
    assert problem in owner.fails("identity", *words)
    assert owner.gets("identity", "list") == before


def test_assignment_gives_once_what_the_agent_needs(owner: Terminal, tmp_path: Path) -> None:
    """What is shown to people, to programs and written to a file is what the agent reads."""
    owner.gets("identity", "create", "web")
    words = ("identity", "assign", "web", "--host", "host-1", "--user", "4242", "--group", "17")
    told = owner.reads(*words, "--header", "--challenge-group", "18")
    shown = tomllib.loads(
        "\n".join(
            line
            for line in told.splitlines()
            if line.startswith("  ") and not line.startswith("  pratique ")
        )
    )
    assert "shown this once" in told
    by_json, by_file, shown_file = tmp_path / "json", tmp_path / "file", tmp_path / "shown"
    for path, content in ((by_json, owner.gets(*words)), (shown_file, shown)):
        path.touch(0o600)
        path.write_text(json.dumps(content), "utf-8")
    made = owner.gets(*words, "--file", str(by_file))
    assert "prq_" not in json.dumps(made)
    found = [read_credentials([path])[0] for path in (shown_file, by_json, by_file)]
    assert {(i.users, i.groups, i.client_id) for i in found} == {
        (frozenset({4242}), frozenset({17}), made["client_id"])
    }
    assert (found[0].challenge_group, found[1].challenge_group) == (18, None)
    assert found[0].header_secret is not None
    assert len({i.secret for i in found}) == 3


def test_a_host_has_one_secret(owner: Terminal) -> None:
    """A second assignment replaces it; other hosts keep theirs; unassigning takes it away."""
    owner.gets("identity", "create", "web")
    for host in ("host-1", "host-2", "HOST-1"):
        owner.gets("identity", "assign", "web", "--host", host, "--user", "0")
    assert [s["name"] for s in owner.gets("sp", "secret", "list", "web")] == [
        "host:host-2",
        "host:HOST-1",
    ]
    owner.gets("identity", "unassign", "web", "--host", "host-1")
    assert [h["host"] for h in owner.gets("identity", "show", "web")["hosts"]] == ["host-2"]


def test_identity_has_no_secret_of_its_own(owner: Terminal) -> None:
    """`sp secret add` is refused with what to do instead."""
    owner.gets("identity", "create", "web")
    told = owner.fails("sp", "secret", "add", "web")
    assert "has no secrets of its own" in told
    assert "pratique identity assign" in told


def test_identity_is_a_principal_like_any_other(owner: Terminal) -> None:
    """It has roles, is disabled and enabled, and takes all with it when it is deleted."""
    owner.gets("identity", "create", "web")
    owner.gets("role", "assign", "AcrPull", "--to", "web")
    owner.gets("sp", "disable", "web")
    assert owner.gets("identity", "show", "web")["enabled"] is False
    owner.gets("sp", "enable", "web")
    gone = owner.reads("identity", "delete", "web")
    assert "role assignments and memberships go with it" in gone
    assert owner.gets("identity", "list") == []
    assert [a for a in owner.gets("role", "list") if a["role"] == "AcrPull"] == []


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--server", "http://registry.example.com"), "readable"),
        (("--server", "127.0.0.1:5000", "--listen", "0.0.0.0:80"), "other hosts"),
        (("--server", "127.0.0.1:5000"), "No such file"),
    ],
)
def test_agent_that_cannot_start_says_why(
    tmp_path: Path, words: tuple[str, ...], problem: str
) -> None:
    """Before it listens anywhere."""
    terminal = Terminal(tmp_path / "home")
    credentials = ("--credentials", str(tmp_path / "absent.toml"))
    assert problem in terminal.fails("identity", "agent", *words, *credentials)
