"""A listener for scrapes, on an address of its own.

It speaks as much HTTP/1.1 as a scrape needs: one request for `/metrics` on each connection. Who may
reach it is for the operator's network to say, so it is never opened unasked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pratique.http.watch.exposition import CONTENT_TYPE

PATH: Final = "/metrics"
MAX_HEAD_BYTES: Final = 8 * 1024
MAX_CONNECTIONS: Final = 16
PATIENCE_SECONDS: Final = 5.0


class MetricsListener:
    """Answers scrapes.

    Args:
        text: gives the metrics as they stand.
    """

    def __init__(self, text: Callable[[], bytes]) -> None:
        self._text = text
        self._connections = 0
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> None:
        """Listen; several workers of one server share the address.

        Raises:
            OSError: the address cannot be had.
        """
        self._server = await asyncio.start_server(
            self._serve, host, port, limit=MAX_HEAD_BYTES, reuse_port=True
        )

    def close(self) -> None:
        """Listen no more; who is being answered will be."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections <= MAX_CONNECTIONS:
                with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        writer.write(await self._answer(reader))
                        await writer.drain()
        finally:
            self._connections -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return _response("431 Request Header Fields Too Large", b"")
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if path != PATH.encode():
            return _response("404 Not Found", b"")
        if method not in {b"GET", b"HEAD"}:
            return _response("405 Method Not Allowed", b"", allow="GET, HEAD")
        text = self._text()
        return _response("200 OK", text, with_body=method == b"GET")


def _response(status: str, body: bytes, *, with_body: bool = True, **headers: str) -> bytes:
    fields = {
        **headers,
        "content-type": CONTENT_TYPE,
        "content-length": str(len(body)),
        "connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + (body if with_body else b"")
