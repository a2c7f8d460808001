"""Connections without sockets, for tests that make thousands of them."""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Callable
from typing import Any, cast

_LENGTH = re.compile(rb"\r\nContent-Length: ([0-9]+)")


class _Stream:
    """As much of a socket as the doctor uses without TLS."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._ready = io.BytesIO()
        self._request = b""

    def settimeout(self, seconds: float | None) -> None:
        """Nothing is waited for."""

    def sendall(self, data: bytes) -> None:
        """A part of a request; the answer is there as soon as the request is whole."""
        self._request += data
        head, end, body = self._request.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or (length is not None and len(body) < int(length[1])):
            return
        at = self._ready.tell()
        self._ready.seek(0, io.SEEK_END)
        self._ready.write(self._answer(self._request))
        self._ready.seek(at)
        self._request = b""

    def recv(self, size: int) -> bytes:
        """What has been answered."""
        return self._ready.read(size)

    def makefile(self, mode: str, buffering: int) -> Any:
        """A reader that is not closed with this file."""
        assert (mode, buffering) == ("rb", 0)
        return _File(self._ready)

    def close(self) -> None:
        """Nothing is open."""


class _File(io.RawIOBase):
    def __init__(self, ready: io.BytesIO) -> None:
        self._ready = ready

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._ready.readinto(buffer)


class Answering:
    """A network on which every name exists, and one server answers at port 80 of all of them.

    Args:
        answer: makes the response from a request.
        others: ports where the same server answers as well.
    """

    def __init__(self, answer: Callable[[bytes], bytes], others: frozenset[int]) -> None:
        self._answer = answer
        self._ports = {80} | others

    def addresses_of(self, host: str) -> tuple[str, ...]:
        """Two addresses, as of any name; the doctor asks both after a refusal."""
        return ("192.0.2.1", "192.0.2.2") if host else ()

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """A connection."""
        if port not in self._ports:
            raise ConnectionRefusedError(111, f"Connection to {address} refused in {seconds:.0f} s")
        return cast("socket.socket", _Stream(self._answer))
