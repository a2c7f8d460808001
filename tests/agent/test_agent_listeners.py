"""Sockets: what the agent listens on, and how a connection lives."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tests.agent.stage import ACR, IMDS, Stage, files_in, identity

from pratique.agent import Listeners, TcpAddress, Unlistenable, parse_address
from pratique.agent.listeners import MAX_CONNECTIONS
from pratique.testing.loops import in_loop

_TARGET = f"{IMDS}?api-version=2018-02-01&resource={ACR}"


@asynccontextmanager
async def _listening(
    folder: Path, path: Path | None = None
) -> AsyncIterator[tuple[TcpAddress, Stage]]:
    stage = Stage.of(folder, identity(users=frozenset({os.geteuid()})))
    listeners = Listeners(stage.agent)
    try:
        address = await listeners.listen_tcp(TcpAddress("127.0.0.1", 0))
        if path is not None:
            await listeners.listen_unix(path)
        yield address, stage
    finally:
        await listeners.close()


async def _answers(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes, count: int = 1
) -> list[str]:
    """The first lines of so many answers to `sent`."""
    writer.write(sent)
    lines = []
    for _ in range(count):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines.append(head.splitlines()[0])
        length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
        await reader.readexactly(length)
    return lines


def _request(host: object, target: str = _TARGET) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\nMetadata: true\r\n\r\n".encode()


@in_loop
async def test_many_requests_go_over_one_connection(tmp_path: Path) -> None:
    """Also when they are sent before the first is answered."""
    async with _listening(tmp_path) as (address, stage):
        reader, writer = await asyncio.open_connection(address.host, address.port)
        lines = await _answers(reader, writer, _request(address) * 3, 3)
        writer.close()
    assert lines == ["HTTP/1.1 200 OK"] * 3
    assert len(stage.server.forms) == 1


@in_loop
async def test_the_unix_socket_is_for_everybody_to_ask(tmp_path: Path) -> None:
    """Its mode lets all users connect, and the kernel tells who did."""
    path = tmp_path / "agent.sock"
    async with _listening(tmp_path, path):
        reader, writer = await asyncio.open_unix_connection(path)
        lines = await _answers(reader, writer, _request("localhost"))
        writer.close()
        assert lines == ["HTTP/1.1 200 OK"]
        assert os.stat(path).st_mode & 0o777 == 0o666  # noqa: PTH116 - a mode is no wait
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost", ""])
@in_loop
async def test_another_servers_name_is_refused(tmp_path: Path, host: str) -> None:
    """A page that a browser loaded from elsewhere cannot ask under that name."""
    async with _listening(tmp_path) as (address, _):
        reader, writer = await asyncio.open_connection(address.host, address.port)
        lines = await _answers(reader, writer, _request(host))
        writer.close()
    assert lines == ["HTTP/1.1 400 Bad Request"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{}", "localhost:{}", "LOCALHOST:{}", "169.254.169.254"]
)
@in_loop
async def test_own_names_are_taken(tmp_path: Path, host: str) -> None:
    """Those of loopback with the port, and the metadata service's own."""
    async with _listening(tmp_path) as (address, _):
        reader, writer = await asyncio.open_connection(address.host, address.port)
        lines = await _answers(reader, writer, _request(host.format(address.port)))
        writer.close()
    assert lines == ["HTTP/1.1 200 OK"]


@pytest.mark.parametrize(
    ("sent", "first"),
    [
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 20_000, "431 Request Header Fields Too Large"),
        (b"nonsense\r\n\r\n", "400 Bad Request"),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "413"),
    ],
)
@in_loop
async def test_what_cannot_be_read_ends_the_connection(
    tmp_path: Path, sent: bytes, first: str
) -> None:
    """One answer, then the end."""
    async with _listening(tmp_path) as (address, _):
        reader, writer = await asyncio.open_connection(address.host, address.port)
        (line,) = await _answers(reader, writer, sent)
        assert line.startswith(f"HTTP/1.1 {first}")
        assert await reader.read() == b""
        writer.close()


@in_loop
async def test_clients_that_go_away_are_no_trouble(tmp_path: Path) -> None:
    """After a hundred of them, the next one is answered."""
    async with _listening(tmp_path) as (address, _):
        for number in range(100):
            _, writer = await asyncio.open_connection(address.host, address.port)
            writer.write(_request(address)[: number * 2])
            writer.transport.abort()
        reader, writer = await asyncio.open_connection(address.host, address.port)
        assert await _answers(reader, writer, _request(address)) == ["HTTP/1.1 200 OK"]
        writer.close()


@in_loop
async def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    """One on which nobody listens is in nobody's way; anything else is left alone."""
    path = tmp_path / "agent.sock"
    with socket.socket(socket.AF_UNIX) as former:
        former.bind(str(path))
    async with _listening(tmp_path, path):
        second = Listeners(Stage.of(tmp_path, identity()).agent)
        with pytest.raises(Unlistenable, match="something listens"):
            await second.listen_unix(path)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(Unlistenable, match="no socket"):
        await second.listen_unix(file)


@in_loop
async def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    """The address stands in the words."""
    async with _listening(tmp_path) as (address, stage):
        with pytest.raises(Unlistenable, match=f"127.0.0.1:{address.port}"):
            await Listeners(stage.agent).listen_tcp(address)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("127.0.0.1:40342", "127.0.0.1:40342"),
        ("127.1.2.3:0", "127.1.2.3:0"),
        ("[::1]:80", "[::1]:80"),
        ("169.254.169.254:80", "169.254.169.254:80"),
    ],
)
def test_addresses_of_this_host_are_taken(text: str, shown: str) -> None:
    """Loopback of both families, and the metadata service's address."""
    assert str(parse_address(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.0:80", "[::]:80", "192.168.1.5:80", "169.254.1.1:80", "10.0.0.1:80", ":80", ""),
        *("localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:-1"),
    ],
)
def test_other_addresses_are_refused(text: str) -> None:
    """Tokens would cross a network in plain text; names could mean anything."""
    with pytest.raises(Unlistenable):
        parse_address(text)


@in_loop
async def test_the_number_of_connections_is_bounded(tmp_path: Path) -> None:
    """One more is closed at once; when another has ended there is room again."""
    async with _listening(tmp_path) as (address, _):
        idle = [
            await asyncio.open_connection(address.host, address.port)
            for _ in range(MAX_CONNECTIONS)
        ]
        reader, writer = await asyncio.open_connection(address.host, address.port)
        assert await reader.read() == b""
        writer.close()
        for _, one in idle:
            one.close()
            await one.wait_closed()
        async with asyncio.timeout(30):
            # Only asking tells that there is room again.
            while not await _is_answered(address):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def _is_answered(address: TcpAddress) -> bool:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    # A connection that is one too many is cut off, perhaps in the middle of the request.
    with suppress(ConnectionError):
        writer.write(_request(address))
        line = await reader.readline()
        writer.close()
        return line == b"HTTP/1.1 200 OK\r\n"
    return False
