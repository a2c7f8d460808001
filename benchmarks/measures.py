"""What is measured, and the order of it.

Each case goes round the servers again and again (A B C A B C), and a ratio is formed within a
round, between neighbours in time: what disturbs the machine then disturbs both sides.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.client import pull
from benchmarks.load import Burst, burst
from benchmarks.own_server import Prepared
from benchmarks.processes import Memory, child_memory
from benchmarks.sample import Sample, digest_of
from benchmarks.servers import Server

MANIFEST = "manifest by tag"
LARGE_BLOB = "100 MB blob"
SMALL_BLOB = "200 KB blob"

STARTS = 5
IDLE_SECONDS = 2.0
GREETINGS = 40


@dataclass(frozen=True)
class Case:
    """One thing to pull.

    Attributes:
        name: as it stands in the table.
        path: what is asked for.
        connections: kept busy at once.
        unit: `GET/s` counts answers, `GB/s` counts bytes.
    """

    name: str
    path: str
    connections: int
    unit: str

    def rate(self, counted: Burst) -> float:
        """The figure of one burst in `unit`."""
        if self.unit == "GB/s":
            return counted.bytes_per_second / 1e9
        return counted.requests_per_second


@dataclass(frozen=True)
class Series:
    """One case, every server, every round.

    Attributes:
        case: what was pulled.
        rates: by server name, one figure for each round.
    """

    case: Case
    rates: dict[str, list[float]]

    def median(self, server: str) -> float:
        """The middle figure of one server."""
        return statistics.median(self.rates[server])

    def ratios(self, server: str, other: str) -> list[float]:
        """`server` over `other`, round by round, in order of size."""
        pairs = zip(self.rates[server], self.rates[other], strict=True)
        return sorted(one / two for one, two in pairs)


def cases(sample: Sample) -> tuple[Case, Case, Case]:
    """The three pulls, from the smallest answer to the largest."""
    return (
        Case(MANIFEST, sample.manifest_path, 64, "GET/s"),
        Case(SMALL_BLOB, sample.small.pull_path, 16, "GET/s"),
        Case(LARGE_BLOB, sample.large.pull_path, 8, "GB/s"),
    )


def measure(case: Case, servers: Sequence[Server], rounds: int, seconds: int) -> Series:
    """Pull one thing from each server in turn, `rounds` times, `seconds` each."""
    rates: dict[str, list[float]] = {server.name: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            counted = burst(server.url + case.path, server.headers, case.connections, seconds)
            rates[server.name].append(case.rate(counted))
    return Series(case, rates)


def first_answers(prepared: Prepared) -> list[float]:
    """Seconds from the start of `pratique serve` to the first answer, over several starts."""
    seconds = []
    for _ in range(STARTS):
        with prepared.serving() as started:
            seconds.append(started.seconds)
    return seconds


def idle_memory(server: Server, sample: Sample) -> list[Memory]:
    """The memory of each worker of a fresh server that has served a little and then rested."""
    for _ in range(GREETINGS):
        # Each pull opens a connection of its own, so that every worker has served some.
        pull(server.url + sample.manifest_path, digest_of(sample.manifest), server.headers)
    time.sleep(IDLE_SECONDS)
    return child_memory(server.process_id)
