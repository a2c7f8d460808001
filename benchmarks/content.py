"""The images that every server holds, the same bytes in every run.

The blobs repeat a block of SHAKE-256's output that no compression window spans.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scale import Scale

TAG = "v1"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"

# `docker-registry` hides an OCI manifest from clients that do not name its type.
ACCEPT = {"Accept": MANIFEST_TYPE}

_BLOCK_BYTES = 8_000_000


@dataclass(frozen=True)
class Blob:
    """Bytes in a file.

    Attributes:
        path: the file.
        digest: `sha256:` and the hexadecimal digest of its bytes.
        size: in bytes.
    """

    path: Path
    digest: str
    size: int


@dataclass(frozen=True)
class Image:
    """An image under the tag `v1` of a repository of its own.

    Attributes:
        repository: its name.
        config: the image configuration.
        layers: its layers, in order.
        manifest: an OCI image manifest over them.
    """

    repository: str
    config: Blob
    layers: tuple[Blob, ...]
    manifest: bytes

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """Everything the manifest refers to."""
        return (self.config, *self.layers)

    @property
    def manifest_path(self) -> str:
        """Where a registry serves the manifest by its tag."""
        return f"/v2/{self.repository}/manifests/{TAG}"

    def blob_path(self, blob: Blob) -> str:
        """Where a registry serves a blob of this image."""
        return f"/v2/{self.repository}/blobs/{blob.digest}"


@dataclass(frozen=True)
class Content:
    """The images by what they are for.

    Attributes:
        app: two layers, one small and one large.
        lazy: one huge layer.
        cold: five layers.
    """

    app: Image
    lazy: Image
    cold: Image

    @property
    def images(self) -> tuple[Image, Image, Image]:
        """All of them."""
        return (self.app, self.lazy, self.cold)


def make_content(folder: Path, scale: Scale) -> Content:
    """Write the blobs of all images into `folder`, which must exist."""
    return Content(
        make_image(folder, "bench/app", (scale.small, scale.large)),
        make_image(folder, "bench/lazy", (scale.huge,)),
        make_image(folder, "bench/cold", scale.cold_layers),
    )


def make_image(folder: Path, repository: str, sizes: Sequence[int]) -> Image:
    """Write the blobs of one image into a folder of its own below `folder`."""
    place = folder / repository.replace("/", "-")
    place.mkdir()
    config = _write(place / "config", b'{"architecture":"amd64","os":"linux"}', 37)
    layers = tuple(
        _write(place / f"layer-{number}", _block(f"{repository} {number}", size), size)
        for number, size in enumerate(sizes)
    )
    return Image(repository, config, layers, _manifest(config, layers))


def digest_of(content: bytes | bytearray) -> str:
    """The digest a registry gives these bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def fresh_bytes(count: int, size: int, seed: str) -> Iterator[tuple[memoryview, str]]:
    """`count` contents that no server has seen, each with its digest, ready to be sent.

    Args:
        count: how many.
        size: bytes of each, 64 at least.
        seed: another one for each call gives other bytes.
    """
    block = _block(seed, size)
    for number in range(count):
        content = bytearray(block * (size // len(block) + 1))[:size]
        content[:64] = f"{seed} {number}".encode().ljust(64)[:64]
        yield memoryview(content), digest_of(content)


def _manifest(config: Blob, layers: Sequence[Blob]) -> bytes:
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _descriptor(CONFIG_TYPE, config),
        "layers": [_descriptor(LAYER_TYPE, layer) for layer in layers],
    }
    return json.dumps(manifest, separators=(",", ":")).encode()


def _block(seed: str, size: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(min(size, _BLOCK_BYTES))


def _write(path: Path, block: bytes, size: int) -> Blob:
    hasher = hashlib.sha256()
    with path.open("wb") as sink:
        left = size
        while left:
            part = block[:left]
            sink.write(part)
            hasher.update(part)
            left -= len(part)
    return Blob(path, f"sha256:{hasher.hexdigest()}", size)


def _descriptor(media_type: str, blob: Blob) -> dict[str, object]:
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}
