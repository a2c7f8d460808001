"""A bound for the whole of a request: a server that sends a byte now and then gains no time."""

from __future__ import annotations

import io
import socket
from typing import Any, final

from pratique.diagnosis.machine import Clock


@final
class Deadline:
    """The end of the time that something has.

    Args:
        clock: of the machine.
        seconds: from now.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.seconds() + seconds

    def left(self, at_most: float) -> float:
        """Seconds for the next thing to wait for.

        Args:
            at_most: seconds that this thing may take in any case.

        Raises:
            TimeoutError: none are left.
        """
        left = self._end - self._clock.seconds()
        if left <= 0:
            raise TimeoutError("timed out")
        return min(left, at_most)


class BoundedStream:
    """As much of a socket as `http.client` uses; every wait ends with the deadline.

    Args:
        stream: an open connection.
        wait: seconds that one wait may take.
    """

    def __init__(self, stream: socket.socket, wait: float) -> None:
        self._stream = stream
        self._wait = wait
        self._deadline: Deadline | None = None

    def until(self, deadline: Deadline) -> None:
        """From now on this deadline counts."""
        self._deadline = deadline

    def patience(self) -> None:
        """Make the next wait end in time.

        Raises:
            TimeoutError: there is no time left.
        """
        left = self._deadline.left(self._wait) if self._deadline else self._wait
        self._stream.settimeout(left)

    def sendall(self, data: Any) -> None:
        """Send all of it."""
        self.patience()
        self._stream.sendall(data)

    def makefile(self, _: str) -> io.BufferedReader:
        """A reader; the connection stays open until it is closed as well."""
        return io.BufferedReader(_Reader(self, self._stream.makefile("rb", buffering=0)))

    def close(self) -> None:
        """End it."""
        self._stream.close()


class _Reader(io.RawIOBase):
    def __init__(self, stream: BoundedStream, raw: socket.SocketIO) -> None:
        self._bounded = stream
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._bounded.patience()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
