"""What belongs to an image: its manifests, down through indexes, and the blobs that they need."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from pratique.naming import Digest, Tag
from pratique.registry.documents import described_sizes, read_manifest
from pratique.registry.errors import ManifestInvalid, ManifestTooLarge
from pratique.registry.importing.source import ImageSource, ImportFailed, SourceManifest, Why
from pratique.registry.records import ManifestRecord

DEEPEST: Final = 4
"""Indexes within indexes, the image's own manifest included."""
MOST_MANIFESTS: Final = 1000
MOST_MANIFEST_BYTES: Final = 32 * 1024 * 1024
"""Of all manifests of one image, since they are in memory until everything is there."""
_READ_ASIDE: Final = 64 * 1024


@dataclass(slots=True)
class Image:
    """What an image is made of.

    Attributes:
        manifests: those that an index needs before it; the image's own is the last.
        blobs: what they need, with their sizes in bytes.
    """

    manifests: dict[Digest, ManifestRecord] = field(default_factory=dict)
    blobs: dict[Digest, int] = field(default_factory=dict)
    bytes_of_manifests: int = 0

    @property
    def own(self) -> ManifestRecord:
        """The image's own manifest."""
        return next(reversed(self.manifests.values()))


async def gather(source: ImageSource, reference: Tag | Digest) -> Image:
    """Ask a source for all manifests of an image.

    Raises:
        ImportFailed: it does not have them, they make no sense, or they are too many.
    """
    image = Image()
    await _gather(source, reference, image, None, 1)
    return image


async def _gather(
    source: ImageSource, reference: Tag | Digest, image: Image, size: int | None, depth: int
) -> None:
    if depth > DEEPEST:
        raise ImportFailed(
            Why.TOO_LARGE, f"the image has more than {DEEPEST} levels of indexes; that is no image"
        )
    if len(image.manifests) >= MOST_MANIFESTS:
        raise ImportFailed(Why.TOO_LARGE, f"the image has more than {MOST_MANIFESTS} manifests")
    found = await source.manifest(reference)
    image.bytes_of_manifests += len(found.content)
    if image.bytes_of_manifests > MOST_MANIFEST_BYTES:
        raise ImportFailed(
            Why.TOO_LARGE, f"the manifests of the image have more than {MOST_MANIFEST_BYTES} bytes"
        )
    record = await _read(found, reference)
    if size is not None and len(found.content) != size:
        raise ImportFailed(
            Why.INVALID,
            f"the manifest `{reference}` has {len(found.content)} bytes, and its index says {size}",
        )
    sizes = described_sizes(record)
    for blob in record.needed_blobs:
        image.blobs[blob] = sizes[blob]
    for child in record.needed_manifests:
        if child not in image.manifests:
            await _gather(source, child, image, sizes[child], depth + 1)
    image.manifests[record.digest] = record


async def _read(found: SourceManifest, reference: Tag | Digest) -> ManifestRecord:
    algorithm = reference.algorithm if isinstance(reference, Digest) else "sha256"

    def read() -> ManifestRecord:
        if isinstance(reference, Digest) and Digest.of(found.content, algorithm) != reference:
            raise ImportFailed(
                Why.INVALID, f"what the source gives as `{reference}` has another digest"
            )
        return read_manifest(found.content, found.media_type, algorithm, may_be_sparse=False)

    try:
        return read() if len(found.content) <= _READ_ASIDE else await asyncio.to_thread(read)
    except (ManifestInvalid, ManifestTooLarge) as error:
        raise ImportFailed(
            Why.INVALID, f"the source's manifest `{reference}` is not accepted: {error}"
        ) from error
