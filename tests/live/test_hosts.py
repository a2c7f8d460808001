"""How requests on the wire name a registry: header, request target, HTTP/2, and what disagrees."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator

import h2.config
import h2.connection
import h2.events
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
        # The whole address in the request line.
        (f"GET http://{SECOND}/v2/ HTTP/1.1\nHost: {SECOND}", SECOND),
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
        f"GET http://{SECOND}/v2/ HTTP/1.1\nHost: {HOME}",
        f"GET http://{HOME}/v2/ HTTP/1.1\nHost: {SECOND}",
        "GET /v2/ HTTP/1.1\nAccept: */*",
    ],
)
def test_what_names_none_or_two_is_refused(server: LiveServer, head: str) -> None:
    """Nothing is guessed, however often it was answered before."""
    for host in (HOME, SECOND):
        ask(server, f"GET /v2/ HTTP/1.1\nHost: {host}\nConnection: close\n\n")
    for _ in range(2):
        assert ask(server, f"{head}\nConnection: close\n\n") == (400, "")


@pytest.fixture(scope="module")
def server_with_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The same, within TLS, where HTTP/2 is spoken."""
    with live_server(tmp_path_factory.mktemp("tls") / "data", workers=1, tls=True) as found:
        found.pratique("registry", "update", "--login-server", HOME)
        found.pratique("registry", "create", "second", "--login-server", SECOND)
        yield found


def ask_in_http2(server: LiveServer, *names: tuple[str, str]) -> tuple[int, str]:
    """As `ask`, for `/v2/` in HTTP/2 with these further header fields."""
    context = ssl.create_default_context(cafile=str(server.certificate))
    context.set_alpn_protocols(["h2"])
    host, _, port = server.host.partition(":")
    # What no client would send is to be sent.
    config = h2.config.H2Configuration(header_encoding="ascii", validate_outbound_headers=False)
    speaking = h2.connection.H2Connection(config)
    speaking.initiate_connection()
    asked = [(":method", "GET"), (":scheme", "https"), (":path", "/v2/"), *names]
    speaking.send_headers(1, asked, end_stream=True)
    with (
        socket.create_connection((host, int(port)), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        connection.sendall(speaking.data_to_send())
        while received := connection.recv(65536):
            for event in speaking.receive_data(received):
                if isinstance(event, h2.events.ResponseReceived):
                    fields = {str(name): str(value) for name, value in event.headers}
                    challenge = fields.get("www-authenticate", "")
                    service = re.search(r'service="([^"]*)"', challenge)
                    return int(fields[":status"]), service.group(1) if service else ""
                if isinstance(event, h2.events.StreamReset):
                    return 0, ""
            connection.sendall(speaking.data_to_send())
    return 0, ""


@pytest.mark.parametrize("name", [HOME, SECOND])
def test_http2_names_it_by_authority(server_with_tls: LiveServer, name: str) -> None:
    """`:authority` is what `Host` was; both together say the same."""
    assert ask_in_http2(server_with_tls, (":authority", name)) == (401, name)
    both = ((":authority", name), ("host", name.upper()))
    assert ask_in_http2(server_with_tls, *both) == (401, name)


@pytest.mark.parametrize("names", [(HOME, SECOND), (SECOND, HOME)])
def test_http2_that_names_two_is_refused(
    server_with_tls: LiveServer, names: tuple[str, str]
) -> None:
    """Whichever stands where."""
    asked = ((":authority", names[0]), ("host", names[1]))
    assert ask_in_http2(server_with_tls, *asked) in {(400, ""), (0, "")}
