"""Probes and metrics: what is told to machines that ask without proving anything."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pratique.assembly import METRICS
from pratique.http.edge import RsgiEdge
from pratique.http.watch import MetricsListener, Probes, exposition
from pratique.http.watch.probes import HOLDS_SECONDS
from pratique.http.wire.messages import HeadersOfOne
from pratique.observability import Board, LineLog, Meter, names
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import (
    HOST,
    OWNER,
    RegistryInMemory,
    basic,
    bearer,
)

BUILD = {"version": "1.2.3", "python": "3.11"}


@dataclass
class Sent:
    """The server's side of one request: its scope and what is answered."""

    method: str
    path: str
    headers: HeadersOfOne
    pieces: tuple[bytes, ...] = ()
    query_string: str = ""
    scheme: str = "http"
    client: str = "192.0.2.1:4711"
    authority: str | None = None
    http_version: str = "1.1"
    status: int = 0
    answer: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def __call__(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces)

    def __aiter__(self) -> AsyncIterator[bytes]:
        async def chunks() -> AsyncIterator[bytes]:
            for piece in (*self.pieces, b""):
                yield piece

        return chunks()

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """No body."""
        self.response_bytes(status, headers, b"")

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """A body in memory."""
        self.status, self.answer, self.body = status, dict(headers), body

    def response_file(self, status: int, headers: list[tuple[str, str]], file: str) -> None:
        """Not used by a registry in memory.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> NoReturn:
        """Not used by a registry in memory.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError

    def response_file_range(
        self, status: int, headers: list[tuple[str, str]], file: str, start: int, end: int
    ) -> None:
        """Not used by a registry in memory.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError


class Edge:
    """An edge around a registry in memory, with parts that a test can break."""

    def __init__(self, registry: RegistryInMemory) -> None:
        self.registry = registry
        self.broken: set[str] = set()
        self.seconds = 0.0
        self.sink = io.BytesIO()
        self.board = Board.of_one_process(METRICS.width)
        self.meter = Meter(METRICS, self.board)
        parts = {part: self._part(part) for part in names.PARTS}
        probes = Probes(parts, self.board.is_draining, lambda: self.seconds)
        self._log = LineLog(self.sink)
        # The application counts verdicts where it was composed to; the edge counts requests.
        registry.application._entrance.meter = self.meter  # noqa: SLF001
        self.rsgi = RsgiEdge(
            registry.application.handle,
            self._log,
            self.meter,
            probes.answers(),
            self.board.is_draining,
        )

    def _part(self, part: str) -> Callable[[], bool]:
        def works() -> bool:
            if part in self.broken:
                raise OSError(f"/srv/secret/{part} is gone")
            return True

        return works

    async def ask(self, method: str, path: str, *pieces: bytes, **headers: str) -> Sent:
        """The answer to one request."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = Sent(method, path, HeadersOfOne({"host": HOST, **fields}), pieces)
        await self.rsgi.__rsgi__(sent, sent)
        return sent

    def lines(self) -> list[dict[str, Any]]:
        """What stands in the log."""
        self._log.flush()
        return [json.loads(line) for line in self.sink.getvalue().splitlines()]

    def samples(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """What a scrape finds, by name and sorted labels, read by Prometheus's own parser."""
        self.meter.flush()
        text = exposition(METRICS, self.board, BUILD).decode()
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@pytest.fixture
def edge() -> Iterator[Edge]:
    """An edge around a new registry."""
    registry = asyncio.run(RegistryInMemory.start())
    yield Edge(registry)
    registry.stop()


@in_loop
async def test_a_healthy_server_says_ok_and_nothing_else(edge: Edge) -> None:
    """Both addresses answer anybody, tell nothing of the server, and leave no line in the log."""
    for path in ("/livez", "/readyz"):
        answer = await edge.ask("GET", path)
        assert (answer.status, answer.body) == (200, b"ok\n")
        assert set(answer.answer) == {"content-type", "cache-control"}
        assert (await edge.ask("HEAD", path)).status == 200
        assert (await edge.ask("POST", path)).status == 405
    assert edge.lines() == []
    assert (names.REQUESTS, (("route", names.NOWHERE), ("status", "2xx"))) not in edge.samples()


@pytest.mark.parametrize("part", names.PARTS)
@in_loop
async def test_a_part_that_fails_is_named_and_its_cause_is_not(edge: Edge, part: str) -> None:
    """`/readyz` says which part, `/livez` says ok, and the log has the names too."""
    edge.broken.add(part)
    ready, live = await edge.ask("GET", "/readyz"), await edge.ask("GET", "/livez")
    assert (ready.status, ready.body) == (503, f"{part}\n".encode())
    assert live.status == 200
    assert [(line["event"], line["failing"]) for line in edge.lines()] == [("not ready", [part])]


@in_loop
async def test_parts_are_looked_at_once_a_second_at_most(edge: Edge) -> None:
    """However often somebody asks, what was seen holds for a second, and no longer."""
    await edge.ask("GET", "/readyz")
    edge.broken.add(names.DATABASE)
    assert (await edge.ask("GET", "/readyz")).status == 200
    edge.seconds += HOLDS_SECONDS
    assert (await edge.ask("GET", "/readyz")).status == 503
    edge.broken.clear()
    edge.seconds += HOLDS_SECONDS
    assert (await edge.ask("GET", "/readyz")).status == 200


@in_loop
async def test_a_server_that_drains_is_not_ready_and_serves(edge: Edge) -> None:
    """At once, with the connection to be closed after the answer; HTTP/2 has no such header."""
    assert "connection" not in (await edge.ask("GET", "/v2/")).answer
    edge.board.drain()
    ready = await edge.ask("GET", "/readyz")
    assert (ready.status, ready.body) == (503, b"draining\n")
    assert (await edge.ask("GET", "/livez")).status == 200
    served = await edge.ask("GET", "/v2/", authorization=basic(*OWNER))
    assert (served.status, served.answer["connection"]) == (200, "close")
    newer = Sent("GET", "/v2/", HeadersOfOne({"host": HOST}), http_version="2")
    await edge.rsgi.__rsgi__(newer, newer)
    assert "connection" not in newer.answer


@in_loop
async def test_metrics_are_not_on_the_address_of_clients(edge: Edge) -> None:
    """There is nothing at `/metrics`, for anybody."""
    assert (await edge.ask("GET", "/metrics")).status == 404
    assert (await edge.ask("GET", "/metrics", authorization=basic(*OWNER))).status == 404


@in_loop
async def test_a_scrape_tells_what_was_done(edge: Edge) -> None:
    """Requests by row and class, verdicts, tokens and refused sign-ins, as they happened."""
    manifest = "/v2/team/app/manifests/absent"
    await edge.ask("GET", manifest)
    await edge.ask("GET", manifest, authorization=basic("owner", "wrong"))
    token = await edge.registry.token(OWNER, "repository:team/app:pull")
    await edge.ask("GET", manifest, authorization=bearer(token))
    await edge.ask("POST", "/v2/team/app/blobs/uploads/", authorization=basic(*OWNER))
    found = edge.samples()
    assert found[names.REQUESTS, (("route", "get_manifest"), ("status", "4xx"))] == 3
    assert found[names.REQUEST_SECONDS + "_count", (("route", "get_manifest"),)] == 3
    assert found[names.TOKENS, (("kind", "access"), ("outcome", "granted"))] == 1
    assert found[names.SIGN_INS_REFUSED, (("reason", "wrong-name-or-secret"),)] == 1
    assert found[names.UPLOADS, (("event", "opened"),)] == 1
    allowed = (("action", "pull"), ("reason", "role-assignment"), ("verdict", "allowed"))
    assert found[names.DECISIONS, allowed] == 1
    assert found[names.BUILD, tuple(sorted(BUILD.items()))] == 1


@in_loop
async def test_bodies_are_counted_and_so_are_those_that_break_off(edge: Edge) -> None:
    """Bytes that came, and a body shorter than announced."""
    who = basic(*OWNER)
    opened = await edge.ask("POST", "/v2/team/app/blobs/uploads/", authorization=who)
    upload = opened.answer["location"].removeprefix(f"http://{HOST}").partition("?")[0]
    await edge.ask("PATCH", upload, b"1234567", authorization=who, content_length="7")
    await edge.ask("PATCH", upload, b"123", authorization=who, content_length="9")
    found = edge.samples()
    assert found[names.RECEIVED, ()] == 10
    assert found[names.BROKEN_BODIES, ()] == 1


@in_loop
async def test_a_hostile_client_makes_no_series(edge: Edge) -> None:
    """Whatever paths, methods and names are tried, a scrape grows by declared series alone."""
    for number in range(300):
        await edge.ask("GET", f"/v2/made/up{number}/manifests/v{number}")
        await edge.ask(f"M{number}", f'/somewhere/{number}"}}\n{number}')
        await edge.ask("GET", f"/v2/{number}/blobs/{number}", authorization=f"Bearer {number}")
    series = {name for name, _ in edge.samples()}
    text = exposition(METRICS, edge.board, BUILD).decode()
    assert series <= {
        n for m in (*METRICS.metrics, *names.OF_THE_SERVER) for n in m.exposed_names()
    }
    assert "made" not in text
    assert "somewhere" not in text
    assert len(edge.samples()) < 200


@in_loop
async def test_the_listener_shows_metrics_and_nothing_else(edge: Edge) -> None:
    """`/metrics` is answered, other paths are not there, nonsense is refused in time."""
    listener = MetricsListener(lambda: exposition(METRICS, edge.board, BUILD))
    await listener.open("127.0.0.1", 0)
    assert listener._server is not None  # noqa: SLF001 - its port is the system's choice
    port = listener._server.sockets[0].getsockname()[1]  # noqa: SLF001
    try:
        asked = await _spoken(port, b"GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert asked.startswith(b"HTTP/1.1 200 OK\r\n")
        assert asked.partition(b"\r\n\r\n")[2] == exposition(METRICS, edge.board, BUILD)
        assert b" 404 " in await _spoken(port, b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 405 " in await _spoken(port, b"PUT /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 431 " in await _spoken(port, b"GET /" + b"a" * 20_000)
        head = await _spoken(port, b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert head.endswith(b"\r\n\r\n")
    finally:
        listener.close()


async def _spoken(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer
