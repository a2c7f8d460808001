"""A registry of a million tags in ten thousand repositories, beside one with a single repository.

Both are Pratique's, since nothing else takes a million tags in minutes: the rows are written into
its database as a push would write them, a manifest of its own for every tag. The tag that is asked
for is drawn anew for each request.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.asking import catalog_pages, tag_pages
from benchmarks.bars import Least
from benchmarks.bench import Bench
from benchmarks.client import bearer
from benchmarks.heads import heads
from benchmarks.load import Burst, burst
from benchmarks.peers.pratique import Prepared, prepare
from benchmarks.peers.server import Server
from benchmarks.series import Case, Figure, Outcome, interleave
from benchmarks.works.many_rows import repository_name, tag_name, write_rows
from benchmarks.works.work import Work

HEAD_CONNECTIONS, PAGE_CONNECTIONS = 32, 4
PAGE_LENGTH = 100
PATHS = 100_000
PAGE_P99_MILLISECONDS = 10.0
EMPTY, FULL = "one repository", "all repositories"
HEADS = Case("HEAD of a random tag", "HEAD/s")
_EVERYTHING = "repository:*:pull registry:catalog:*"


@dataclass(frozen=True)
class _Filled:
    """A server with so many repositories."""

    server: Server
    repositories: int
    headers: dict[str, str]


@contextmanager
def _filled(bench: Bench, name: str, repositories: int) -> Iterator[_Filled]:
    folder = bench.folder / name.replace(" ", "-")
    folder.mkdir()
    prepared = prepare(folder, (), bench.workers)
    write_rows(prepared.data, repositories, bench.scale.tags)
    with prepared.serving() as started:
        yield _Filled(prepared.server(started, name=name), repositories, _reader(prepared))


def _reader(prepared: Prepared) -> dict[str, str]:
    """Headers that let their bearer read everything, the catalog too."""
    puller = prepared.puller
    return bearer(prepared.url, puller.client_id, puller.secret, _EVERYTHING)


def _measure(bench: Bench) -> Outcome:
    with (
        _filled(bench, EMPTY, 1) as empty,
        _filled(bench, FULL, bench.scale.repositories) as full,
    ):
        both = {one.server.name: one for one in (empty, full)}

        def looks(server: Server) -> tuple[float]:
            return (_looks(bench, both[server.name]),)

        def pages(asking: str) -> list[Burst]:
            url = f"{full.server.url}/v2/"
            return [
                burst(url, full.headers, PAGE_CONNECTIONS, bench.seconds, asking)
                for _ in range(bench.rounds)
            ]

        series = interleave((HEADS,), (empty.server, full.server), bench.rounds, looks)
        figures = []
        for name, asking in (
            ("tags page", tag_pages(full.repositories, PAGE_LENGTH)),
            ("catalog page", catalog_pages(full.repositories, PAGE_LENGTH)),
        ):
            p99 = [counted.p99 for counted in pages(asking)]
            figures.append(Figure(f"{name}, p99", "ms", p99, PAGE_P99_MILLISECONDS))
    return Outcome(series, figures)


@contextmanager
def large_registry(bench: Bench) -> Iterator[tuple[int, Callable[[], None]]]:
    """The registry with all repositories alone: its process, and what looks at it for a while."""
    with _filled(bench, FULL, bench.scale.repositories) as full:

        def look() -> None:
            _looks(bench, full)

        yield full.server.process_id, look


def _looks(bench: Bench, one: _Filled) -> float:
    """HEADs a second of random tags."""
    paths = _random_paths(one.repositories, bench.scale.tags)
    looked = heads(one.server.url, paths, one.headers, HEAD_CONNECTIONS, bench.seconds)
    return looked.requests_per_second


def _random_paths(repositories: int, tags: int) -> list[str]:
    """More manifests than are asked for in a burst."""
    draw = random.Random()  # noqa: S311 - no secret
    return [
        f"/v2/{repository_name(draw.randrange(repositories))}"
        f"/manifests/{tag_name(draw.randrange(tags))}"
        for _ in range(PATHS)
    ]


WORK = Work(
    "many-tags",
    f"1,000,000 tags in 10,000 repositories: HEAD of random tags over {HEAD_CONNECTIONS} "
    f"connections, pages of {PAGE_LENGTH} over {PAGE_CONNECTIONS}",
    _measure,
    # As fast as 1.3 times the time of the empty one allows.
    (Least(HEADS.name, EMPTY, 1 / 1.3, FULL),),
)
