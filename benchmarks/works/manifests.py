"""GET and HEAD of a manifest by its tag: what every pull, and every look for news, begins with."""

from __future__ import annotations

from benchmarks.bars import Least
from benchmarks.bench import Bench
from benchmarks.heads import heads
from benchmarks.load import burst
from benchmarks.peers.server import DISTRIBUTION, DOCKER_REGISTRY, NGINX, ZOT, Server
from benchmarks.series import Case, Outcome, interleave
from benchmarks.works.work import Work

CONNECTIONS = 32
GETS, HEADS = Case("manifest GET", "GET/s"), Case("manifest HEAD", "HEAD/s")


def _measure(bench: Bench) -> Outcome:
    image = bench.content.app
    path, shares = image.manifest_path, []

    def both(server: Server) -> tuple[float, float]:
        headers = server.reading(image.repository)
        got = burst(server.url + path, headers, CONNECTIONS, bench.seconds)
        looked = heads(server.url, [path], headers, CONNECTIONS, bench.seconds)
        shares.append((looked.client_share, server.name))
        return got.requests_per_second, looked.requests_per_second

    series = interleave((GETS, HEADS), bench.servers, bench.rounds, both)
    share, name = max(shares)
    busy = f"HEAD: the client kept a core busy for up to {share:.0%} of the time, with {name}"
    return Outcome(series, notes=[busy])


WORK = Work(
    "manifests",
    f"a manifest by its tag, with a bearer token, over {CONNECTIONS} connections",
    _measure,
    tuple(
        Least(case.name, rival, ratio)
        for case in (GETS, HEADS)
        for rival, ratio in ((NGINX, 0.45), (DISTRIBUTION, 4.0), (ZOT, 1.0), (DOCKER_REGISTRY, 8.0))
    ),
)
