"""Logins kept between verbs, and how a server is written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pratique.cli.failures import Failed
from pratique.cli.logins import Login, Logins
from pratique.cli.servers import base_url, readable_on_the_way, shortest


def _login(host: str, user: str = "alice") -> Login:
    return Login(host=host, url=base_url(host), user=user, refresh_token="t")


@pytest.fixture
def logins(tmp_path: Path) -> Logins:
    """A file that is not there yet."""
    return Logins(tmp_path / "pratique" / "credentials.json")


def test_last_login_is_the_current_one(logins: Logins) -> None:
    """Several servers are kept; a login in place of an older one becomes the last."""
    assert logins.current() is None
    for login in (_login("one"), _login("two"), _login("one", "bob")):
        logins.add(login)
    assert logins.current() == _login("one", "bob")
    assert logins.of("two") == _login("two")
    logins.remove("one")
    assert logins.current() == _login("two")
    assert logins.of("one") is None


def test_file_is_for_its_owner_alone(logins: Logins, tmp_path: Path) -> None:
    """Neither the file nor its folder can be read by others, and nothing else is left there."""
    logins.add(_login("one"))
    folder = tmp_path / "pratique"
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", ["", "{", '{"logins": 1}', '{"logins": [{"host": "one"}]}'])
def test_damaged_file_is_told(logins: Logins, tmp_path: Path, content: str) -> None:
    """A file that is none is not overwritten; the user is told what to do."""
    path = tmp_path / "pratique" / "credentials.json"
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(Failed, match="delete it and log in again"):
        logins.add(_login("one"))
    assert path.read_text() == content


def test_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file in the place of the folder is told as a failure, not as an accident."""
    (tmp_path / "pratique").write_text("")
    with pytest.raises(Failed, match=r"credentials\.json"):
        Logins(tmp_path / "pratique" / "credentials.json").add(_login("one"))


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("registry.example.com", "https://registry.example.com"),
        ("Registry.Example.com:5000/", "https://registry.example.com:5000"),
        ("http://registry.example.com", "http://registry.example.com"),
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("127.9.9.9", "http://127.9.9.9"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("https://127.0.0.1:5000", "https://127.0.0.1:5000"),
        ("10.0.0.1:5000", "https://10.0.0.1:5000"),
    ],
)
def test_server_is_written_short(written: str, url: str) -> None:
    """Plain HTTP is spoken on this machine only, unless it is written."""
    assert base_url(written) == url


@pytest.mark.parametrize("written", ["", "ftp://host", "host:port", "host/path", "[::1", "http://"])
def test_what_is_no_server_is_told(written: str) -> None:
    """A server that cannot be one is refused with how to write it."""
    with pytest.raises(Failed, match="write HOST, HOST:PORT or https://HOST"):
        base_url(written)


def test_login_is_repeated_as_short_as_it_can_be() -> None:
    """The scheme is written only where it is not the usual one."""
    assert shortest(_login("one")) == "one"
    plain = Login(host="one", url="http://one", user="alice", refresh_token="t")
    assert shortest(plain) == "http://one"


def test_plain_http_is_readable_on_the_way() -> None:
    """HTTP to another machine is, to this machine or with TLS it is not."""
    assert readable_on_the_way("http://registry.example.com")
    assert not readable_on_the_way("http://127.0.0.1:5000")
    assert not readable_on_the_way("https://registry.example.com")
