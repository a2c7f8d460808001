"""Where the agent listens, and the life of a connection."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import stat
from asyncio.trsock import TransportSocket
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from pratique.agent import imds
from pratique.agent.answers import Agent, Connection
from pratique.agent.messages import MAX_HEAD_BYTES, BadRequest, parse_request
from pratique.agent.peers import Peer, peer_of
from pratique.naming.errors import printable

METADATA_ADDRESS: Final = "169.254.169.254"
IDLE_SECONDS: Final = 30.0
MAX_CONNECTIONS: Final = 256
PAUSE_SECONDS: Final = 0.1
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]", METADATA_ADDRESS)


class Unlistenable(Exception):
    """The agent cannot listen where it was told to; the message says why."""


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """An address on this host."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def names(self) -> frozenset[str]:
        """What clients may call it in the `Host` header."""
        hosts = (*_LOCAL_NAMES, str(self).rpartition(":")[0])
        with_port = {f"{host}:{self.port}" for host in hosts}
        return frozenset(
            {*with_port, *hosts} if self.port == 80 else with_port | {METADATA_ADDRESS}
        )


# Nothing but a programme of this host can reach a Unix socket, whatever name it gives.
_SOCKET_NAMES = frozenset({*_LOCAL_NAMES, ""})


def parse_address(text: str) -> TcpAddress:
    """`HOST:PORT`, loopback or the metadata service's own address.

    Raises:
        Unlistenable: it is another address; tokens would cross a network unencrypted.
    """
    host, _, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise Unlistenable(f"`{printable(text)}` is not ADDRESS:PORT, as 127.0.0.1:40342") from None
    if not (port.isascii() and port.isdigit() and len(port) < 6 and int(port) < 65536):
        raise Unlistenable(f"`{printable(text)}` has no port between 0 and 65535")
    if not address.is_loopback and str(address) != METADATA_ADDRESS:
        raise Unlistenable(
            f"`{printable(text)}` can be reached from other hosts; the agent listens on loopback "
            f"or on {METADATA_ADDRESS} only"
        )
    return TcpAddress(str(address), int(port))


class Listeners:
    """All sockets on which the agent answers.

    Args:
        agent: answers.
    """

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._listening: list[socket.socket] = []
        self._conversations: set[asyncio.Task[None]] = set()
        self._paths: list[Path] = []

    async def listen_tcp(self, address: TcpAddress) -> TcpAddress:
        """Listen on `address`; where that is, since a port 0 becomes a free one.

        Raises:
            Unlistenable: somebody else does, or the address is not this host's.
        """
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        try:
            server = socket.create_server((address.host, address.port), family=family)
        except OSError as error:
            raise Unlistenable(f"cannot listen on {address}: {error.strerror}") from error
        self._listen(server)
        return TcpAddress(address.host, server.getsockname()[1])

    async def listen_unix(self, path: Path) -> None:
        """Listen on a Unix socket that everybody may connect to: the kernel says who did.

        Raises:
            Unlistenable: somebody else does, or something else is there.
        """
        try:
            server = await asyncio.to_thread(_unix_server, path)
        except OSError as error:
            raise Unlistenable(f"cannot listen on {path}: {error}") from error
        self._paths.append(path)
        self._listen(server)

    async def close(self) -> None:
        """Stop listening and end all connections; what was said already is still sent."""
        loop = asyncio.get_running_loop()
        for server in self._listening:
            loop.remove_reader(server)
            server.close()
        conversations = tuple(self._conversations)
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        for path in self._paths:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    def _listen(self, server: socket.socket) -> None:
        server.setblocking(False)  # noqa: FBT003 - the library's own form
        self._listening.append(server)
        self._wait_for_clients(server)

    def _wait_for_clients(self, server: socket.socket) -> None:
        # It may have been closed while nobody was let in.
        if server.fileno() >= 0:
            asyncio.get_running_loop().add_reader(server, self._accept, server)

    def _accept(self, server: socket.socket) -> None:
        """Let a client in that has come; one that has gone again is none."""
        loop = asyncio.get_running_loop()
        try:
            accepted, _ = server.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            # Out of file handles: the client waits for some to become free.
            loop.remove_reader(server)
            loop.call_later(PAUSE_SECONDS, self._wait_for_clients, server)
            return
        if len(self._conversations) >= MAX_CONNECTIONS:
            accepted.close()
            return
        accepted.setblocking(False)  # noqa: FBT003 - likewise
        task = asyncio.create_task(self._live(accepted))
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)
        # Also of a task that was cancelled before it began.
        task.add_done_callback(partial(_close, accepted))

    async def _live(self, accepted: socket.socket) -> None:
        # The client may go away, or say nothing more.
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(sock=accepted, limit=MAX_HEAD_BYTES)
            try:
                await self._converse(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _connection(writer.get_extra_info("socket"))
        keeps_open = True
        while keeps_open:
            try:
                request = parse_request(await _head(reader))
            except BadRequest as refusal:
                keeps_open = False
                response = imds.error(refusal.status, "invalid_request", str(refusal))
            else:
                keeps_open = request.keeps_open
                response = await self._agent.answer(request, connection)
            writer.write(response.encoded(keeps_open=keeps_open))
            async with asyncio.timeout(IDLE_SECONDS):
                await writer.drain()


def _close(accepted: socket.socket, task: asyncio.Task[None]) -> None:
    del task
    accepted.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(IDLE_SECONDS):
            return await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise BadRequest("the request is too long", 431) from None


def _connection(accepted: TransportSocket) -> Connection:
    async def peer() -> Peer:
        return await asyncio.to_thread(peer_of, accepted)

    if accepted.family == socket.AF_UNIX:
        return Connection(peer, _SOCKET_NAMES)
    host, port = accepted.getsockname()[:2]
    return Connection(peer, TcpAddress(host, port).names)


def _unix_server(path: Path) -> socket.socket:
    _clear_away(path)
    server = socket.socket(socket.AF_UNIX)
    try:
        server.bind(str(path))
        server.listen()
        # For all users to ask: who may have what is decided per identity.
        path.chmod(0o666)
    except OSError:
        server.close()
        raise
    return server


def _clear_away(path: Path) -> None:
    """Remove a socket that an earlier run left behind; anything else stays and is in the way."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise Unlistenable(f"{path} is there and is no socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise Unlistenable(f"something listens on {path} already")
