"""Verbs that make, choose and delete registries, in a folder and after logins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.support.live_server import LiveServer, live_server

SECOND = ("--registry", "Second")


@pytest.fixture
def two(owner: Terminal) -> Terminal:
    """The terminal of whoever owns a folder with two registries."""
    owner.reads("registry", "create", "second", "--login-server", "second.example.com")
    return owner


def test_a_registry_is_chosen_by_its_name(two: Terminal) -> None:
    """What is done to it is not done to the first one; its commands are shown with the choice."""
    told = two.reads("registry", "update", "--role-mode", "abac", "--yes", *SECOND)
    assert "second.example.com" in told
    assert two.gets("registry", "show")["role_mode"] == "rbac"
    told = two.reads("scope-map", "create", "mine-map", "--allow", "app:content/read", *SECOND)
    assert f"--registry {SECOND[1]}" in told
    assert "mine-map" not in two.reads("scope-map", "list")
    assert "mine-map" in two.reads("scope-map", "list", *SECOND)


def test_a_registry_is_chosen_by_the_environment(two: Terminal) -> None:
    """And a typed choice is stronger."""
    there = Terminal(two.home, two.words, (("PRATIQUE_REGISTRY", "second"),))
    assert there.gets("registry", "show")["name"] == "second"
    assert there.gets("registry", "show", "--registry", "pratique")["name"] == "pratique"


def test_an_unknown_name_is_told_with_those_that_are_there(two: Terminal) -> None:
    """Nothing is done to another one instead."""
    told = two.fails("token", "list", "--registry", "third")
    assert "no registry `third`" in told
    assert "`pratique`, `second`" in told


def test_what_keeps_a_registry_from_being_made_is_told(owner: Terminal) -> None:
    """Names, hosts, and a first registry that has none of its own."""
    make = ("registry", "create")
    assert "is the login server of" in owner.fails(
        *make, "second", "--login-server", "Registry.Example.com"
    )
    assert "already" in owner.fails(*make, "PRATIQUE", "--login-server", "second.example.com")
    assert "is not a host" in owner.fails(*make, "second", "--login-server", "a b")
    owner.reads("registry", "update", "--login-server", "")
    told = owner.fails(*make, "second", "--login-server", "second.example.com")
    assert "`pratique registry update --login-server HOST`" in told


def test_deleting_asks_first_and_spares_the_first_registry(two: Terminal) -> None:
    """Without an answer, nothing goes."""
    done = two.types("registry", "delete", "second")
    assert done.code == 1
    assert "everything in it?" in done.err
    assert "home registry" in two.fails("registry", "delete", "pratique", "--yes")
    assert "Deleted the registry second" in two.reads("registry", "delete", "second", "--yes")
    assert [r["name"] for r in two.gets("registry", "list")] == ["pratique"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with two registries under two names of this machine."""
    with live_server(tmp_path_factory.mktemp("served") / "data", workers=1) as started:
        second = started.host.replace("127.0.0.1", "localhost")
        started.pratique("registry", "create", "second", "--login-server", second)
        yield started


@pytest.mark.live
def test_a_registry_is_chosen_among_logins(server: LiveServer, tmp_path: Path) -> None:
    """By its host, or by its name once logged in to it; what one gives opens nothing at another."""
    somebody = Terminal(tmp_path / "home")
    name, password = server.owner
    second = server.host.replace("127.0.0.1", "localhost")
    login = ("--user", name, "--password-stdin")
    somebody.reads("login", server.host, *login, stdin=password)
    told = somebody.fails("registry", "show", *SECOND)
    assert f"`pratique login {second}`" in told
    somebody.reads("login", second, *login, stdin=password)
    somebody.reads("registry", "list")
    for words, found in (
        ((), "second"),
        (("--server", server.host), "pratique"),
        (("--server", second), "second"),
        (SECOND, "second"),
        (("--registry", "pratique"), "pratique"),
        (("--server", server.host, *SECOND), "second"),
    ):
        assert somebody.gets("registry", "show", *words)["name"] == found
    assert "no registry `third`" in somebody.fails("registry", "show", "--registry", "third")


@pytest.mark.live
def test_a_registry_that_got_a_name_is_logged_in_to_where_it_was_reached(tmp_path: Path) -> None:
    """Its tokens are for the new name; the old address goes on to be good for a login."""
    somebody = Terminal(tmp_path / "home")
    with live_server(tmp_path / "data", workers=1) as started:
        name, password = started.owner
        login = ("login", started.host, "--user", name, "--password-stdin")
        somebody.reads(*login, stdin=password)
        renamed = somebody.reads("registry", "update", "--login-server", "registry.example.org")
        assert f"logs in again:\n\n  pratique login {started.host}" in renamed
        assert f"`pratique login {started.host}`" in somebody.fails("registry", "list")
        somebody.reads(*login, stdin=password)
        assert somebody.gets("registry", "show")["login_server"] == "registry.example.org"
