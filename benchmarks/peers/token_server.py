"""`python -m benchmarks.peers.token_server KEY PORT`: the token server of Distribution v3 and zot.

It compares user name and password with one fixed pair, and signs what was
asked for; it looks nothing up and keeps nothing, so that it is faster than token servers are.
Ended by SIGTERM.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvloop

from benchmarks.peers.tokens import Mint
from benchmarks.processes import free_port, running

USER, PASSWORD = "bench", "not a secret"
_EXPECTED = b"basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).lower()


@dataclass(frozen=True)
class TokenServer:
    """A token server that answers.

    Attributes:
        realm: the address for a challenge.
        mint: whose tokens it gives.
        folder: holds the mint's public key as `jwks.json`.
    """

    realm: str
    mint: Mint
    folder: Path

    @property
    def key_set(self) -> Path:
        """The file with the public key, for who verifies."""
        return self.folder / "jwks.json"


@contextmanager
def token_server(folder: Path) -> Iterator[TokenServer]:
    """Run the token server until the block is left."""
    mint, port = Mint.new(), free_port()
    mint.write(folder / "key.pem")
    server = TokenServer(f"http://127.0.0.1:{port}/token", mint, folder)
    server.key_set.write_text(json.dumps(mint.published()))
    command = [sys.executable, "-m", "benchmarks.peers.token_server"]
    words = [str(folder / "key.pem"), str(port)]
    with running([*command, *words], server.realm, folder / "token-server.log"):
        yield server


class _Connection(asyncio.Protocol):
    """Answers `GET /token?service=...&scope=repository:NAME:ACTIONS`, one after another."""

    def __init__(self, mint: Mint) -> None:
        self._mint = mint
        self._received = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it for answers."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        first, *lines = head.split(b"\r\n")
        shown = b""
        for line in lines:
            field, _, value = line.partition(b":")
            if field.lower() == b"authorization":
                shown = value.strip().lower()
        if not hmac.compare_digest(shown, _EXPECTED):
            return b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
        asked = parse_qs(urlsplit(first.split()[1].decode()).query)
        _, name, actions = asked["scope"][0].split(":")
        body = json.dumps({"token": self._mint.token(name, actions), "expires_in": 3600}).encode()
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        return start % len(body) + body


async def _serve(mint: Mint, port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(mint), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(Mint.read(Path(sys.argv[1])), int(sys.argv[2])))
