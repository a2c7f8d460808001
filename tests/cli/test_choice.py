"""Which registry a verb speaks to, when there is no server."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.terminal import Terminal

from pratique.cli.logins import Login, Logins


@pytest.fixture
def somebody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Somebody in a folder of their own, who has never logged in."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return Terminal(tmp_path / "home")


def _with(terminal: Terminal, **environment: str) -> Terminal:
    return Terminal(terminal.home, environment=tuple(environment.items()))


def test_no_registry_is_told_with_what_to_do(somebody: Terminal) -> None:
    """Without a login and without a folder, both ways are named."""
    told = somebody.fails("sp", "list")
    assert "`pratique login SERVER`" in told
    assert "`--data DIR`" in told


def test_folder_here_is_the_last_resort(somebody: Terminal, data: Path) -> None:
    """The folder where `pratique serve` keeps a registry by default is found."""
    Path("pratique-data").symlink_to(data)
    told = somebody.reads("user", "create", "alice")
    assert "pratique role assign AcrPull --to alice\n" in told


def test_folder_may_come_from_the_environment(somebody: Terminal, data: Path) -> None:
    """Then commands that are shown need no option."""
    told = _with(somebody, PRATIQUE_DATA=str(data)).reads("user", "create", "alice")
    assert "pratique role assign AcrPull --to alice\n" in told


def test_typed_choice_is_stronger_than_the_environment(somebody: Terminal, data: Path) -> None:
    """A typed folder counts although a server stands in the environment."""
    elsewhere = _with(somebody, PRATIQUE_SERVER="registry.example.com")
    assert elsewhere.gets("sp", "list", "--data", str(data)) == []
    assert "not logged in to registry.example.com" in elsewhere.fails("sp", "list")


def test_folder_and_server_at_once_is_wrong_usage(somebody: Terminal, data: Path) -> None:
    """Nobody guesses which of the two was meant."""
    told = somebody.misuses("sp", "list", "--data", str(data), "--server", "one")
    assert "not both" in told


def test_folder_without_a_registry_is_told(somebody: Terminal, tmp_path: Path) -> None:
    """It is not made into one by looking."""
    empty = tmp_path / "empty"
    told = somebody.fails("sp", "list", "--data", str(empty))
    assert f"pratique init --data {empty}" in told
    assert not empty.exists()


def test_damaged_folder_is_told(somebody: Terminal, data: Path) -> None:
    """A file that is no database is a failure in words."""
    (data / "pratique.db").write_bytes(b"no database" * 1000)
    for rest in data.glob("pratique.db-*"):
        rest.unlink()
    assert f"the folder {data} cannot be used" in somebody.fails("sp", "list", "--data", str(data))


def test_logging_out_forgets_the_login(somebody: Terminal) -> None:
    """The last login, or the one that is named; there is none after it."""
    logins = Logins(somebody.home / "pratique" / "credentials.json")
    for host in ("one", "two", "three"):
        logins.add(Login(host=host, url=f"https://{host}", user="alice", refresh_token="t"))
    assert somebody.reads("logout") == "Logged out of three.\n"
    assert somebody.gets("logout", "one") == {"server": "one"}
    assert "not logged in to one" in somebody.fails("logout", "one")
    assert somebody.gets("logout") == {"server": "two"}
    assert "not logged in anywhere" in somebody.fails("logout")
