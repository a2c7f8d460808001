"""Operations on blobs (distribution-spec 1.1, end-2, end-10, end-11).

A blob is reachable only through a repository that links it: knowing a digest gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pratique.access import Allowed
from pratique.naming import Digest, RepositoryName
from pratique.registry.content import StoredBlob
from pratique.registry.errors import BlobUnknown, StorageFull
from pratique.registry.namespaces import HOME, Namespace
from pratique.registry.ports import BlobContents, BlobLinks

# A blob that is asked about all day costs a write an hour; collection waits so much longer.
RENEWED_AFTER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Blobs:
    """Blobs of one repository at a time, the verdict's.

    Attributes:
        clock: the time now, with a time zone.
        space: the names of the registry that they are of.
        across: links of all registries, by names as they are stored.
    """

    links: BlobLinks
    contents: BlobContents
    clock: Callable[[], datetime]
    across: BlobLinks
    space: Namespace = HOME

    async def locate(self, allowed: Allowed, digest: Digest) -> StoredBlob:
        """The blob, if this repository links it.

        Raises:
            BlobUnknown: it does not.
            Locked: it does, but is locked against being pulled from.
            StorageFailed: it does, but the bytes are gone or damaged.
        """
        size = await self.links.size_to_read(allowed.repository, digest)
        return await self._stored(allowed, digest, size)

    async def confirm(self, allowed: Allowed, digest: Digest) -> StoredBlob:
        """The blob, for a client that may rely on it in a push to come.

        The link counts as young again, so that collection leaves it alone meanwhile. A lock
        against being pulled from is none against being pushed to.

        Raises:
            BlobUnknown, StorageFailed: as `locate`.
        """
        now = self.clock()
        # Where nothing can be written, nothing can be pushed; reading goes on.
        with suppress(StorageFull):
            known = await self.links.renew(allowed.repository, digest, now, now - RENEWED_AFTER)
            if not known:
                raise BlobUnknown(allowed.repository, digest)
        size = await self.links.size(allowed.repository, digest)
        return await self._stored(allowed, digest, size)

    async def delete(self, allowed: Allowed, digest: Digest) -> None:
        """Unlink the blob from this repository; other repositories keep it.

        Raises:
            BlobUnknown: this repository does not link it.
            Locked: the repository, or a manifest or tag that needs it, is locked.
        """
        if not await self.links.unlink(allowed.repository, digest):
            raise BlobUnknown(allowed.repository, digest)

    async def mount(self, target: Allowed, source: Allowed, digest: Digest) -> bool:
        """Link a blob of `source` in `target` too; False when `source` does not link it.

        Args:
            target: the verdict on a push there.
            source: the verdict on a pull from there.
            digest: of the blob.

        Raises:
            Locked: the target is locked against being pushed to.
        """
        return await self.links.mount(target.repository, source.repository, digest, self.clock())

    async def mount_across(
        self, target: Allowed, source_blobs: Blobs, source: Allowed, digest: Digest
    ) -> bool:
        """Link a blob of a repository of another registry of this server, or of this one.

        Args:
            target: the verdict on a push to a repository of this registry.
            source_blobs: the blobs of the registry where `source` is.
            source: the verdict on a pull from there.
            digest: of the blob.

        Returns:
            False when `source` does not link it.
        """
        return await self.across.mount(
            self.space.stored(target.repository),
            source_blobs.space.stored(source.repository),
            digest,
            self.clock(),
        )

    async def holders(self, digest: Digest, limit: int) -> tuple[RepositoryName, ...]:
        """Repositories of this registry that a mount without a source could draw on.

        They are `limit` at most.

        The caller must ask for a verdict on each before it mounts, and must not tell the names.
        """
        return self.space.own(await self.links.holders(digest, limit, self.space.after("")))

    async def _stored(self, allowed: Allowed, digest: Digest, size: int | None) -> StoredBlob:
        if size is None:
            raise BlobUnknown(allowed.repository, digest)
        return await self.contents.locate(digest, size)
