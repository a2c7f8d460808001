"""GET of whole blobs: thick layers, where bytes count, and thin ones, where requests count."""

from __future__ import annotations

from benchmarks.bars import Least
from benchmarks.bench import Bench
from benchmarks.load import burst
from benchmarks.peers.server import NGINX, Server
from benchmarks.series import Case, Outcome, interleave
from benchmarks.works.work import Work

LARGE_CONNECTIONS, SMALL_CONNECTIONS = 8, 16
LARGE, SMALL = Case("large blob", "GB/s"), Case("small blob", "GET/s")


def _measure(bench: Bench) -> Outcome:
    image = bench.content.app
    small, large = image.layers

    def both(server: Server) -> tuple[float, float]:
        headers = server.reading(image.repository)
        thick = burst(
            server.url + image.blob_path(large), headers, LARGE_CONNECTIONS, bench.seconds
        )
        thin = burst(server.url + image.blob_path(small), headers, SMALL_CONNECTIONS, bench.seconds)
        return thick.bytes_per_second / 1e9, thin.requests_per_second

    return Outcome(interleave((LARGE, SMALL), bench.servers, bench.rounds, both))


WORK = Work(
    "blobs",
    f"a blob of 100 MB over {LARGE_CONNECTIONS} connections, one of 200 KB over "
    f"{SMALL_CONNECTIONS}",
    _measure,
    (Least(LARGE.name, NGINX, 1.0), Least(SMALL.name, NGINX, 0.8)),
)
