"""Servers that are no Pratique, or a broken one: told in words, never with a trace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal

from pratique.cli.failures import Failed
from pratique.cli.logins import Login, Logins
from pratique.cli.refusal_list import newest
from pratique.cli.session import MOST_PAGES, Call, Reply, Session


@contextmanager
def answering(status: int, content: bytes, link: str | None = None) -> Iterator[str]:
    """A server that gives the same answer to everything; its host and port."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            if link is not None:
                self.send_header("link", link)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A terminal without a login."""
    return Terminal(tmp_path / "home")


def _logged_in(terminal: Terminal, host: str) -> None:
    login = Login(host=host, url=f"http://{host}", user="alice", refresh_token="t")
    Logins(terminal.home / "pratique" / "credentials.json").add(login)


@pytest.mark.parametrize(
    ("status", "content", "told"),
    [
        (200, b"<html>", "gave no refresh token"),
        (200, b'{"token": "t"}', "gave no refresh token"),
        (200, b"[]", "gave no refresh token"),
        (404, b"<html>", "answered with status 404 and no explanation"),
        (500, b'{"errors": []}', "answered with status 500 and no explanation"),
        (418, b'{"errors": [{"code": "TEAPOT", "message": "no coffee"}]}', "no coffee"),
    ],
)
def test_login_elsewhere_is_told(
    terminal: Terminal, status: int, content: bytes, told: str
) -> None:
    """A server without the token endpoint of a registry is no place to log in."""
    with answering(status, content) as host:
        assert told in terminal.fails("login", host, "-u", "alice", "-p", "x")


@pytest.mark.parametrize(
    ("status", "content", "told"),
    [
        (200, b"<html>", "does not answer as a Pratique registry"),
        (502, b"<html>bad gateway", "answered with status 502 and no explanation"),
    ],
)
def test_answer_that_cannot_be_read_is_told(
    terminal: Terminal, status: int, content: bytes, told: str
) -> None:
    """HTML in the place of JSON, as from a proxy, is told with its status."""
    with answering(status, content) as host:
        _logged_in(terminal, host)
        assert told in terminal.fails("sp", "list")


def test_pages_in_a_circle_come_to_an_end(terminal: Terminal) -> None:
    """A list whose next page is always the same one is given up."""
    page = b'{"repositories": ["one"]}'
    with answering(200, page, '</acr/v1/_catalog?last=one&n=1>; rel="next"') as host:
        _logged_in(terminal, host)
        assert "again and again" in terminal.fails("repo", "list")


def test_a_server_without_tls_is_not_for_az(terminal: Terminal) -> None:
    """It is not told to write `http://`, which would be refused next."""
    with answering(200, b"{}") as host:
        told = terminal.fails("az-setup", host)
    assert "az speaks to a server over https alone" in told
    assert f"http://{host}" not in told


def test_pages_without_end_come_to_an_end() -> None:
    """A registry that always has one more page is left."""

    class Endless:
        asked = 0

        def send(self, _: Call) -> Reply:
            self.asked += 1
            return Reply(200, b'{"names": [1]}', f'</list?last={self.asked}>; rel="next"')

        def close(self) -> None:
            """Nothing is open."""

    registry = Endless()
    with pytest.raises(Failed, match="more than 10,000 pages"):
        Session(registry, "it").every_page("/list", "names")
    assert registry.asked == MOST_PAGES


def test_refusals_without_end_come_to_an_end() -> None:
    """A registry that always has one more page of no refusals is left."""

    class Endless:
        def send(self, _: Call) -> Reply:
            page = b'{"decisions": [], "settled_until": "t", "since": "s", "next": "n"}'
            return Reply(200, page)

        def close(self) -> None:
            """Nothing is open."""

    with pytest.raises(Failed, match="more than 10,000 pages"):
        newest(Session(Endless(), "it"), {}, "s", 10)
