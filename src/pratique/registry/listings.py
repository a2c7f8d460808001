"""Listings: tags, the catalog, and what is known of each (distribution-spec 1.1, end-8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from pratique.access import Allowed
from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry.content import (
    DeletedRepository,
    ManifestFacts,
    Page,
    RepositoryFacts,
    TagFacts,
)
from pratique.registry.errors import ManifestUnknown, RepositoryUnknown, TagUnknown
from pratique.registry.locks import LockChange
from pratique.registry.namespaces import HOME, Namespace
from pratique.registry.ports import Catalogue, Items
from pratique.registry.time_order import Order, Source, page_in_time

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listings:
    """Pages of `n` items at most, in the order of the names' bytes unless asked otherwise.

    A page begins strictly after `last`. What is locked against listing is in none, and found by its
    name alone.

    Attributes:
        space: the names of the registry that is listed.
    """

    catalogue: Catalogue
    items: Items
    space: Namespace = HOME

    async def tags(self, allowed: Allowed, n: int, last: str | None) -> Page[Tag]:
        """Names of the repository's tags.

        Raises:
            RepositoryUnknown: there is no such repository.
        """
        found = await self.catalogue.tags(allowed.repository, n + 1, last or "")
        if not found:
            await self.repository(allowed)
        return _page(found, n)

    async def catalog(self, _allowed: Allowed, n: int, last: str | None) -> Page[RepositoryName]:
        """Names of all repositories of the registry."""
        found = await self.catalogue.repositories(n + 1, self.space.after(last or ""))
        return _page(self.space.own(found), n)

    async def repository(self, allowed: Allowed) -> RepositoryFacts:
        """What is known of the repository.

        Raises:
            RepositoryUnknown: there is no such repository.
        """
        facts = await self.catalogue.repository(allowed.repository)
        if facts is None:
            raise RepositoryUnknown(allowed.repository)
        return facts

    async def tag(self, allowed: Allowed, tag: Tag) -> TagFacts:
        """What is known of a tag.

        Raises:
            TagUnknown: the repository has no such tag.
        """
        found = await self.items.tag(allowed.repository, tag)
        if found is None:
            raise TagUnknown(allowed.repository, tag)
        return found

    async def manifest(self, allowed: Allowed, digest: Digest) -> ManifestFacts:
        """What is known of a manifest.

        Raises:
            ManifestUnknown: the repository has no such manifest.
        """
        found = await self.items.manifest(allowed.repository, digest)
        if found is None:
            raise ManifestUnknown(allowed.repository, digest)
        return found

    async def tag_facts(
        self, allowed: Allowed, n: int, last: str | None, order: Order = Order.BY_NAME
    ) -> Page[TagFacts]:
        """What is known of the repository's tags.

        Raises:
            RepositoryUnknown: there is no such repository.
            TooManyToSort: by time, and there are too many.
        """
        if order is not Order.BY_NAME:
            await self.repository(allowed)
            source: Source[TagFacts] = Source(
                lambda limit, after: self.catalogue.tag_facts(allowed.repository, limit, after),
                lambda tag: tag.name,
                lambda tag: tag.updated_at,
            )
            return await page_in_time(source, n, last, order)
        found = await self.catalogue.tag_facts(allowed.repository, n + 1, last or "")
        if not found:
            await self.repository(allowed)
        return _page(found, n)

    async def manifest_facts(
        self, allowed: Allowed, n: int, last: str | None, order: Order = Order.BY_NAME
    ) -> Page[ManifestFacts]:
        """What is known of the repository's manifests; by name means by digest.

        Raises:
            RepositoryUnknown: there is no such repository.
            TooManyToSort: by time, and there are too many.
        """
        if order is not Order.BY_NAME:
            await self.repository(allowed)
            source: Source[ManifestFacts] = Source(
                lambda limit, after: self.catalogue.manifest_facts(
                    allowed.repository, limit, after
                ),
                lambda manifest: manifest.digest.text,
                lambda manifest: manifest.updated_at,
            )
            return await page_in_time(source, n, last, order)
        found = await self.catalogue.manifest_facts(allowed.repository, n + 1, last or "")
        if not found:
            await self.repository(allowed)
        return _page(found, n)

    async def delete_repository(self, allowed: Allowed) -> DeletedRepository:
        """Delete the repository with its manifests, tags and links.

        Raises:
            RepositoryUnknown: there is no such repository.
            Locked: it, or a tag or manifest of it, is locked against deletion.
        """
        deleted = await self.catalogue.delete_repository(allowed.repository)
        if deleted is None:
            raise RepositoryUnknown(allowed.repository)
        return deleted

    async def change_locks(
        self, allowed: Allowed, item: Tag | Digest | None, change: LockChange
    ) -> None:
        """Lock and unlock a tag, a manifest, or the repository itself (None).

        Raises:
            RepositoryUnknown, TagUnknown, ManifestUnknown: there is none.
        """
        repository = allowed.repository
        if await self.items.change_locks(repository, item, change):
            return
        if item is None:
            raise RepositoryUnknown(repository)
        if isinstance(item, Digest):
            raise ManifestUnknown(repository, item)
        raise TagUnknown(repository, item)


def _page(found: tuple[T, ...], n: int) -> Page[T]:
    # INVARIANT: one more than `n` was asked for. A page of nothing never promises more, or a
    # client would follow it for ever.
    return Page(found[:n], more=0 < n < len(found))
