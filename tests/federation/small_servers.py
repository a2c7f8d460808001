"""Small real servers on loopback, which answer as badly as a test wants."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pratique.assembly import now
from pratique.outgoing.addresses import Address

LOOPBACK = ip_address("127.0.0.1")


@dataclass
class SmallServer:
    """A server.

    Attributes:
        pages: what is answered at a path, byte for byte; everything else is 404.
        asked: the request heads so far.
        silent: whether nothing is ever answered.
        open: the connections that are not yet at their end.
    """

    port: int = 0
    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    silent: bool = False
    open: set[asyncio.Task[None] | None] = field(default_factory=set)

    def put(self, path: str, content: bytes, *, status: str = "200 OK", extra: str = "") -> None:
        """Answer with `content` at `path`."""
        head = f"HTTP/1.1 {status}\r\ncontent-length: {len(content)}\r\n{extra}\r\n"
        self.pages[path] = head.encode() + content

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.open.add(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head)
            if self.silent:
                await reader.read()
            missing = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
            writer.write(self.pages.get(head.split(" ")[1], missing))
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        self.open.discard(asyncio.current_task())


@asynccontextmanager
async def small_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[SmallServer]:
    """A server on a free port of 127.0.0.1."""
    made = SmallServer()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await asyncio.gather(*filter(None, made.open), return_exceptions=True)


class Names:
    """A resolver that knows what it is told, and counts."""

    def __init__(self, **known: tuple[str, ...]) -> None:
        self._known = known
        self.looked_up: list[str] = []

    async def __call__(self, host: str, port: int) -> list[Address]:
        """The addresses of a host."""
        del port
        self.looked_up.append(host)
        try:
            return [ip_address(address) for address in self._known[host.partition(".")[0]]]
        except KeyError as error:
            raise OSError(-2, "Name or service not known") from error


def certificate_for(name: str, folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate of its own for `name`, kept as `ca.pem` too."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    at = now()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(minutes=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context
