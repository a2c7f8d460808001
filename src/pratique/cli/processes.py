"""What the processes of one server share, and how they are stopped together.

```text
SIGTERM ──▶ /readyz says 503 ──drain delay──▶ listening ends ──drain──▶ exit 0
            everybody is served                 what was begun is finished
```

SIGINT and a second SIGTERM leave the delay out.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from pratique.assembly import METRICS, has_limits, make_buckets
from pratique.observability import Board
from pratique.settings import Places, ServeSettings


class Stoppable(Protocol):
    """The parent of the workers."""

    def on_startup(self, hook: Callable[[], Any]) -> Callable[[], Any]:
        """Have `hook` called when signals are set up and no worker is there yet."""
        ...

    def signal_handler_interrupt(self) -> None:
        """Stop: end listening, wait for what was begun, end the workers."""
        ...


@contextmanager
def board_of(workers: int) -> Iterator[Path]:
    """The path of a new board, which is gone with the processes that use it.

    A worker that is replaced may stand beside its successor for a while, so there is room for
    twice as many.
    """
    with _shared("board") as path:
        Board.make(path, 2 * workers, METRICS.width)
        yield path


@contextmanager
def buckets_of(settings: ServeSettings) -> Iterator[Path | None]:
    """The path of a new table for counting requests, gone like a board; None without limits."""
    if not has_limits(settings):
        yield None
        return
    with _shared("buckets") as path:
        make_buckets(path)
        yield path


@contextmanager
def mark_of(places: Places) -> Iterator[Path | None]:
    """The path of a file by which workers tell each other of changes; None where rows are files."""
    if places.database is None:
        yield None
        return
    with _shared("mark") as path:
        yield path


@contextmanager
def _shared(name: str) -> Iterator[Path]:
    """The path of an empty file that the processes of one server can share."""
    if sys.platform != "linux":
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder) / name
        return
    # In memory alone: nothing is left behind by a server that is killed, and nothing that cleans
    # up old files can take it away from one that runs.
    descriptor = os.memfd_create(f"pratique-{name}")
    try:
        yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")
    finally:
        os.close(descriptor)


def stop_gently(server: Stoppable, board: Board, delay: timedelta) -> None:
    """Have `server` drain when it is told to stop.

    Args:
        server: not started yet.
        board: where its workers look.
        delay: how long listening goes on after SIGTERM, so that load balancers can notice.
    """
    parent = os.getpid()

    def stop(signal_number: int, _frame: object) -> None:
        if os.getpid() != parent:
            # A worker that was told to end before it began to serve.
            os._exit(0)
        again = board.is_draining()
        board.drain()
        if again or signal_number == signal.SIGINT or not delay:
            server.signal_handler_interrupt()
            return
        waiting = threading.Timer(delay.total_seconds(), server.signal_handler_interrupt)
        waiting.daemon = True
        waiting.start()

    def listen_to_signals() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)

    server.on_startup(listen_to_signals)
