"""Images of the bed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = b"a layer of the bed"


@dataclass
class Content:
    """What one repository holds.

    Attributes:
        manifests: media type and bytes, by tag and by digest.
        blobs: bytes by digest.
    """

    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)

    @property
    def tags(self) -> list[str]:
        """Tags, in order."""
        return sorted(reference for reference in self.manifests if ":" not in reference)

    def add(self, tag: str, kind: str, body: bytes) -> str:
        """Add a manifest; gives its digest. An empty tag adds none."""
        digest = digest_of(body)
        self.manifests[digest] = kind, body
        if tag:
            self.manifests[tag] = kind, body
        return digest

    def add_image(
        self, tag: str, *, more_layers: Sequence[Mapping[str, object]] = (), mark: str = ""
    ) -> str:
        """Add an image for one platform; gives its digest."""
        layer = LAYER + mark.encode()
        config = json.dumps({"architecture": "amd64", "os": "linux", "mark": mark}).encode()
        for blob in (layer, config):
            self.blobs[digest_of(blob)] = blob
        described = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _descriptor("application/vnd.oci.image.config.v1+json", config),
            "layers": [
                _descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer),
                *more_layers,
            ],
        }
        return self.add(tag, MANIFEST, json.dumps(described).encode())

    def add_index(self, tag: str, platforms: Sequence[str]) -> str:
        """Add an index with an image for each of `os/architecture[/variant]`."""
        entries = []
        for platform in platforms:
            system, architecture, *variant = platform.split("/")
            digest = self.add_image("", mark=platform)
            where = {"os": system, "architecture": architecture}
            if variant:
                where["variant"] = variant[0]
            entries.append(
                {
                    "mediaType": MANIFEST,
                    "digest": digest,
                    "size": len(self.manifests[digest][1]),
                    "platform": where,
                }
            )
        described = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        return self.add(tag, INDEX, json.dumps(described).encode())


def digest_of(body: bytes) -> str:
    """SHA-256 as an OCI digest."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _descriptor(kind: str, body: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": digest_of(body), "size": len(body)}
