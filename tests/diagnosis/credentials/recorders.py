"""Two small servers on loopback that note the credential which a real client sends."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Sent:
    """A credential as it was sent; all empty when the client sent none."""

    username: str = ""
    password: str = ""
    identity_token: str = ""
    registry_token: str = ""


class Recorder:
    """What a server has noted.

    Attributes:
        address: host and port of the server.
        sent: credentials, in order; an empty one for a request without.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.sent: list[Sent] = []


@contextmanager
def docker_daemon() -> Iterator[Recorder]:
    """A daemon for the docker command: it takes an order to pull, notes, and refuses."""
    with _server(_daemon_note, {}) as recorder:
        yield recorder


@contextmanager
def basic_registry() -> Iterator[Recorder]:
    """A registry that asks for a user and a password, and refuses every one."""
    with _server(_registry_note, {"WWW-Authenticate": 'Basic realm="here"'}) as recorder:
        yield recorder


def _daemon_note(path: str, headers: dict[str, str]) -> Sent | None:
    if "/images/create" not in path:
        return None
    text = headers.get("x-registry-auth", "")
    found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if text else "{}")
    return Sent(
        found.get("username", ""),
        found.get("password", ""),
        found.get("identitytoken", ""),
        found.get("registrytoken", ""),
    )


def _registry_note(path: str, headers: dict[str, str]) -> Sent | None:
    if "/manifests/" not in path:
        return None
    kind, _, text = headers.get("authorization", "").partition(" ")
    if kind != "Basic":
        return Sent()
    username, _, password = base64.b64decode(text).decode().partition(":")
    return Sent(username, password)


@contextmanager
def _server(note: object, challenge: dict[str, str]) -> Iterator[Recorder]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            assert callable(note)
            sent = note(self.path, headers)
            if sent is not None:
                recorder.sent.append(sent)
            body = b"OK" if self.path.endswith("/_ping") else b'{"message": "refused"}'
            self.send_response(401 if challenge else 200 if body == b"OK" else 500)
            for name, value in challenge.items():
                self.send_header(name, value)
            self.send_header("API-Version", "1.43")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_HEAD = answer  # noqa: N815 - the names that the server calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recorder = Recorder(f"127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
