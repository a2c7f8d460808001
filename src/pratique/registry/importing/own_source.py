"""A repository of this server as a source: nothing is sent, what is stored is linked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from pratique.access import Allowed
from pratique.naming import Digest, Tag
from pratique.registry.errors import ManifestUnknown
from pratique.registry.importing.source import ImportFailed, SourceManifest, Why
from pratique.registry.operations import Registry


@dataclass(frozen=True, slots=True)
class OwnSource:
    """Keeps the promises of `ImageSource`.

    Attributes:
        registry: in which the repository is.
        allowed: the verdict on a pull from it.
    """

    registry: Registry
    allowed: Allowed

    async def manifest(self, reference: Tag | Digest) -> SourceManifest:
        """A manifest."""
        try:
            found = await self.registry.manifests.locate(self.allowed, reference)
        except ManifestUnknown as unknown:
            raise ImportFailed(Why.NOT_FOUND, str(unknown)) from unknown
        return SourceManifest(found.content, found.media_type)

    async def hand_over(self, target: Registry, allowed: Allowed, digest: Digest) -> bool:
        """Link the blob in the target too."""
        if await target.blobs.mount_across(allowed, self.registry.blobs, self.allowed, digest):
            return True
        raise ImportFailed(
            Why.NOT_FOUND,
            f"the repository `{self.allowed.repository}` does not hold the blob `{digest}` that "
            "the image needs",
        )

    async def blob(self, digest: Digest, size: int) -> AsyncIterator[bytes]:
        """Never asked, since every blob is handed over.

        Raises:
            ImportFailed: whenever it is.
        """
        raise ImportFailed(Why.NOT_FOUND, f"the blob `{digest}` of {size} bytes was not linked")
        yield b""
