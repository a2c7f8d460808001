"""Granian's RSGI interface: the only module that sees the server's objects."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from pratique.http.edge.proxies import TrustedProxies
from pratique.http.edge.small_parts import at_hand
from pratique.http.wire.messages import AtOnce, BodyTruncated, Headers, Request, Response
from pratique.http.wire.problems import Problem, problem_response
from pratique.observability import LineLog, Meter

STALLED_SECONDS = 60
# Announced as no longer than this, a body is taken in whole: forms and manifests of most images.
WHOLE_BYTES = 64 * 1024
DRAIN_BYTES = 256 * 1024 * 1024
DRAIN_SECONDS = 30
# Characters of a client's own words that a line of the log may hold.
_LOGGED = 512
_WITHOUT_BODY = frozenset({204, 304})
_MAY_HAVE_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class _Scope(Protocol):
    method: str
    path: str
    query_string: str
    scheme: str
    http_version: str
    client: str
    authority: str | None
    headers: Any


class _Transport(Protocol):
    async def send_bytes(self, data: bytes) -> None: ...


class _Protocol(Protocol):
    async def __call__(self) -> bytes: ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None: ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...

    def response_file(self, status: int, headers: list[tuple[str, str]], file: str) -> None: ...

    def response_file_range(
        self, status: int, headers: list[tuple[str, str]], file: str, start: int, end: int
    ) -> None: ...

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> _Transport: ...


class _StreamedBody:
    """The body as Granian gives it.

    Granian ends a body that was cut off as quietly as a whole one. The difference: a whole one
    yields exactly one empty chunk, at its end; a broken one yields another after it.
    """

    __slots__ = ("_announced", "_ended", "_meter", "_protocol", "_stream", "received")

    def __init__(self, protocol: _Protocol, announced: int | None, meter: Meter) -> None:
        self.received = 0
        self._protocol = protocol
        self._meter = meter
        self._announced = announced
        self._stream: AsyncIterator[bytes] | None = None
        self._ended = announced == 0

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes as they come, none of them empty."""
        if self._announced is not None and self._announced <= WHOLE_BYTES:
            content = await self._whole()
            if content:
                yield content
            self._check_length()
            return
        ended = False
        stream = self._stream = aiter(self._protocol)
        while True:
            try:
                async with asyncio.timeout(STALLED_SECONDS):
                    chunk = await anext(stream)
            except StopAsyncIteration:
                break
            except (RuntimeError, OSError, TimeoutError) as error:
                self._ended = True
                raise self._broken("the client stopped in the middle of its request") from error
            if ended:
                raise self._broken("the request's body broke off")
            if not chunk:
                ended = True
                continue
            self.received += len(chunk)
            yield chunk
        self._ended = True
        self._check_length()

    async def _whole(self) -> bytes:
        if self._ended:
            return b""
        self._ended = True
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                content = await self._protocol()
        except (RuntimeError, OSError, TimeoutError) as error:
            raise self._broken("the client stopped in the middle of its request") from error
        self.received = len(content)
        return content

    def _check_length(self) -> None:
        if self._announced is not None and self.received != self._announced:
            raise self._broken(f"only {self.received} of {self._announced} bytes arrived")

    def _broken(self, words: str) -> BodyTruncated:
        self._meter.body_broke()
        return BodyTruncated(words)

    async def drain(self) -> None:
        """Take in what the client still sends, within bounds, after the answer has gone out.

        A connection that is closed while the client writes loses the answer on its way.
        """
        if self._ended:
            return
        left = DRAIN_BYTES
        stream = self._stream if self._stream is not None else aiter(self._protocol)
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while left >= 0:
                    left -= len(await anext(stream))
        except (StopAsyncIteration, RuntimeError, OSError, TimeoutError):
            return


class RequestTrace(Protocol):
    """The span of one request."""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""
        ...

    def end(self, response: Response, size: int, fault: str) -> None:
        """The request was answered.

        Args:
            response: with what.
            size: bytes of its body.
            fault: the type of what was raised instead; empty when nothing was.
        """
        ...


class RequestTraces(Protocol):
    """Begins the span of each request, in the context in which it is answered."""

    def begin(self, request: Request) -> RequestTrace:
        """The span of a request that begins now."""
        ...


class RsgiEdge:
    """An RSGI application around one function from request to response.

    Args:
        handle: answers every request; what it raises becomes a 500 without a trace of it.
        log: takes one canonical line per request.
        meter: counts requests.
        probes: what load balancers ask, by path: from method to answer.
        draining: whether the server is being stopped. Clients are told then to come back on
            another connection, so that few are left when listening ends.
        proxies: tells who stands behind them; None when nobody is believed.
        traces: makes a span of each request; None for none.
        at_once: knows the answers to some requests; None where nobody does.
    """

    def __init__(
        self,
        handle: Callable[[Request], Awaitable[Response]],
        log: LineLog,
        meter: Meter,
        probes: Mapping[str, Callable[[str], Response]],
        draining: Callable[[], bool],
        proxies: TrustedProxies | None = None,
        traces: RequestTraces | None = None,
        at_once: AtOnce | None = None,
    ) -> None:
        self._handle = handle
        self._log = log
        self._meter = meter
        self._probes = probes
        self._draining = draining
        self._proxies = proxies
        self._traces = traces
        self._at_once = at_once

    async def __rsgi__(self, scope: _Scope, protocol: _Protocol) -> None:
        """Answer one request."""
        started = time.perf_counter()
        path = scope.path
        probe = self._probes.get(path)
        if probe is not None:
            self._answer_probe(scope, protocol, probe(scope.method))
            return
        known = None if self._at_once is None else self._at_once_of(scope, path, self._at_once)
        if known is not None:
            self._repeat(scope, protocol, known, started)
            return
        meter = self._meter
        meter.in_flight += 1
        try:
            headers, method = scope.headers, scope.method
            client = self._client(scope)
            announced = headers.get("content-length")
            length = int(announced) if announced and announced.isdigit() else None
            body = _StreamedBody(protocol, length, meter)
            request = Request(
                method=method,
                path=path,
                query=scope.query_string,
                headers=headers,
                scheme=scope.scheme,
                host=_host_of(scope, headers),
                client=client,
                body=body,
            )
            trace, fault = None, ""
            if self._traces is not None:
                trace = self._traces.begin(request)
            try:
                response = await self._handle(request)
            except Exception as error:  # noqa: BLE001 - the last resort: for the log, not the client
                response, fault = self._fault(error, path), type(error).__name__
            if self._draining() and scope.http_version.startswith("1"):
                response = replace(response, headers=[*response.headers, ("connection", "close")])
            if response.stream is not None and response.stream.pieces is not None:
                size = await self._stream(protocol, path, response, response.stream.pieces)
            else:
                size = _send(protocol, method, response)
            seconds = time.perf_counter() - started
            meter.answered(response.row, response.status, seconds, body.received, size)
            if trace is not None:
                trace.end(response, size, fault)
            if self._log.requests:
                traced = "" if trace is None else trace.trace_id
                self._write_line(scope, client, response, size, seconds, traced)
            if method in _MAY_HAVE_BODY:
                await body.drain()
        finally:
            meter.in_flight -= 1

    def _at_once_of(self, scope: _Scope, path: str, at_once: AtOnce) -> Response | None:
        # While the server is being stopped, answers say so.
        if scope.query_string or self._draining():
            return None
        headers = scope.headers
        return at_once(scope.method, path, scope.scheme, _host_of(scope, headers), headers)

    def _repeat(
        self, scope: _Scope, protocol: _Protocol, response: Response, started: float
    ) -> None:
        """Give an answer that was known."""
        size = _send(protocol, scope.method, response)
        seconds = time.perf_counter() - started
        self._meter.answered(response.row, response.status, seconds, 0, size)
        if self._log.requests:
            self._write_line(scope, self._client(scope), response, size, seconds)

    def _client(self, scope: _Scope) -> str:
        # Addresses of IPv6 come in brackets, which nothing that counts by address knows.
        client = (scope.client.rpartition(":")[0] or scope.client).strip("[]")
        return client if self._proxies is None else self._proxies.client(client, scope.headers)

    async def _stream(
        self, protocol: _Protocol, path: str, response: Response, pieces: AsyncIterator[bytes]
    ) -> int:
        """Send a body as it comes; the number of bytes that were sent.

        A body that breaks off is shorter than its head says, which closes the connection: nobody
        takes it for whole.
        """
        size = 0 if response.stream is None else response.stream.size
        headers = [*response.headers, ("content-length", str(size))]
        transport = protocol.response_stream(response.status, headers)
        sent = 0
        try:
            async for piece in pieces:
                try:
                    await transport.send_bytes(piece)
                except RuntimeError:
                    # So the server says that the client has gone.
                    break
                sent += len(piece)
        except Exception as error:  # noqa: BLE001 - the head has gone out: nothing else is left
            self._fault(error, path)
        return sent

    def _fault(self, error: Exception, path: str) -> Response:
        self._log.write(
            {"event": "fault", "error": repr(error), "path": path[:_LOGGED]}, at_once=True
        )
        return problem_response(Problem.UNKNOWN, Problem.UNKNOWN.meaning)

    def _write_line(
        self,
        scope: _Scope,
        client: str,
        response: Response,
        size: int,
        seconds: float,
        traced: str = "",
    ) -> None:
        line: dict[str, Any] = {
            "event": "request",
            "method": scope.method,
            "path": scope.path[:_LOGGED],
            "status": response.status,
            "bytes": size,
            "ms": round(seconds * 1000, 2),
            "client": client,
            "agent": (scope.headers.get("user-agent") or "")[:_LOGGED],
        }
        if traced:
            line["trace"] = traced
        self._log.write(line)

    def _answer_probe(self, scope: _Scope, protocol: _Protocol, response: Response) -> None:
        size = _send(protocol, scope.method, response)
        if response.status >= 500:
            self._log.write(
                {
                    "event": "not ready",
                    "path": scope.path,
                    "status": response.status,
                    "bytes": size,
                    "failing": response.body.decode().split(),
                }
            )


def _host_of(scope: _Scope, headers: Headers) -> str:
    """The host that a client addresses; empty where it names two, or none.

    One stands in the Host field, the other in the request's target (RFC 9112 section 3.2.2) or in
    `:authority` (RFC 9113 section 8.3.1). Whoever stands before us may have looked at either.
    """
    named: str | None = headers.get("host")
    target = scope.authority
    if named and target and named.lower() != target.lower():
        return ""
    return named or target or ""


def _send(protocol: _Protocol, method: str, response: Response) -> int:
    """Hand the response to the server; the number of bytes in its body.

    The server adds `content-length` to a body that it is given, and to nothing else.
    """
    status, headers, part = response.status, response.headers, response.file
    size = len(response.body) if part is None else part.end - part.start
    if response.stream is not None:
        size = response.stream.size
    if status in _WITHOUT_BODY:
        protocol.response_empty(status, headers)
        return 0
    if method == "HEAD":
        protocol.response_empty(status, [*headers, ("content-length", str(size))])
        return 0
    if part is None or not size:
        protocol.response_bytes(status, headers, response.body)
    elif (content := at_hand(part)) is not None:
        protocol.response_bytes(status, headers, content)
    elif part.whole:
        protocol.response_file(status, [*headers, ("content-length", str(size))], part.path)
    else:
        protocol.response_file_range(
            status, [*headers, ("content-length", str(size))], part.path, part.start, part.end
        )
    return size
