"""Servers on loopback that say exactly what a test wants, and the way to them."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Self

from pratique.assembly import now

# What a server does with one connection. It may end it by returning.
Handler = Callable[[socket.socket], None]


class Servers:
    """Listeners, each in a thread of its own; all of them end with the block."""

    def __init__(self) -> None:
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closing = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._closing = True
            ends = tuple(self._ends)
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in tuple(self._threads):
            thread.join(10)
            assert not thread.is_alive()
        for end in ends:
            end.close()

    def serve(self, handler: Handler, tls: ssl.SSLContext | None = None) -> int:
        """Listen, and give the port."""
        listener = socket.create_server(("127.0.0.1", 0))
        self._keep(listener)
        self._start(lambda: self._accept(listener, handler, tls))
        return int(listener.getsockname()[1])

    def _keep(self, end: socket.socket) -> None:
        with self._lock:
            self._ends.append(end)
            if self._closing:
                end.close()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work)
        self._threads.append(thread)
        thread.start()

    def _accept(
        self, listener: socket.socket, handler: Handler, tls: ssl.SSLContext | None
    ) -> None:
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            self._keep(stream)
            self._start(lambda stream=stream: _serve_one(stream, handler, tls))  # type: ignore[misc]


def _serve_one(stream: socket.socket, handler: Handler, tls: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError, ValueError):
        if tls is None:
            handler(stream)
        else:
            # The plain socket stays as it is, so that the servers can end it.
            with tls.wrap_socket(stream.dup(), server_side=True) as secured:
                handler(secured)
    with contextlib.suppress(OSError):
        stream.shutdown(socket.SHUT_RDWR)


def received(stream: socket.socket) -> bytes:
    """One request with its body; empty when the other end has gone."""
    found = b""
    while b"\r\n\r\n" not in found:
        piece = stream.recv(65536)
        if not piece:
            return b""
        found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += stream.recv(65536)
    return head + b"\r\n\r\n" + body


def response(status: str = "200 OK", *headers: str, body: bytes = b"{}") -> bytes:
    """A response of HTTP/1.1 whose connection stays open."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("utf-8") + body


class Talk:
    """Answers every request of a connection, and remembers what was asked.

    Args:
        answer: makes the response from a request; None ends the connection.
    """

    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        self._answer = answer
        self.asked: list[bytes] = []
        self.connections = 0

    def __call__(self, stream: socket.socket) -> None:
        """Serve one connection to its end."""
        self.connections += 1
        while request := received(stream):
            self.asked.append(request)
            answer = self._answer(request)
            if answer is None:
                return
            stream.sendall(answer)


def saying(answer: bytes) -> Talk:
    """A server that always gives this response."""
    return Talk(lambda _: answer)


class Wires:
    """Names as a test has them, and ports of them that are at other ports of loopback.

    Attributes:
        names: addresses of each name, or the error that looking it up gives.
        ports: for an address and port, the real port of loopback, or the error that it gives.
        on_connect: is called before each connection.
        dialled: addresses and ports that were tried.
    """

    def __init__(self) -> None:
        self.names: dict[str, tuple[str, ...] | OSError | UnicodeError] = {}
        self.ports: dict[tuple[str, int], int | OSError] = {}
        self.on_connect: Callable[[], None] = lambda: None
        self.dialled: list[tuple[str, int]] = []

    def put(self, host: str, port: int, at: int) -> None:
        """A host whose port is at this port of loopback."""
        self.names.setdefault(host, (f"192.0.2.{len(self.names) + 1}",))
        found = self.names[host]
        assert isinstance(found, tuple)
        self.ports[found[0], port] = at

    def addresses_of(self, host: str) -> tuple[str, ...]:
        """Addresses of a name."""
        found = self.names.get(host, socket.gaierror(socket.EAI_NONAME, "Name not known"))
        if isinstance(found, Exception):
            raise found
        return found

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """A connection."""
        self.on_connect()
        self.dialled.append((address, port))
        found = self.ports.get((address, port), ConnectionRefusedError(111, "Connection refused"))
        if isinstance(found, OSError):
            raise found
        return socket.create_connection(("127.0.0.1", found), seconds)


class QuickClock:
    """A clock that runs faster than time, and can be put forward.

    Args:
        speed: how many of its seconds pass in one.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._since = time.monotonic()
        self.ahead = 0.0

    def now(self) -> datetime:
        """The time of day."""
        return now() + timedelta(seconds=self.ahead)

    def seconds(self) -> float:
        """A count of seconds that only grows."""
        return (time.monotonic() - self._since) * self._speed + self.ahead

    def sleep(self, seconds: float) -> None:
        """Time has passed."""
        self.ahead += seconds
