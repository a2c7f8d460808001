"""A small, valid, two-layer image, made in memory and always the same for the same words.

Clients take images in two archive forms: the OCI image layout (podman, buildah, skopeo, `ctr`) and
the older form of `docker save` (`docker load`). Both hold the same layers and configuration.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Image:
    """An image as the bytes a registry stores.

    Attributes:
        layers: uncompressed tar archives, the base first.
        blobs: the compressed layers in the same order.
        config: the image configuration.
        manifest: an OCI image manifest over `config` and `blobs`.
    """

    layers: tuple[bytes, ...]
    blobs: tuple[bytes, ...]
    config: bytes
    manifest: bytes

    @property
    def digest(self) -> str:
        """What a registry calls the manifest when a client pushes it unchanged."""
        return digest_of(self.manifest)

    def write_oci_archive(self, path: Path, name: str) -> Path:
        """Write an OCI image layout as one tar archive whose only image is called `name`.

        Args:
            path: the archive to write.
            name: full reference with a tag, under which podman and `ctr` will list the image.
        """
        descriptor = {
            "mediaType": MANIFEST_TYPE,
            "digest": self.digest,
            "size": len(self.manifest),
            "annotations": {
                "io.containerd.image.name": name,
                "org.opencontainers.image.ref.name": name,
            },
        }
        index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [descriptor]}
        members = {
            "oci-layout": encode({"imageLayoutVersion": "1.0.0"}),
            "index.json": encode(index),
        }
        for blob in (*self.blobs, self.config, self.manifest):
            members[f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}"] = blob
        path.write_bytes(tar_of(members))
        return path

    def write_docker_archive(self, path: Path, name: str) -> Path:
        """Write what `docker save` writes for an image called `name`.

        Args:
            path: the archive to write.
            name: full reference with a tag, under which Docker will list the image.
        """
        config_name = f"{hashlib.sha256(self.config).hexdigest()}.json"
        members = {config_name: self.config}
        layer_names = []
        for number, layer in enumerate(self.layers):
            layer_names.append(f"{number}/layer.tar")
            members[layer_names[-1]] = layer
        entry = {"Config": config_name, "RepoTags": [name], "Layers": layer_names}
        members["manifest.json"] = encode([entry])
        path.write_bytes(tar_of(members))
        return path


def build_image(words: str = "hello") -> Image:
    """An image of two layers for linux/amd64; other `words` give other digests throughout.

    Args:
        words: the content of the one file in the upper layer.
    """
    layers = (
        tar_of({"etc/os-release": b'NAME="quarantine"\nID=quarantine\n'}),
        tar_of({"srv/words": words.encode()}),
    )
    blobs = tuple(gzip.compress(layer, mtime=0) for layer in layers)
    config = encode(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": {"Env": ["PATH=/bin"], "Cmd": ["/srv/words"], "Labels": {"words": words}},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]},
            "history": [
                {"created": "1970-01-01T00:00:00Z", "created_by": f"layer {number}"}
                for number, _ in enumerate(layers)
            ],
        }
    )
    manifest = encode(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": describe(CONFIG_TYPE, config),
            "layers": [describe(LAYER_TYPE, blob) for blob in blobs],
        }
    )
    return Image(layers=layers, blobs=blobs, config=config, manifest=manifest)


def digest_of(content: bytes) -> str:
    """The sha256 digest of `content` as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def describe(media_type: str, content: bytes) -> dict[str, object]:
    """The descriptor of `content`."""
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def encode(document: object) -> bytes:
    """`document` as JSON, the same bytes every time."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def tar_of(members: Mapping[str, bytes]) -> bytes:
    """A tar archive of plain files owned by root, dated 1970, with every parent folder listed."""
    buffer = io.BytesIO()
    folders: set[str] = set()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members.items():
            for parent in reversed(Path(name).parents[:-1]):
                if str(parent) not in folders:
                    folders.add(str(parent))
                    folder = tarfile.TarInfo(f"{parent}/")
                    folder.type = tarfile.DIRTYPE
                    folder.mode = 0o755
                    archive.addfile(folder)
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
