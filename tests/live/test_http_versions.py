"""Which HTTP is spoken: HTTP/2 is agreed upon within TLS; without TLS it is HTTP/1 alone."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest
from tests.support.live_server import live_server

pytestmark = pytest.mark.live

# RFC 9113, section 3.4: what a client says first that knows beforehand.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
EMPTY_SETTINGS = bytes(3) + b"\x04" + bytes(5)
SETTINGS_TYPE = 4


def test_http2_within_tls(tmp_path: Path) -> None:
    """A client that offers it gets it, and its settings are answered."""
    with live_server(tmp_path / "data", workers=1, tls=True) as server:
        context = ssl.create_default_context(cafile=str(server.certificate))
        context.set_alpn_protocols(["h2", "http/1.1"])
        host, _, port = server.host.partition(":")
        with (
            socket.create_connection((host, int(port)), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=host) as connection,
        ):
            assert connection.selected_alpn_protocol() == "h2"
            connection.sendall(PREFACE + EMPTY_SETTINGS)
            assert connection.recv(9)[3] == SETTINGS_TYPE


def test_no_http2_without_tls(tmp_path: Path) -> None:
    """A client that takes it for granted is told so in HTTP/1, or not at all."""
    with live_server(tmp_path / "data", workers=1) as server:
        host, _, port = server.host.partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(PREFACE + EMPTY_SETTINGS)
            assert connection.recv(12) in {b"HTTP/1.1 400", b"HTTP/1.0 400", b""}
