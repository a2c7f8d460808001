"""A proxy on loopback that lets HTTP requests through, answers some itself, or breaks them off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx

_NOT_COPIED = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive"})


@dataclass(frozen=True)
class Seen:
    """A request that came."""

    method: str
    path: str


@dataclass(frozen=True)
class Fault:
    """What is answered in place of the server: a status and a body, or nothing at all."""

    status: int | None = None
    body: bytes = b""
    cut_after: int | None = None


@dataclass
class FaultyProxy:
    """Stands in front of a server.

    Attributes:
        target: the server's address.
        fault: asked for each request; None lets it through. `cut_after` lets it through and
            breaks the answer off after so many bytes.
        seen: all requests, in their order.
        port: where it listens.
    """

    target: str
    fault: Callable[[Seen], Fault | None] = lambda _: None
    seen: list[Seen] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def fail(self, times: int, fault: Fault, *, method: str = "PUT") -> None:
        """Answer the next requests of this method with the fault."""
        left = [times]

        def decide(seen: Seen) -> Fault | None:
            if seen.method != method or not left[0]:
                return None
            left[0] -= 1
            return fault

        self.fault = decide


@contextmanager
def faulty_proxy(target: str) -> Iterator[FaultyProxy]:
    """A proxy in threads of this process, ended on leaving."""
    proxy = FaultyProxy(target)

    class Handler(_Handler):
        owner: ClassVar[FaultyProxy] = proxy

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: ClassVar[FaultyProxy]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Write nothing."""

    def _answer(self) -> None:
        seen = Seen(self.command, self.path)
        self.owner.seen.append(seen)
        fault = self.owner.fault(seen)
        if fault is not None and fault.status is None and fault.cut_after is None:
            # Gone in the middle of the request, as a server that dies.
            self.close_connection = True
            return
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        if fault is not None and fault.status is not None:
            self._send(fault.status, {}, fault.body, None)
            return
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _NOT_COPIED}
        answer = httpx.request(
            self.command, f"{self.owner.target}{self.path}", headers=headers, content=content
        )
        self._send(answer.status_code, answer.headers, answer.content, fault)

    def _send(
        self, status: int, headers: httpx.Headers | dict[str, str], body: bytes, fault: Fault | None
    ) -> None:
        self.send_response(status)
        length = headers.get("content-length") if self.command == "HEAD" else None
        for key, value in headers.items():
            if key.lower() not in _NOT_COPIED | {"date", "server"}:
                self.send_header(key, value)
        self.send_header("content-length", length or str(len(body)))
        self.end_headers()
        if fault is not None and fault.cut_after is not None:
            body = body[: fault.cut_after]
            self.close_connection = True
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - the base's names
