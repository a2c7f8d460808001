"""One real server on loopback that is every site of the bed.

A connection's own port tells which site answers on it: the stage announces the port before it
connects. So every case has as many hosts as it likes, and the whole bed listens on one port.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import http.server
import socket
import socketserver
import ssl
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Self, cast
from urllib.parse import parse_qs, urlsplit

from pratique.assembly import now

_TLS_HANDSHAKE = 0x16
_NO_TLS_HERE = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Connection: close\r\n\r\n400 Bad Request"
)
_TLS_WANTED = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"


@dataclass(frozen=True)
class Asked:
    """A request as it arrived.

    Attributes:
        path: without the query.
        query: every value of every field.
        headers: names in lower case.
        form: fields of a form that was posted.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    form: Mapping[str, list[str]]

    @property
    def pair(self) -> tuple[str, str] | None:
        """User name and password of `Authorization: Basic`."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(value).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        return user, password

    @property
    def bearer(self) -> str:
        """The token of `Authorization: Bearer`; empty when there is none."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value if scheme.lower() == "bearer" else ""


@dataclass(frozen=True)
class Reply:
    """An answer.

    Attributes:
        headers: in order; a name may come twice.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def with_headers(self, *more: tuple[str, str]) -> Reply:
        """The same with further headers."""
        return Reply(self.status, self.body, (*self.headers, *more))


@dataclass
class Site:
    """What answers at one address.

    Attributes:
        answer: to each request.
        tls: its settings; None for plain HTTP.
        clock: tells the time for the `Date` header.
        raw: what it sends in place of everything else, before it hangs up; None for HTTP.
        onward: opens the connection that `CONNECT HOST:PORT` asks for; None when it is no proxy.
        asked: every request, in order of arrival.
    """

    answer: Callable[[Asked], Reply]
    tls: ssl.SSLContext | None = None
    clock: Callable[[], datetime] = now
    raw: bytes | None = None
    onward: Callable[[str, int], socket.socket] | None = None
    asked: list[Asked] = field(default_factory=list)


class Loopback:
    """The server; a context manager."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def connect(self, site: Site, seconds: float) -> socket.socket:
        """A real connection on which `site` answers."""
        plug = socket.socket()
        try:
            plug.bind(("127.0.0.1", 0))
            self._server.sites[plug.getsockname()[1]] = site
            plug.settimeout(seconds)
            plug.connect(self._server.server_address)
        except OSError:
            plug.close()
            raise
        return plug

    def faults(self) -> list[str]:
        """What went wrong inside the bed's own scripts since this was last asked."""
        found = list(self._server.faults)
        self._server.faults.clear()
        return found


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(
        self, address: tuple[str, int], handler: type[socketserver.BaseRequestHandler]
    ) -> None:
        super().__init__(address, handler)
        self.sites: dict[int, Site] = {}
        self.faults: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up, or do not like a certificate, are what the bed is about."""
        del request, client_address
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.faults.append(traceback.format_exc())


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    # In one piece: a body after its headers would wait for the acknowledgement of those.
    wbufsize = -1

    def setup(self) -> None:
        server = cast("_Server", self.server)
        self.site = server.sites.pop(self.client_address[1])
        self.usable = self._greet()
        super().setup()

    def _greet(self) -> bool:
        plug = cast("socket.socket", self.request)
        plug.settimeout(self.timeout)
        if self.site.raw is not None:
            plug.recv(4096)
            plug.sendall(self.site.raw)
            return False
        first = plug.recv(1, socket.MSG_PEEK)
        if not first:
            return False
        if (first[0] == _TLS_HANDSHAKE) is (self.site.tls is not None):
            if self.site.tls is not None:
                self.request = self.site.tls.wrap_socket(plug, server_side=True)
            return True
        plug.recv(4096)
        plug.sendall(_TLS_WANTED if self.site.tls is not None else _NO_TLS_HERE)
        return False

    def handle(self) -> None:
        if self.usable:
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        if isinstance(self.request, ssl.SSLSocket):
            self.request.close()

    def _respond(self) -> None:
        asked = self._read()
        self.site.asked.append(asked)
        reply = self.site.answer(asked)
        self.send_response_only(reply.status, _phrase(reply.status))
        self.send_header("Date", format_datetime(self.site.clock(), usegmt=True))
        for name, value in reply.headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in reply.headers):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    # The names are the standard library's.
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815

    def do_CONNECT(self) -> None:
        """Be a proxy, or refuse as `answer` says."""
        asked = self._read()
        self.site.asked.append(asked)
        reply = self.site.answer(asked)
        self.send_response_only(reply.status, _phrase(reply.status))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        if reply.status != HTTPStatus.OK or self.site.onward is None:
            return
        host, _, port = self.path.rpartition(":")
        with self.site.onward(host.strip("[]"), int(port)) as beyond:
            back = threading.Thread(target=_pump, args=(beyond, self.request), daemon=True)
            back.start()
            _pump(self.request, beyond)
            back.join()

    def log_message(self, *_: object) -> None:
        """Nothing: the doctor's own words are what counts."""

    def _read(self) -> Asked:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        return Asked(
            self.command,
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            headers,
            parse_qs(body.decode(), keep_blank_values=True) if form else {},
        )


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(16 * 1024):
            sink.sendall(part)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
