"""What rate limits cost each request, in one process: `python -m benchmarks.limits`.

Timed in short pieces, of which the quickest counts: what other programmes of the machine do comes
on top of every number alike.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Final

from pratique.access import DirectoryPrincipal, Law
from pratique.admission import Caller, RegistryRecord
from pratique.admission.snapshot import empty_snapshot
from pratique.assembly import METRICS
from pratique.http.edge.limits import Limiter, Limits, SharedBuckets
from pratique.http.wire.messages import HeadersOfOne, Request, Response
from pratique.naming import RegistryName
from pratique.observability import LineLog, Meter

PIECES: Final = 400
PIECE: Final = 500
_ANSWER: Final = Response(200)


class _NoBody:
    async def chunks(self) -> AsyncIterator[bytes]:
        """Nothing."""
        return
        yield b""  # pragma: no cover - what makes this a generator


def _request(path: str) -> Request:
    return Request("GET", path, "", HeadersOfOne(), "https", "localhost", "192.0.2.7", _NoBody())


def quickest(work: Callable[[], object]) -> float:
    """Nanoseconds that `work` takes at the least."""
    least = float("inf")
    for _ in range(PIECES):
        started = time.perf_counter_ns()
        for _ in range(PIECE):
            work()
        least = min(least, (time.perf_counter_ns() - started) / PIECE)
    return least


def measure() -> dict[str, float]:
    """Nanoseconds for each request: of the limit of its address, of its identity, and of both."""
    limits = Limits.parse("premium", ["address.reads=1000000", "identity.reads=1000000"])
    buckets = SharedBuckets.of_one_process(secrets.token_bytes)
    limiter = Limiter(limits, buckets, LineLog(None), Meter.unseen(METRICS))
    request = _request("/v2/team/application/manifests/latest")
    caller = Caller(DirectoryPrincipal("6f0b2a52-0d2f-4a6c-9a3f-0a1b2c3d4e5f"), "robot")
    answer = asyncio.Future[Response](loop=asyncio.new_event_loop())

    def handle(_request: Request) -> asyncio.Future[Response]:
        return answer

    limited = limiter.before(handle)
    purse = limiter.purse_of(caller, request, _no_law())
    assert purse is not None
    bare = quickest(lambda: handle(request))
    nothing = quickest(lambda: None)
    address = quickest(lambda: limited(request)) - bare
    identity = quickest(lambda: purse.spend(request)) - nothing
    return {"address": address, "identity": identity, "both": address + identity}


def _no_law() -> Law:
    registry = RegistryRecord(RegistryName("bench"), "s", "g", datetime.fromtimestamp(0, UTC))
    return empty_snapshot(registry).law


if __name__ == "__main__":
    for what, nanoseconds in measure().items():
        print(f"{what:10} {nanoseconds:6.0f} ns for each request")
