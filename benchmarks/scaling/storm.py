"""A pull storm: very many machines that are told to run the same new image at once."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass
from typing import Final

from benchmarks.scaling.costs import Cost
from benchmarks.scaling.queues import Station, Step, Way, simulate

LAYERS: Final = (80_000_000, 30_000_000, 10_000_000, 2_000_000, 200_000)
"""Bytes of the image's layers."""
CONFIG_BYTES: Final = 8_000
_AT_ONCE: Final = 3  # layers that containerd asks for at the same time


@dataclass(frozen=True, slots=True)
class Cluster:
    """What stands against the storm.

    Attributes:
        nodes: of the registry.
        workers: of each node, a core for each.
        database_cores: that serve statements.
        node_bytes: a second, out of each node's network.
        store_bytes: a second, out of the object store, of all its machines together.
        redirects: whether layers come from the object store itself, not through the nodes.
    """

    nodes: int
    workers: int = 2
    database_cores: int = 8
    node_bytes: float = 1.25e9
    store_bytes: float = 100e9
    redirects: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went.

    Attributes:
        last: seconds until the last machine had everything.
        middle: until half of them had.
        use: by the part, the share of its capacity that was busy until the last had everything.
        statements: that the database was asked.
        pulled: machines that had everything.
    """

    last: float
    middle: float
    use: dict[str, float]
    statements: float
    pulled: int


def storm(
    cluster: Cluster, costs: dict[str, Cost], machines: int, within: float, seed: int = 1
) -> Outcome:
    """Let the machines pull.

    Args:
        cluster: what serves them.
        costs: of each kind of request.
        machines: how many.
        within: seconds within which all have begun, evenly drawn.
        seed: of the draw.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret
    workers = [Station() for _ in range(cluster.nodes * cluster.workers)]
    wires = [Station() for _ in range(cluster.nodes)]
    stations = [*workers, *wires, Station(cluster.database_cores), Station()]
    visitors = []
    statements = 0.0
    for _ in range(machines):
        way, asked = _way(cluster, costs, draw)
        statements += asked
        visitors.append((draw.uniform(0, within), way))
    passed = simulate(stations, visitors)
    last = max(one.left for one in passed)
    return Outcome(
        last,
        statistics.median(one.left - one.arrived for one in passed),
        {
            "workers": _use(workers, last),
            "database": _use(stations[-2:-1], last),
            "networks of the nodes": _use(wires, last),
            "object store": _use(stations[-1:], last),
        },
        statements,
        len(passed),
    )


def _way(cluster: Cluster, costs: dict[str, Cost], draw: random.Random) -> tuple[Way, float]:
    """What one machine does, and how many statements that is."""
    blob, way, asked = costs["blob of 64 KiB"], [], 0.0
    first_wire = cluster.nodes * cluster.workers
    database, store = first_wire + cluster.nodes, first_wire + cluster.nodes + 1

    def request(cost: Cost, sent: float) -> list[list[Step]]:
        nonlocal asked
        asked += cost.statements
        node = draw.randrange(cluster.nodes)
        worker = node * cluster.workers + draw.randrange(cluster.workers)
        return [
            [Step(worker, cost.cpu_us / 1e6)],
            [Step(database, cost.database_us / 1e6)],
            [Step(first_wire + node, sent / cluster.node_bytes)],
        ]

    for kind in ("challenge", "token", "manifest, any", "manifest, any"):
        way += request(costs[kind], costs[kind].sent)
    for sizes in ((CONFIG_BYTES,), LAYERS[:_AT_ONCE], LAYERS[_AT_ONCE:]):
        for size in sizes:
            way += request(blob, 500 if cluster.redirects else size)
        if cluster.redirects:
            way.append([Step(store, size / cluster.store_bytes) for size in sizes])
    return way, asked


def _use(stations: list[Station], seconds: float) -> float:
    servers = sum(station.servers for station in stations)
    return sum(station.busy for station in stations) / (servers * seconds)
