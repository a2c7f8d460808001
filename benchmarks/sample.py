"""The content every server holds: one manifest and two blobs, the same bytes in every run.

The blobs are the output of SHAKE-256, so nothing in them can be compressed away.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = "bench/app"
TAG = "v1"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"

# `docker-registry` hides an OCI manifest from clients that do not name its type.
ACCEPT = {"Accept": MANIFEST_TYPE}

SMALL_BYTES = 200_000
LARGE_BYTES = 100_000_000


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

    @property
    def pull_path(self) -> str:
        """Where a registry serves it."""
        return f"/v2/{REPOSITORY}/blobs/{self.digest}"


@dataclass(frozen=True)
class Sample:
    """An image of two layers, 200 KB and 100 MB.

    Attributes:
        config: the image configuration.
        small: the layer of `SMALL_BYTES`.
        large: the layer of `LARGE_BYTES`.
        manifest: an OCI image manifest over the three.
    """

    config: Blob
    small: Blob
    large: Blob
    manifest: bytes

    @property
    def blobs(self) -> tuple[Blob, Blob, Blob]:
        """Everything the manifest refers to."""
        return (self.config, self.small, self.large)

    @property
    def manifest_path(self) -> str:
        """Where a registry serves the manifest by its tag."""
        return f"/v2/{REPOSITORY}/manifests/{TAG}"


def make_sample(folder: Path) -> Sample:
    """Write the blobs into `folder`, which must exist."""
    config = _write(folder / "config", b'{"architecture":"amd64","os":"linux"}')
    small = _write(folder / "small", _bytes_of("small", SMALL_BYTES))
    large = _write(folder / "large", _bytes_of("large", LARGE_BYTES))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _descriptor(CONFIG_TYPE, config),
        "layers": [_descriptor(LAYER_TYPE, small), _descriptor(LAYER_TYPE, large)],
    }
    return Sample(config, small, large, json.dumps(manifest, separators=(",", ":")).encode())


def digest_of(content: bytes) -> str:
    """The digest a registry gives these bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _bytes_of(seed: str, size: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(size)


def _write(path: Path, content: bytes) -> Blob:
    path.write_bytes(content)
    return Blob(path, digest_of(content), len(content))


def _descriptor(media_type: str, blob: Blob) -> dict[str, object]:
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}
