"""A registry that says what a test wants it to, over real connections on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

INDEX = "application/vnd.oci.image.index.v1+json"
IMAGE = "application/vnd.oci.image.manifest.v1+json"


def digest_of(content: bytes) -> str:
    """Its sha256."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Says:
    """One answer.

    Attributes:
        length: what it announces; the real one when None, none at all when negative.
    """

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None


Answer = Says | Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class OtherRegistry:
    """What it holds, and what it was asked.

    Attributes:
        answers: by path and query; what is not there is not found.
        port: where it listens.
        asked: all requests so far.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def host(self) -> str:
        """Under which it is asked."""
        return f"127.0.0.1:{self.port}"

    @property
    def rule(self) -> str:
        """What allows it to be asked."""
        return f"http://{self.host}"

    def paths(self) -> list[str]:
        """What it was asked for."""
        return [each.path for each in self.asked]

    def manifest(
        self, content: bytes, media_type: str, *tags: str, repository: str = "team/app"
    ) -> str:
        """Hold a manifest; its digest."""
        says = Says(200, content, (("content-type", media_type),))
        for reference in (digest_of(content), *tags):
            self.answers[f"/v2/{repository}/manifests/{reference}"] = says
        return digest_of(content)

    def blob(self, content: bytes, repository: str = "team/app") -> str:
        """Hold a blob; its digest."""
        self.answers[f"/v2/{repository}/blobs/{digest_of(content)}"] = Says(200, content)
        return digest_of(content)

    def image(self, *tags: str, layer: bytes = b"layer", repository: str = "team/app") -> bytes:
        """Hold an image of one layer; its manifest."""
        config = json.dumps({"architecture": "amd64", "os": "linux", "of": len(layer)}).encode()
        for content in (config, layer):
            self.blob(content, repository)
        manifest = image_of(config, layer)
        self.manifest(manifest, IMAGE, *tags, repository=repository)
        return manifest

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                fields = (line.partition(": ") for line in head[1:] if line)
                path = head[0].split(" ")[1]
                headers = {name.lower(): value for name, _, value in fields}
                self.asked.append(Asked(path, headers))
                answer = self.answers.get(path, Says(404))
                if not isinstance(answer, Says):
                    await answer(writer)
                    break
                length = len(answer.body) if answer.length is None else answer.length
                sent = list(answer.headers)
                if length >= 0:
                    sent.append(("content-length", str(length)))
                lines = [f"HTTP/1.1 {answer.status} -", *(f"{k}: {v}" for k, v in sent), "", ""]
                writer.write("\r\n".join(lines).encode() + answer.body)
                await writer.drain()
                if length != len(answer.body):
                    break
        writer.close()

    async def hang_up(self) -> None:
        """End all connections."""
        for writer in self._open:
            writer.close()
        for writer in self._open:
            with suppress(ConnectionError):
                await writer.wait_closed()


def image_of(config: bytes, *layers: bytes) -> bytes:
    """The manifest of an image."""
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": descriptor(config, "application/vnd.oci.image.config.v1+json"),
            "layers": [
                descriptor(layer, "application/vnd.oci.image.layer.v1.tar") for layer in layers
            ],
        }
    ).encode()


def index_of(*manifests: bytes, media_type: str = IMAGE) -> bytes:
    """An index of manifests."""
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [descriptor(each, media_type) for each in manifests],
        }
    ).encode()


def descriptor(content: bytes, media_type: str) -> dict[str, object]:
    """What names content."""
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


@asynccontextmanager
async def other_registry() -> AsyncIterator[OtherRegistry]:
    """One that listens, in this loop."""
    registry = OtherRegistry()
    server = await asyncio.start_server(registry._serve, "127.0.0.1", 0)  # noqa: SLF001 - its own
    registry.port = server.sockets[0].getsockname()[1]
    try:
        yield registry
    finally:
        server.close()
        await registry.hang_up()
