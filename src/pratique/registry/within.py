"""The ports as a further registry meets them: each repository under its name in the stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry.content import (
    DeletedRepository,
    ManifestFacts,
    Referrer,
    RepositoryFacts,
    StoredManifest,
    TagFacts,
    UploadId,
)
from pratique.registry.locks import LockChange, Locks
from pratique.registry.namespaces import Namespace
from pratique.registry.ports import BlobLinks, Catalogue, Items, ManifestStore, UploadArea
from pratique.registry.records import ManifestRecord


@dataclass(frozen=True, slots=True)
class ManifestsWithin:
    """The port `ManifestStore`."""

    store: ManifestStore
    space: Namespace

    async def find(
        self, repository: RepositoryName, reference: Tag | Digest
    ) -> StoredManifest | None:
        """See the port."""
        return await self.store.find(self.space.stored(repository), reference)

    def moment(self) -> bytes | None:
        """See the port."""
        return self.store.moment()

    async def put(
        self,
        repository: RepositoryName,
        record: ManifestRecord,
        tags: tuple[Tag, ...],
        at: datetime,
    ) -> None:
        """See the port."""
        await self.store.put(self.space.stored(repository), record, tags, at)

    async def delete(self, repository: RepositoryName, digest: Digest, at: datetime) -> bool:
        """See the port."""
        return await self.store.delete(self.space.stored(repository), digest, at)

    async def untag(self, repository: RepositoryName, tag: Tag, at: datetime) -> bool:
        """See the port."""
        return await self.store.untag(self.space.stored(repository), tag, at)

    async def referrers(self, repository: RepositoryName, subject: Digest) -> tuple[Referrer, ...]:
        """See the port."""
        return await self.store.referrers(self.space.stored(repository), subject)


@dataclass(frozen=True, slots=True)
class LinksWithin:
    """The port `BlobLinks`; `holders` gives names as they are stored, of all registries."""

    store: BlobLinks
    space: Namespace

    async def size(self, repository: RepositoryName, digest: Digest) -> int | None:
        """See the port."""
        return await self.store.size(self.space.stored(repository), digest)

    async def size_to_read(self, repository: RepositoryName, digest: Digest) -> int | None:
        """See the port."""
        return await self.store.size_to_read(self.space.stored(repository), digest)

    async def link(
        self, repository: RepositoryName, digest: Digest, size: int, at: datetime
    ) -> None:
        """See the port."""
        await self.store.link(self.space.stored(repository), digest, size, at)

    async def unlink(self, repository: RepositoryName, digest: Digest) -> bool:
        """See the port."""
        return await self.store.unlink(self.space.stored(repository), digest)

    async def renew(
        self, repository: RepositoryName, digest: Digest, at: datetime, older_than: datetime
    ) -> bool:
        """See the port."""
        return await self.store.renew(self.space.stored(repository), digest, at, older_than)

    async def mount(
        self, target: RepositoryName, source: RepositoryName, digest: Digest, at: datetime
    ) -> bool:
        """See the port."""
        stored = self.space.stored
        return await self.store.mount(stored(target), stored(source), digest, at)

    async def holders(
        self, digest: Digest, limit: int, after: str = ""
    ) -> tuple[RepositoryName, ...]:
        """See the port."""
        return await self.store.holders(digest, limit, after)


@dataclass(frozen=True, slots=True)
class AreaWithin:
    """The port `UploadArea`."""

    area: UploadArea
    space: Namespace

    async def create(self, repository: RepositoryName, upload_id: UploadId) -> None:
        """See the port."""
        await self.area.create(self.space.stored(repository), upload_id)

    async def offset(self, repository: RepositoryName, upload_id: UploadId) -> int:
        """See the port."""
        return await self.area.offset(self.space.stored(repository), upload_id)

    async def append(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        body: AsyncIterator[bytes],
        start: int | None,
        length: int | None,
    ) -> int:
        """See the port."""
        stored = self.space.stored(repository)
        return await self.area.append(stored, upload_id, body, start, length)

    async def finish(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        digest: Digest,
        body: AsyncIterator[bytes] | None,
        start: int | None,
        length: int | None,
    ) -> int:
        """See the port."""
        stored = self.space.stored(repository)
        return await self.area.finish(stored, upload_id, digest, body, start, length)

    async def discard(self, repository: RepositoryName, upload_id: UploadId) -> None:
        """See the port."""
        await self.area.discard(self.space.stored(repository), upload_id)

    async def sweep(self, idle_since: datetime) -> int:
        """See the port; the uploads of all registries."""
        return await self.area.sweep(idle_since)


@dataclass(frozen=True, slots=True)
class ItemsWithin:
    """The port `Items`."""

    store: Items
    space: Namespace

    async def tag(self, repository: RepositoryName, tag: Tag) -> TagFacts | None:
        """See the port."""
        return await self.store.tag(self.space.stored(repository), tag)

    async def manifest(self, repository: RepositoryName, digest: Digest) -> ManifestFacts | None:
        """See the port."""
        return await self.store.manifest(self.space.stored(repository), digest)

    async def locks(self, repository: RepositoryName) -> Locks:
        """See the port."""
        return await self.store.locks(self.space.stored(repository))

    async def change_locks(
        self, repository: RepositoryName, item: Tag | Digest | None, change: LockChange
    ) -> bool:
        """See the port."""
        return await self.store.change_locks(self.space.stored(repository), item, change)


@dataclass(frozen=True, slots=True)
class CatalogueWithin:
    """The port `Catalogue`; `repositories` gives names as they are stored, of all registries."""

    store: Catalogue
    space: Namespace

    async def tags(self, repository: RepositoryName, limit: int, last: str) -> tuple[Tag, ...]:
        """See the port."""
        return await self.store.tags(self.space.stored(repository), limit, last)

    async def repositories(self, limit: int, last: str) -> tuple[RepositoryName, ...]:
        """See the port."""
        return await self.store.repositories(limit, last)

    async def repository(self, repository: RepositoryName) -> RepositoryFacts | None:
        """See the port."""
        facts = await self.store.repository(self.space.stored(repository))
        return None if facts is None else replace(facts, name=repository)

    async def tag_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[TagFacts, ...]:
        """See the port."""
        return await self.store.tag_facts(self.space.stored(repository), limit, last)

    async def manifest_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[ManifestFacts, ...]:
        """See the port."""
        return await self.store.manifest_facts(self.space.stored(repository), limit, last)

    async def delete_repository(self, repository: RepositoryName) -> DeletedRepository | None:
        """See the port."""
        return await self.store.delete_repository(self.space.stored(repository))
