"""Network rules of a live server, by what a trusted proxy says of its clients."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from tests.support.live_server import LiveServer, live_server

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that trusts a proxy, lets in the proxy's own address, and a network."""
    folder = tmp_path_factory.mktemp("ruled") / "data"
    with live_server(folder, workers=1, options=("--trusted-proxy", "127.0.0.1")) as served:
        served.pratique("network-rule", "add", "127.0.0.1", "198.51.100.0/24")
        served.pratique("network-rule", "set", "--default-action", "deny")
        yield served


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (["198.51.100.7"], 401),
        (["203.0.113.9"], 403),
        (["198.51.100.7, 203.0.113.9"], 403),
        ([], 401),
        # Nobody gets the proxy's address by being unreadable.
        (["\xe9, 203.0.113.9"], 403),
        (["\xe9", "203.0.113.9"], 403),
        (["\xe9, 203.0.113.9", "127.0.0.1"], 403),
    ],
)
def test_a_client_is_judged_by_what_its_proxy_says(
    server: LiveServer, forwarded: list[str], expected: int
) -> None:
    """Also where the client wrote what is not ASCII before the proxy's word."""
    host, _, port = server.host.rpartition(":")
    http = HTTPConnection(host, int(port), timeout=10)
    try:
        http.putrequest("GET", "/v2/")
        for value in forwarded:
            http.putheader("X-Forwarded-For", value)
        http.endheaders()
        assert http.getresponse().status == expected
    finally:
        http.close()
