"""All workers of a live server count together, by the client that a trusted proxy names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from tests.support.live_server import LiveServer, live_server

pytestmark = pytest.mark.live

LIMIT = 40
WORKERS = 3
OPTIONS = ("--limit", f"address.reads={LIMIT}", "--trusted-proxy", "127.0.0.1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with several workers and one limit."""
    folder = tmp_path_factory.mktemp("limited") / "data"
    with live_server(folder, workers=WORKERS, options=OPTIONS) as served:
        yield served


def statuses(server: LiveServer, count: int, **fields: str) -> Counter[int]:
    """How often which status came, each on a connection of its own."""
    return Counter(status(server.host, **fields) for _ in range(count))


def status(address: str, **fields: str) -> int:
    """The status of one `GET /v2/`."""
    host, _, port = address.rpartition(":")
    http = HTTPConnection(host.strip("[]"), int(port), timeout=10)
    try:
        http.request("GET", "/v2/", headers={k.replace("_", "-"): v for k, v in fields.items()})
        return http.getresponse().status
    finally:
        http.close()


def test_workers_count_together(server: LiveServer) -> None:
    """As many are let through as the limit says, on whichever worker they land."""
    seen = statuses(server, 2 * LIMIT, x_forwarded_for="203.0.113.1")
    # A little comes back while it lasts.
    assert LIMIT <= seen[401] <= LIMIT + 10
    assert seen[401] + seen[429] == 2 * LIMIT


def test_clients_behind_a_proxy_are_told_apart(server: LiveServer) -> None:
    """One client's flood is not another's, and what a client writes itself changes nothing."""
    statuses(server, 2 * LIMIT, x_forwarded_for="203.0.113.2")
    assert status(server.host, x_forwarded_for="203.0.113.3") == 401
    assert status(server.host, x_forwarded_for="203.0.113.3, 203.0.113.2") == 429


def test_nobody_is_believed_unasked(tmp_path: Path) -> None:
    """Without the option, `X-Forwarded-For` is nothing."""
    with live_server(tmp_path / "data", options=("--limit", "address.reads=5")) as server:
        for number in range(20):
            last = status(server.host, x_forwarded_for=f"203.0.113.{number}")
        assert last == 429


def test_refusals_are_in_the_log_once(server: LiveServer) -> None:
    """All workers together write one line a minute, with the client that the proxy named."""
    statuses(server, 2 * LIMIT, x_forwarded_for="2001:db8:7::1")
    text = server.log.read_text()
    lines = [line for line in text.splitlines() if '"event":"limited"' in line]
    assert sum("2001:db8:7::" in line for line in lines) == 1
