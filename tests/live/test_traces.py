"""A live server sends its traces to a real collector, and lives as well without one."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.support.live_server import LiveServer, free_port, live_server, pratique_command
from tests.traces.collector import Collector, attributes, collector

pytestmark = pytest.mark.live

T = TypeVar("T")

SECRET = "canary-of-a-secret"
TAGS = "/v2/team/app/tags/list"
DEADLINE_SECONDS = 20.0
OPTIONS = ("--traces", "--traces-from-clients", "parent")
THEIRS = "4bf92f3577b34da6a3ce929d0e0e4736"


def environment(endpoint: str) -> dict[str, str]:
    """Variables that send spans there, soon."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_HEADERS": f"api-key={SECRET}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }


@pytest.fixture(scope="module")
def collecting() -> Iterator[Collector]:
    """A collector."""
    with collector() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, collecting: Collector) -> Iterator[LiveServer]:
    """A server that sends it traces."""
    folder = tmp_path_factory.mktemp("traced") / "data"
    with live_server(folder, options=OPTIONS, environment=environment(collecting.url)) as served:
        yield served


def ask(
    server: LiveServer, path: str, user: tuple[str, str] | None = None, **fields: str
) -> HTTPResponse:
    """The answer to a GET; its body has been read."""
    host, _, port = server.host.partition(":")
    headers = dict(fields)
    if user is not None:
        headers["authorization"] = "Basic " + base64.b64encode(":".join(user).encode()).decode()
    http = HTTPConnection(host, int(port), timeout=DEADLINE_SECONDS)
    try:
        http.request("GET", path, headers=headers)
        answer = http.getresponse()
        answer.read()
    finally:
        http.close()
    return answer


def wait_for(found: Callable[[], T]) -> T:
    """What `found` gives, once it gives something."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(0.05)
    raise AssertionError("nothing came within the deadline")


def lines_of(server: LiveServer) -> list[dict[str, object]]:
    """The log's lines of JSON."""
    return [
        json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")
    ]


def test_a_request_is_a_trace_with_its_parts(server: LiveServer, collecting: Collector) -> None:
    """Span, parts, decision and log line of one request belong together."""
    user = (server.owner[0], SECRET)
    refused = ask(
        server, TAGS, user, traceparent=f"00-{THEIRS}-00f067aa0ba902b7-01", **{"x-canary": SECRET}
    )
    decision = refused.getheader("x-pratique-decision")
    assert refused.status == 401

    def found() -> list[Any]:
        return [s for s in collecting.spans() if s.trace_id.hex() == THEIRS and s.kind == 2]

    (span,) = wait_for(found)
    told = attributes(span)
    assert span.name == "GET /v2/{name}/tags/list"
    assert told["pratique.decision_id"] == decision
    assert told["pratique.reason"]
    assert told["http.response.status_code"] == 401
    parts = [s for s in collecting.spans() if s.parent_span_id == span.span_id]
    assert "authenticate" in [part.name for part in parts]
    assert THEIRS in [line.get("trace") for line in wait_for(lambda: _requests(server, THEIRS))]


def _requests(server: LiveServer, trace: str) -> list[dict[str, object]]:
    return [line for line in lines_of(server) if line.get("trace") == trace]


def test_the_store_is_seen_and_who_sends_is_named(
    server: LiveServer, collecting: Collector
) -> None:
    """An admitted request has spans of what it asked of the store; the service is `pratique`."""
    assert ask(server, TAGS, server.owner).status == 404
    wait_for(lambda: "catalogue.tags" in [span.name for span in collecting.spans()])
    names = {span.name for span in collecting.spans()}
    assert {"authenticate", "decide", "catalogue.tags"} <= names
    assert {"/v1/traces"} == collecting.paths
    assert {"pratique"} == {told["service.name"] for told in collecting.resources()}


def test_no_secret_is_sent(server: LiveServer, collecting: Collector) -> None:
    """Neither passwords nor tokens nor what stands in headers and queries is in any span."""
    before = len(collecting.bodies)
    ask(server, f"{TAGS}?code={SECRET}", (server.owner[0], SECRET), cookie=SECRET)
    ask(server, "/v2/", None, authorization=f"Bearer {SECRET}")
    ask(server, "/v2/", server.owner)
    wait_for(lambda: len(collecting.bodies) > before)
    ask(server, TAGS)
    wait_for(lambda: len(collecting.bodies) > before + 1)
    sent = b"".join(collecting.bodies)
    assert b"team/app" in sent
    for secret in (SECRET, server.owner[1], base64.b64encode(SECRET.encode()).decode()[:12]):
        assert secret.encode() not in sent
    assert SECRET not in server.log.read_text()


def test_what_waits_is_sent_when_the_server_stops(tmp_path: Path) -> None:
    """Spans of the last seconds are not lost by a gentle stop."""
    with collector() as collecting:
        slow = {**environment(collecting.url), "OTEL_BSP_SCHEDULE_DELAY": "600000"}
        with live_server(tmp_path / "data", options=("--traces",), environment=slow) as server:
            ask(server, TAGS, server.owner)
            assert collecting.bodies == []
        assert "GET /v2/{name}/tags/list" in [span.name for span in collecting.spans()]


@pytest.mark.parametrize("port", ["nobody", "deaf"])
def test_a_dead_collector_costs_no_request(tmp_path: Path, port: str) -> None:
    """Where nobody answers, requests are answered, the log says so, and the server stops soon."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        where = deaf.getsockname()[1] if port == "deaf" else free_port()
        settings = {
            **environment(f"http://127.0.0.1:{where}"),
            "OTEL_BSP_MAX_QUEUE_SIZE": "16",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        }
        with live_server(tmp_path / "data", options=("--traces",), environment=settings) as server:
            begun = time.monotonic()
            assert {404} == {ask(server, TAGS, server.owner).status for _ in range(100)}
            assert time.monotonic() - begun < 10
            wait_for(
                lambda: [x for x in lines_of(server) if str(x.get("error")).startswith("traces")]
            )
            stopping = time.monotonic()
        assert time.monotonic() - stopping < 12


def test_variables_alone_send_nothing(tmp_path: Path) -> None:
    """Without the switch no host is called, whatever the environment says."""
    with collector() as collecting:
        with live_server(tmp_path / "data", environment=environment(collecting.url)) as server:
            ask(server, TAGS, server.owner)
        assert collecting.bodies == []


def test_nothing_is_loaded_without_traces() -> None:
    """The command line and the server are made without OpenTelemetry."""
    loaded = (
        "import sys, pratique.cli, pratique.cli.serving, pratique.cli.server, pratique.assembly; "
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", loaded], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


def test_traces_that_cannot_be_are_told(tmp_path: Path) -> None:
    """Without the extra, `--traces` says what to install."""
    without = (
        "import sys, runpy; sys.modules['opentelemetry'] = None; "
        "sys.argv = ['pratique', 'serve', '--traces', '--data', sys.argv[1]]; "
        "runpy.run_module('pratique', run_name='__main__')"
    )
    done = subprocess.run(
        [pratique_command()[0], "-c", without, str(tmp_path / "data")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "pip install 'pratique[traces]'" in done.stderr
