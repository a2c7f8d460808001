"""Small Range reads at random places of a huge blob, as lazy pullers do (stargz, SOCI, nydus)."""

from __future__ import annotations

from benchmarks.asking import pieces
from benchmarks.bars import Least
from benchmarks.bench import Bench
from benchmarks.load import burst
from benchmarks.peers.server import NGINX, Server
from benchmarks.series import Case, Outcome, interleave
from benchmarks.works.work import Work

CONNECTIONS = 16
READS = Case("range read", "reads/s")


def _measure(bench: Bench) -> Outcome:
    image = bench.content.lazy
    huge = image.layers[0]
    asking = pieces(huge.size, bench.scale.piece)

    def reads(server: Server) -> tuple[float]:
        url, headers = server.url + image.blob_path(huge), server.reading(image.repository)
        return (burst(url, headers, CONNECTIONS, bench.seconds, asking).requests_per_second,)

    return Outcome(interleave((READS,), bench.servers, bench.rounds, reads))


WORK = Work(
    "ranges",
    f"64 KiB at random places of a blob of 1 GB, over {CONNECTIONS} connections",
    _measure,
    (Least(READS.name, NGINX, 0.7),),
)
