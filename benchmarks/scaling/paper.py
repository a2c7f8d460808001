"""The tables of `docs/scale.md`, and its picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks.scaling.costs import Cost, Measured
from benchmarks.scaling.storm import CONFIG_BYTES, LAYERS, Cluster, storm

START: Final = "<!-- made by python -m benchmarks.scaling -->"
END: Final = "<!-- end -->"
NODES: Final = (10, 100, 1000)
MACHINES, WITHIN = 20_000, 10.0
TAGS: Final = 1_000_000_000
WORKERS: Final = 2
CONNECTIONS: Final = 11
"""That a worker may have open to the database (docs/guide/many-nodes.md)."""
# A pull of an image that is asked for by a machine that has nothing of it.
_PULL: Final = {
    "challenge": 1,
    "token": 1,
    "manifest, any": 2,
    "blob of 64 KiB": 1 + len(LAYERS),
}


def tables(found: Measured) -> str:
    """All of them, in Markdown."""
    return "\n\n".join(
        "\n".join(part)
        for part in (
            _costs(found),
            _pull(found),
            _nodes(found),
            _rows(found),
            _storms(found.costs["postgres"]),
        )
    )


def storms(costs: Mapping[str, Cost]) -> Iterator[tuple[Cluster, float, float, str]]:
    """Each storm: the cluster, seconds to the last and to the middle pull, and what was busiest."""
    for redirects in (True, False):
        for nodes in NODES:
            cluster = Cluster(nodes=nodes, redirects=redirects)
            came = storm(cluster, dict(costs), MACHINES, WITHIN)
            part, share = max(came.use.items(), key=lambda item: item[1])
            yield cluster, came.last, came.middle, f"{part}, {share:.0%}"


def _costs(found: Measured) -> Iterator[str]:
    yield f"Measured {found.taken} on: {found.machine}."
    yield ""
    yield "| request | worker, SQLite | worker, PostgreSQL | statements | database | bytes |"
    yield "|---|---|---|---|---|---|"
    files, rows = found.costs["sqlite"], found.costs["postgres"]
    for kind, cost in rows.items():
        yield (
            f"| {kind} | {files[kind].cpu_us:.0f} µs | {cost.cpu_us:.0f} µs "
            f"| {cost.statements:.1f} | {cost.database_us:.0f} µs | {cost.sent:,} |"
        )


def _pull(found: Measured) -> Iterator[str]:
    image = sum(LAYERS) + CONFIG_BYTES
    yield f"A cold pull of an image of {len(LAYERS)} layers and {image / 1e6:.0f} MB:"
    yield ""
    yield "| stores | worker | statements | database | pulls a second of one core |"
    yield "|---|---|---|---|---|"
    for name, costs in found.costs.items():
        one = _sum(costs)
        yield (
            f"| {name} | {one.cpu_us / 1000:.1f} ms | {one.statements:.1f} "
            f"| {one.database_us / 1000:.1f} ms | {1e6 / one.cpu_us:.0f} |"
        )


def _nodes(found: Measured) -> Iterator[str]:
    one = _sum(found.costs["postgres"])
    yield f"Nodes of {WORKERS} workers, kept three fifths busy with cold pulls:"
    yield ""
    yield (
        "| nodes | pulls a second | statements a second | cores of the database "
        "| connections at most | statements a second without a request |"
    )
    yield "|---|---|---|---|---|---|"
    for nodes in NODES:
        workers = nodes * WORKERS
        pulls = 0.6 * workers * 1e6 / one.cpu_us
        yield (
            f"| {nodes:,} | {_figure(pulls)} | {_figure(pulls * one.statements)} "
            f"| {_figure(pulls * one.database_us / 1e6)} | {workers * CONNECTIONS:,} "
            f"| {_figure(workers * found.idle_statements)} |"
        )


def _rows(found: Measured) -> Iterator[str]:
    yield f"{TAGS:,} tags, each with a manifest of its own of half a kilobyte:"
    yield ""
    yield "| stores | a tag | all of them |"
    yield "|---|---|---|"
    for name, size in found.tag_bytes.items():
        yield f"| {name} | {size:,.0f} bytes | {size * TAGS / 1e12:.1f} TB |"


def _storms(costs: Mapping[str, Cost]) -> Iterator[str]:
    yield f"{MACHINES:,} machines that begin within {WITHIN:.0f} seconds:"
    yield ""
    yield "| nodes | layers come | last pull ended after | half of the pulls took | busiest |"
    yield "|---|---|---|---|---|"
    for cluster, last, middle, busiest in storms(costs):
        way = "from the object store" if cluster.redirects else "through the nodes"
        yield (
            f"| {cluster.nodes:,} | {way} | {_figure(last)} s | {_figure(middle)} s | {busiest} |"
        )


def _sum(costs: Mapping[str, Cost]) -> Cost:
    return Cost(
        sum(costs[kind].cpu_us * times for kind, times in _PULL.items()),
        sum(costs[kind].statements * times for kind, times in _PULL.items()),
        sum(costs[kind].database_us * times for kind, times in _PULL.items()),
        0,
    )


def _figure(value: float) -> str:
    """Two places of those that count."""
    if value >= 100:
        return f"{float(f'{value:.2g}'):,.0f}"
    return f"{value:.2g}"
