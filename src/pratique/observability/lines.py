"""JSON lines, gathered for a moment and written together.

A system call for each request would cost more than the look-up that it reports, so lines wait for
at most a fifth of a second or 64 KiB. Lines that matter when a process dies (refusals, faults) are
written at once.
"""

from __future__ import annotations

import asyncio
from typing import Any, BinaryIO

import msgspec

FLUSH_SECONDS = 0.2
FLUSH_BYTES = 64 * 1024


class LineLog:
    """Writes one JSON object per line to `sink`.

    Args:
        sink: where lines go; None discards everything.
        requests: whether requests that went well are worth a line.
    """

    def __init__(self, sink: BinaryIO | None, *, requests: bool = True) -> None:
        self._sink = sink
        self.requests = requests and sink is not None
        self._encoder = msgspec.json.Encoder()
        self._waiting = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    def write(self, fact: dict[str, Any], *, at_once: bool = False) -> None:
        """Take one line; `at_once` for those that must survive the process."""
        if self._sink is None:
            return
        self._waiting += self._encoder.encode(fact)
        self._waiting += b"\n"
        if at_once or len(self._waiting) >= FLUSH_BYTES:
            self.flush()
        elif self._timer is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self.flush()
                return
            self._timer = loop.call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what waits. A sink that is gone (a closed pipe) never stops the server."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sink is None or not self._waiting:
            return
        lines, self._waiting = self._waiting, bytearray()
        try:
            self._sink.write(lines)
            self._sink.flush()
        except OSError:
            self._sink = None
