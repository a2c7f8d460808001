"""Pushes of blobs that no server has seen: POST, PATCH with all bytes, PUT with the digest.

The disk is brought to rest before each (`sync`), so that nobody pays for what others left to be
written. A push ends for the client with the answer 201; whether the blob is on disk by then is up
to the server, so that a second figure counts until it is (the `sync` after it).
"""

from __future__ import annotations

import itertools
import os
import statistics
import time
from collections.abc import Iterator, Mapping

from benchmarks.bars import Least
from benchmarks.bench import Bench
from benchmarks.content import fresh_bytes
from benchmarks.peers.server import DISTRIBUTION, Server
from benchmarks.processes import BenchmarkError
from benchmarks.series import Case, Outcome, interleave
from benchmarks.wire import Connection, Loop, Spent, Task, timed
from benchmarks.works.work import Work

REPOSITORY = "bench/pushed"
LARGE = Case("large push", "MB/s")
LARGE_ON_DISK = Case("large push, until on disk", "MB/s")
MANY = Case("many pushes", "pushes/s")
MANY_ON_DISK = Case("many pushes, until on disk", "pushes/s")

Payload = tuple[memoryview, str]


def push_blob(
    connection: Connection, repository: str, headers: Mapping[str, str], payload: Payload
) -> Task[None]:
    """Push one blob as clients do.

    Raises:
        BenchmarkError: it was refused.
    """
    content, digest = payload
    begun = yield from connection.ask("POST", f"/v2/{repository}/blobs/uploads/", headers)
    _expect(202, begun.status, begun.body)
    typed = {**headers, "Content-Type": "application/octet-stream"}
    sent = yield from connection.ask("PATCH", begun.headers["location"], typed, content)
    _expect(202, sent.status, sent.body)
    location = sent.headers["location"]
    target = f"{location}{'&' if '?' in location else '?'}digest={digest}"
    stored = yield from connection.ask("PUT", target, headers)
    _expect(201, stored.status, stored.body)


def push_all(loop: Loop, server: Server, payloads: list[Payload], at_once: int) -> Spent:
    """Push blobs over `at_once` connections, and say what it took."""
    headers = server.writing(REPOSITORY)
    waiting = iter(payloads)

    def pusher() -> Task[None]:
        with Connection(loop, server.url) as connection:
            for payload in waiting:
                yield from push_blob(connection, REPOSITORY, headers, payload)

    return timed(loop, [pusher() for _ in range(at_once)])


def _measure(bench: Bench) -> Outcome:
    scale, loop, seeds = bench.scale, Loop(), itertools.count()
    shares: dict[str, list[float]] = {"large": [], "many": []}

    def pushed(server: Server, kind: str, size: int, count: int, at_once: int) -> Iterator[float]:
        payloads = list(fresh_bytes(count, size, f"{kind} {next(seeds)}"))
        os.sync()
        begun = time.perf_counter()
        spent = push_all(loop, server, payloads, at_once)
        os.sync()
        shares[kind].append(spent.client_share)
        yield spent.seconds
        yield time.perf_counter() - begun

    def both(server: Server) -> list[float]:
        large = pushed(server, "large", scale.large, 1, 1)
        many = pushed(server, "many", scale.pushed, scale.pushes, scale.pushers)
        return [
            *(scale.large / 1e6 / seconds for seconds in large),
            *(scale.pushes / seconds for seconds in many),
        ]

    cases = (LARGE, LARGE_ON_DISK, MANY, MANY_ON_DISK)
    try:
        series = interleave(cases, bench.registries, bench.rounds, both)
    finally:
        loop.close()
    notes = [
        f"{kind}: the client kept a core busy for {statistics.median(share):.0%} of the time"
        for kind, share in shares.items()
    ]
    return Outcome(series, notes=notes)


def _expect(wanted: int, status: int, body: bytes) -> None:
    if status != wanted:
        raise BenchmarkError(f"a push was answered {status}: {body[:300].decode(errors='replace')}")


WORK = Work(
    "pushes",
    "one blob of 100 MB; then 100 blobs of 1 MB, 10 at a time",
    _measure,
    (Least(LARGE.name, DISTRIBUTION, 1.3), Least(MANY.name, DISTRIBUTION, 2.0)),
)
