"""The same manifest from the same folder with and without TLS; certificates are Pratique's own."""

from __future__ import annotations

from benchmarks.bars import Least
from benchmarks.bench import Bench
from benchmarks.load import burst
from benchmarks.peers.server import PRATIQUE, Server
from benchmarks.processes import free_port
from benchmarks.series import Case, Outcome, interleave
from benchmarks.works.work import Work

CONNECTIONS = 32
TLS = "pratique, TLS"
GETS = Case("manifest GET with TLS", "GET/s")


def _measure(bench: Bench) -> Outcome:
    image = bench.content.app
    host = f"127.0.0.1:{free_port()}"

    def gets(server: Server) -> tuple[float]:
        url, headers = server.url + image.manifest_path, server.reading(image.repository)
        return (burst(url, headers, CONNECTIONS, bench.seconds).requests_per_second,)

    with bench.prepared.serving(("--tls", "auto"), host) as started:
        secured = bench.prepared.server(started, f"https://{host}", TLS)
        return Outcome(interleave((GETS,), (bench.pratique, secured), bench.rounds, gets))


WORK = Work(
    "tls",
    f"a manifest by its tag over {CONNECTIONS} connections that stay open, with TLS and without",
    _measure,
    (Least(GETS.name, PRATIQUE, 0.7, TLS),),
)
