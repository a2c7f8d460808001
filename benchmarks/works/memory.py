"""Resident memory of a worker: idle, and while many large uploads run at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.bench import Bench
from benchmarks.client import pull
from benchmarks.content import digest_of, fresh_bytes
from benchmarks.peers.server import Server
from benchmarks.processes import child_memory, free_port
from benchmarks.series import Figure, Outcome
from benchmarks.wire import Connection, Loop, Task
from benchmarks.works.pushes import push_blob
from benchmarks.works.work import Work

REPOSITORY = "bench/uploaded"
IDLE_MEGABYTES = 80.0
UPLOADING_MEGABYTES = 200.0
IDLE_SECONDS = 2.0
GREETINGS = 40
_SAMPLE_SECONDS = 0.05


def _measure(bench: Bench) -> Outcome:
    host = f"127.0.0.1:{free_port()}"
    with bench.prepared.serving(host=host) as started:
        server = bench.prepared.server(started, f"http://{host}")
        image = bench.content.app
        headers = server.reading(image.repository)
        for _ in range(GREETINGS):
            # Each pull opens a connection of its own, so that every worker has served some.
            pull(server.url + image.manifest_path, digest_of(image.manifest), headers)
        time.sleep(IDLE_SECONDS)
        idle = [worker.resident for worker in child_memory(started.process_id)]
        with _greatest(started.process_id) as greatest:
            _upload(bench, server)
    figures = [
        Figure("idle worker", "MB resident", idle, IDLE_MEGABYTES, worst_counts=True),
        Figure("uploading worker", "MB resident", greatest, UPLOADING_MEGABYTES, worst_counts=True),
    ]
    return Outcome(figures=figures)


def _upload(bench: Bench, server: Server) -> None:
    """All uploads at once; the same bytes, since nobody looks at them before the end."""
    loop, headers = Loop(), server.writing(REPOSITORY)
    (payload,) = fresh_bytes(1, bench.scale.uploaded, "uploaded")

    def upload() -> Task[None]:
        with Connection(loop, server.url) as connection:
            yield from push_blob(connection, REPOSITORY, headers, payload)

    loop.run([upload() for _ in range(bench.scale.uploads)])
    loop.close()


@contextmanager
def _greatest(process_id: int) -> Iterator[list[float]]:
    """The greatest resident memory that a worker had inside the block; given at its end."""
    found = [0.0]
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            found[0] = max(found[0], *(one.resident for one in child_memory(process_id)))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield found
    finally:
        ended.set()
        looking.join()


WORK = Work(
    "memory",
    "the largest worker after 40 pulls and a rest; the largest during 64 uploads of 256 MB at once",
    _measure,
)
