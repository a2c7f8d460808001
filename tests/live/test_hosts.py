"""How requests on the wire name a registry: header, request target, HTTP/2, and what disagrees."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest
from tests.support.live_server import LiveServer, live_server

pytestmark = pytest.mark.live

HOME, SECOND = "home.test", "second.test"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with two registries."""
    with live_server(tmp_path_factory.mktemp("hosts") / "data", workers=1) as found:
        found.pratique("registry", "update", "--login-server", HOME)
        found.pratique("registry", "create", "second", "--login-server", SECOND)
        yield found


def ask(server: LiveServer, text: str) -> tuple[int, str]:
    """Status of the answer to what is sent as it stands, and the service that it names."""
    host, _, port = server.host.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(text.replace("\n", "\r\n").encode())
        received = b""
        while piece := connection.recv(65536):
            received += piece
    answer = received.decode("latin-1")
    service = re.search(r'service="([^"]*)"', answer)
    return int(answer.split()[1]), service.group(1) if service else ""


@pytest.mark.parametrize(
    ("head", "service"),
    [
        (f"GET /v2/ HTTP/1.1\nHost: {SECOND}", SECOND),
        ("GET /v2/ HTTP/1.1\nHost: SeCoNd.TeSt", SECOND),
        (f"GET /v2/ HTTP/1.1\nhOsT:   {SECOND}  ", SECOND),
        (f"GET /v2/ HTTP/1.1\nHost: {SECOND}:80", SECOND),
        (f"GET /v2/ HTTP/1.1\nHost: {HOME}", HOME),
        (f"GET /v2/ HTTP/1.1\nHost: {SECOND}:5000", HOME),
        (f"GET /v2/ HTTP/1.1\nHost: x.{SECOND}", HOME),
        # A proxy's word for the host is nobody's word here.
        (f"GET /v2/ HTTP/1.1\nHost: {HOME}\nX-Forwarded-Host: {SECOND}", HOME),
        (f"GET /v2/ HTTP/1.1\nHost: {HOME}\nForwarded: host={SECOND}", HOME),
        # The whole address in the request line: the header counts, for law and content alike.
        (f"GET http://{SECOND}/v2/ HTTP/1.1\nHost: {SECOND}", SECOND),
        (f"GET http://{SECOND}/v2/ HTTP/1.1\nHost: {HOME}", HOME),
    ],
)
def test_one_registry_is_named(server: LiveServer, head: str, service: str) -> None:
    """The challenge names the registry that answers."""
    assert ask(server, f"{head}\nConnection: close\n\n") == (401, service)


@pytest.mark.parametrize(
    "head",
    [
        f"GET /v2/ HTTP/1.1\nHost: {SECOND}.",
        f"GET /v2/ HTTP/1.1\nHost: {HOME}\nHost: {SECOND}",
        f"GET /v2/ HTTP/1.1\nHost: {SECOND}\nHost: {HOME}",
        f"GET /v2/ HTTP/1.1\nHost: {HOME}, {SECOND}",
        f"GET /v2/ HTTP/1.1\nHost: {SECOND}/{HOME}",
        f"GET /v2/ HTTP/1.1\nHost: {HOME}@{SECOND}",
        "GET /v2/ HTTP/1.1\nAccept: */*",
    ],
)
def test_what_names_none_or_two_is_refused(server: LiveServer, head: str) -> None:
    """Nothing is guessed, however often it was answered before."""
    for host in (HOME, SECOND):
        ask(server, f"GET /v2/ HTTP/1.1\nHost: {host}\nConnection: close\n\n")
    for _ in range(2):
        assert ask(server, f"{head}\nConnection: close\n\n") == (400, "")
