"""A small real image, built in memory: one layer, a config, a manifest (OCI image-spec 1.1)."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import Any

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
_FILES = {
    "etc/pratique/what-it-means": "Pratique: the leave a port gives a ship to come in.\n",
    "hello": "You were let in.\n",
}


@dataclass(frozen=True, slots=True)
class Image:
    """An image's three parts as they are stored."""

    manifest: bytes
    config: bytes
    layer: bytes

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.manifest) + len(self.config) + len(self.layer)


def build_image() -> Image:
    """The image; the same bytes each time."""
    archive = _archive()
    layer = gzip.compress(archive, mtime=0)
    config = _encoded(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": {"Env": ["PATH=/bin"], "Cmd": ["/hello"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(archive)]},
            "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "pratique demo"}],
        }
    )
    manifest = _encoded(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": _descriptor(_CONFIG_TYPE, config),
            "layers": [_descriptor(_LAYER_TYPE, layer)],
        }
    )
    return Image(manifest, config, layer)


def digest(content: bytes) -> str:
    """The sha256 digest as it is written in manifests."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, text in _FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest(content), "size": len(content)}


def _encoded(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
