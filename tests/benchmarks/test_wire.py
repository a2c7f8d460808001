"""The client of pushes and cold pulls, against a server that sends what it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from benchmarks.processes import BenchmarkError
from benchmarks.wire import Answer, Connection, Loop, Task


@contextmanager
def _server(*answers: bytes) -> Iterator[str]:
    """Answers one connection: each request with the next answer, whatever it asks for."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            connection, _ = door.accept()
            with connection:
                for answer in answers:
                    received = b""
                    while b"\r\n\r\n" not in received:
                        received += connection.recv(65536)
                    connection.sendall(answer)

        serving = threading.Thread(target=serve)
        serving.start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        serving.join()


def _asked(url: str, times: int, *, drop: bool = False) -> list[Answer]:
    loop = Loop()
    got: list[Answer] = []

    def task() -> Task[None]:
        with Connection(loop, url) as connection:
            while len(got) < times:
                got.append((yield from connection.ask("GET", "/v2/", {}, drop=drop)))

    with closing(loop):
        loop.run([task()])
    return got


def test_answers_are_told_apart_on_one_connection() -> None:
    """Status, headers and body of each answer are its own."""
    first = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer\r\nContent-Length: 2\r\n\r\nno"
    second = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"
    with _server(first, second) as url:
        refused, granted = _asked(url, 2)
    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert (refused.body, granted.status, granted.body) == (b"no", 200, b"yes")


def test_a_dropped_body_is_taken_in_whole() -> None:
    """A body of several receive buffers is counted, not kept, and the next answer is found."""
    size = 10_000_000
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode()
    with _server(head + bytes(size), b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n") as url:
        large, after = _asked(url, 2, drop=True)
    assert (large.size, large.body, after.status) == (size, b"", 404)


def test_a_body_that_breaks_off_ends_the_run() -> None:
    """A connection that closes too early is an error, so that no rate counts it as an answer."""
    with (
        _server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort") as url,
        pytest.raises(BenchmarkError, match="closed the connection"),
    ):
        _asked(url, 1)
