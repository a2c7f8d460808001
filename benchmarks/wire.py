"""A client for pushes and whole pulls that costs little: one thread, one `epoll`, no copies.

Bodies that nobody wants to see are dropped by the kernel (`MSG_TRUNC`, tcp(7)), so that a pull
costs the client almost nothing per byte. Speaks as much HTTP/1.1 as registries answer with: no
chunked bodies. Each task is a generator that yields whenever it would have to wait.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Self, TypeVar
from urllib.parse import urlsplit

from benchmarks.processes import BenchmarkError

T = TypeVar("T")
Task = Generator[None, None, T]

STALLED_SECONDS = 60.0
_HEAD_BYTES = 64 * 1024
_DROPPED_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes:
        status: of the answer.
        headers: by lower-case name.
        body: empty when it was to be dropped.
        size: bytes of the body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    size: int


class Loop:
    """Runs tasks at once on this thread; each waits for connections that it opened itself."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._waiting: dict[int, Task[None]] = {}
        self._current: Task[None] | None = None
        # Where dropped bytes would go if the kernel did not drop them; never touched.
        self.scratch = bytearray(_DROPPED_BYTES)

    def run(self, tasks: Iterable[Task[None]]) -> None:
        """Run all tasks to their ends.

        Raises:
            BenchmarkError: a task failed, or nothing came for a minute.
        """
        going = {id(task): task for task in tasks}
        for task in tuple(going.values()):
            self._step(task, going)
        while going:
            ready = self._poll.poll(STALLED_SECONDS)
            if not ready:
                raise BenchmarkError(f"a server sent nothing for {STALLED_SECONDS:.0f} s")
            for descriptor, _ in ready:
                waiting = self._waiting.get(descriptor)
                if waiting is not None and id(waiting) in going:
                    self._step(waiting, going)

    def close(self) -> None:
        """Forget all connections."""
        self._poll.close()

    def watch(self, connection: socket.socket) -> None:
        """Wake the task that runs now whenever `connection` can be read or written anew."""
        if self._current is None:
            raise AssertionError("a connection belongs to a task of this loop")
        self._waiting[connection.fileno()] = self._current
        self._poll.register(connection, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)

    def _step(self, task: Task[None], going: dict[int, Task[None]]) -> None:
        self._current = task
        try:
            next(task)
        except StopIteration:
            del going[id(task)]
        finally:
            self._current = None


class Connection:
    """One connection that stays open between requests; a context that closes it.

    Args:
        loop: that runs the task which opens it.
        url: `http://HOST:PORT`; what follows is ignored.
    """

    def __init__(self, loop: Loop, url: str) -> None:
        place = urlsplit(url)
        self.host = place.netloc
        self._scratch = loop.scratch
        self._socket = socket.socket()
        self._socket.setblocking(False)  # noqa: FBT003 - the standard library's own
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.connect_ex((place.hostname or "127.0.0.1", place.port or 80))
        loop.watch(self._socket)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: memoryview | None = None,
        *,
        drop: bool = False,
    ) -> Task[Answer]:
        """One request and its answer.

        Args:
            method: of the request.
            target: path and query; of a whole URL, its own.
            headers: of the request, without Host and Content-Length.
            body: to be sent; None for none.
            drop: whether the answer's body is dropped unseen.

        Raises:
            BenchmarkError: the connection broke, or the answer was not understood.
        """
        length = (
            {} if body is None and method == "GET" else {"Content-Length": str(len(body or b""))}
        )
        lines = [
            f"{method} {_path_of(target)} HTTP/1.1",
            f"Host: {self.host}",
            *(f"{name}: {value}" for name, value in (*headers.items(), *length.items())),
        ]
        try:
            yield from self._send(memoryview(("\r\n".join(lines) + "\r\n\r\n").encode()))
            if body is not None:
                yield from self._send(body)
            return (yield from self._answer(drop=drop))
        except OSError as error:
            raise BenchmarkError(f"{method} {self.host}{target[:200]} broke: {error}") from error

    def _send(self, content: memoryview) -> Task[None]:
        while content:
            try:
                content = content[self._socket.send(content) :]
            except BlockingIOError:
                yield

    def _answer(self, *, drop: bool) -> Task[Answer]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += yield from self._receive(_HEAD_BYTES)
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in fields}
        if "transfer-encoding" in headers:
            raise BenchmarkError(f"{self.host} answered with a chunked body")
        status, size = int(first.split()[1]), int(headers.get("content-length", "0"))
        if drop:
            yield from self._drop(size - len(body))
            return Answer(status, headers, b"", size)
        while len(body) < size:
            body += yield from self._receive(size - len(body))
        return Answer(status, headers, body, size)

    def _receive(self, limit: int) -> Task[bytes]:
        while True:
            try:
                content = self._socket.recv(limit)
            except BlockingIOError:
                yield
                continue
            if not content:
                raise ConnectionResetError("the server closed the connection")
            return content

    def _drop(self, size: int) -> Task[None]:
        while size:
            try:
                dropped = self._socket.recv_into(
                    self._scratch, min(size, _DROPPED_BYTES), socket.MSG_TRUNC
                )
            except BlockingIOError:
                yield
                continue
            if not dropped:
                raise ConnectionResetError("the server closed the connection")
            size -= dropped


@dataclass(frozen=True)
class Spent:
    """What some tasks took.

    Attributes:
        seconds: from the start of the first to the end of the last.
        client_share: the part of that time in which this client kept a core busy; near 1, the
            client is the bottleneck and the figure says nothing of the server.
    """

    seconds: float
    client_share: float


def timed(loop: Loop, tasks: Iterable[Task[None]]) -> Spent:
    """Run all tasks, and say what they took."""
    ready = list(tasks)
    busy, begun = time.thread_time(), time.perf_counter()
    loop.run(ready)
    seconds = time.perf_counter() - begun
    return Spent(seconds, (time.thread_time() - busy) / seconds)


def _path_of(target: str) -> str:
    if target.startswith("/"):
        return target
    place = urlsplit(target)
    return f"{place.path}?{place.query}" if place.query else place.path
