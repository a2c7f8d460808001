"""Manifests for tests, with sane defaults, and the pushing of what they need."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pratique.access import Allowed
from pratique.naming import Digest
from pratique.registry import ManifestRecord, Registry, read_manifest
from pratique.registry.documents import OCI_IMAGE, OCI_INDEX
from pratique.testing.loops import body_of

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"

START = datetime.fromtimestamp(0, UTC) + timedelta(days=20_000)


def later(seconds: int) -> datetime:
    """A time so many seconds after `START`."""
    return START + timedelta(seconds=seconds)


def descriptor(
    content: bytes, media_type: str, algorithm: str = "sha256", **fields: Any
) -> dict[str, Any]:
    """A descriptor of `content`, with further fields as they stand in JSON."""
    digest = Digest.of(content, algorithm).text
    return {"mediaType": media_type, "digest": digest, "size": len(content), **fields}


def image(
    layers: Iterable[bytes] = (),
    config: bytes = b"{}",
    /,
    *,
    algorithm: str = "sha256",
    **fields: Any,
) -> bytes:
    """An OCI image manifest; `fields` go in as they are, `None` removes one."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_IMAGE,
        "config": descriptor(config, CONFIG_TYPE, algorithm),
        "layers": [descriptor(layer, LAYER_TYPE, algorithm) for layer in layers],
        **fields,
    }
    return _written(document)


def index(children: Iterable[bytes] = (), /, *, algorithm: str = "sha256", **fields: Any) -> bytes:
    """An OCI image index of these manifests; `fields` go in as they are, `None` removes one."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [descriptor(child, OCI_IMAGE, algorithm) for child in children],
        **fields,
    }
    return _written(document)


def record(content: bytes, algorithm: str = "sha256", *, sparse: bool = True) -> ManifestRecord:
    """The manifest, read."""
    return read_manifest(content, None, algorithm, may_be_sparse=sparse)


async def push_blob(
    registry: Registry, allowed: Allowed, content: bytes, algorithm: str = "sha256"
) -> Digest:
    """Push a blob in one request and give its digest."""
    upload = await registry.uploads.open(allowed)
    digest = Digest.of(content, algorithm)
    await registry.uploads.finish(
        allowed, upload.upload_id, digest, body_of([content]), None, len(content)
    )
    return digest


def _written(document: Mapping[str, Any]) -> bytes:
    return json.dumps({k: v for k, v in document.items() if v is not None}).encode()
