"""The edge names the client as everything that counts by address knows it."""

from __future__ import annotations

from typing import Any

import pytest

from pratique.assembly import METRICS
from pratique.http.edge import RsgiEdge
from pratique.http.edge.proxies import TrustedProxies
from pratique.http.wire.messages import HeadersOfOne, Request, Response
from pratique.observability import LineLog, Meter
from pratique.testing.loops import in_loop


class Scope:
    """A request as the server gives it."""

    method, path, query_string, scheme, http_version = "GET", "/v2/", "", "http", "1.1"
    authority: str | None = None

    def __init__(self, client: str, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = HeadersOfOne({"host": "registry.example", **headers})


class Answer:
    """What the server sends; nothing is looked at."""

    def response_bytes(self, *_: Any) -> None:
        """Take it."""


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("192.0.2.1:51234", "", (), "192.0.2.1"),
        ("[2001:db8::7]:51234", "", (), "2001:db8::7"),
        ("192.0.2.1", "", (), "192.0.2.1"),
        ("192.0.2.1:51234", "203.0.113.9", (), "192.0.2.1"),
        ("192.0.2.1:51234", "203.0.113.9", ("192.0.2.0/24",), "203.0.113.9"),
        ("[2001:db8::7]:51234", "203.0.113.9", ("2001:db8::/32",), "203.0.113.9"),
    ],
)
@in_loop
async def test_a_client_is_an_address(
    peer: str, forwarded: str, trusted: tuple[str, ...], expected: str
) -> None:
    """Without port and brackets, and behind trusted proxies alone as they say."""
    seen = []

    async def handle(request: Request) -> Response:
        seen.append(request.client)
        return Response(200)

    proxies = TrustedProxies(trusted) if trusted else None
    meter = Meter.unseen(METRICS)
    edge: Any = RsgiEdge(handle, LineLog(None), meter, {}, lambda: False, proxies)
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    await edge.__rsgi__(Scope(peer, headers), Answer())
    assert seen == [expected]
