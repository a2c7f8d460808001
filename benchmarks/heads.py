"""HEADs in a burst. `wrk` waits for the body that a HEAD's answer announces and does not have.

One thread that does as little as Python allows: the requests are made before, and an answer is
whole when it ends with an empty line.
"""

from __future__ import annotations

import itertools
import select
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.processes import BenchmarkError

STALLED_SECONDS = 10.0
_ANSWER_BYTES = 64 * 1024
_ENDED = b"\r\n\r\n"


@dataclass(frozen=True)
class Heads:
    """What came back.

    Attributes:
        requests_per_second: complete answers, every one of them a 200.
        client_share: the part of the time in which this client kept a core busy; near 1, the
            client is the bottleneck.
    """

    requests_per_second: float
    client_share: float


def heads(
    url: str,
    paths: Sequence[str],
    headers: Mapping[str, str],
    connections: int,
    seconds: float,
) -> Heads:
    """Keep `connections` busy for some seconds.

    Args:
        url: without a path.
        paths: asked for in turn, again and again.
        headers: of each request.
        connections: at once.
        seconds: for how long.

    Raises:
        BenchmarkError: an answer was an error, or a connection broke.
    """
    place = urlsplit(url)
    words = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    requests = itertools.cycle(
        [f"HEAD {path} HTTP/1.1\r\nHost: {place.netloc}\r\n{words}\r\n".encode() for path in paths]
    )
    with ExitStack() as stack:
        poll = stack.enter_context(select.epoll())
        open_ones = {}
        for _ in range(connections):
            one = stack.enter_context(
                socket.create_connection((place.hostname or "127.0.0.1", place.port or 80))
            )
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            poll.register(one, select.EPOLLIN)
            open_ones[one.fileno()] = one
        busy, begun = time.thread_time(), time.perf_counter()
        answered = _ask(poll, open_ones, requests, begun + seconds)
        elapsed = time.perf_counter() - begun
        share = (time.thread_time() - busy) / elapsed
    return Heads(answered / elapsed, share)


def _ask(
    poll: select.epoll,
    connections: Mapping[int, socket.socket],
    requests: Iterator[bytes],
    until: float,
) -> int:
    """How many were answered by then."""
    for one in connections.values():
        one.sendall(next(requests))
    answered, parts = 0, dict.fromkeys(connections, b"")
    while time.perf_counter() < until:
        ready = poll.poll(STALLED_SECONDS)
        if not ready:
            raise BenchmarkError(f"no answer to a HEAD in {STALLED_SECONDS:.0f} s")
        for descriptor, _ in ready:
            one = connections[descriptor]
            got = one.recv(_ANSWER_BYTES)
            if parts[descriptor]:
                got = parts[descriptor] + got
                parts[descriptor] = b""
            if got[9:12] != b"200" or got[-4:] != _ENDED:
                if not got or got.endswith(_ENDED):
                    raise BenchmarkError(f"a HEAD was answered {got[:200]!r}")
                parts[descriptor] = got
                continue
            answered += 1
            one.send(next(requests))
    return answered
