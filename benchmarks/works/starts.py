"""From the start of `pratique serve` to any answer on `/v2/`."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.processes import free_port
from benchmarks.series import Figure, Outcome
from benchmarks.works.work import Work

FIRST_ANSWER_SECONDS = 2.0


def _measure(bench: Bench) -> Outcome:
    seconds = []
    for _ in range(bench.scale.starts):
        with bench.prepared.serving(host=f"127.0.0.1:{free_port()}") as started:
            seconds.append(started.seconds)
    return Outcome(figures=[Figure("first answer", "s", seconds, FIRST_ANSWER_SECONDS)])


WORK = Work("starts", "from the start of the server to its first answer", _measure)
