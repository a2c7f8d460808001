"""Listings: tags, the catalog, and what is known of each (distribution-spec 1.1, end-8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from pratique.access import Allowed
from pratique.naming import RepositoryName, Tag
from pratique.registry.content import (
    DeletedRepository,
    ManifestFacts,
    Page,
    RepositoryFacts,
    TagFacts,
)
from pratique.registry.errors import RepositoryUnknown
from pratique.registry.ports import Catalogue

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listings:
    """Pages of `n` items at most, in the order of the names' bytes, strictly after `last`."""

    catalogue: Catalogue

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
        """Names of all repositories."""
        return _page(await self.catalogue.repositories(n + 1, last or ""), n)

    async def repository(self, allowed: Allowed) -> RepositoryFacts:
        """What is known of the repository.

        Raises:
            RepositoryUnknown: there is no such repository.
        """
        facts = await self.catalogue.repository(allowed.repository)
        if facts is None:
            raise RepositoryUnknown(allowed.repository)
        return facts

    async def tag_facts(self, allowed: Allowed, n: int, last: str | None) -> Page[TagFacts]:
        """What is known of the repository's tags, by name.

        Raises:
            RepositoryUnknown: there is no such repository.
        """
        found = await self.catalogue.tag_facts(allowed.repository, n + 1, last or "")
        if not found:
            await self.repository(allowed)
        return _page(found, n)

    async def manifest_facts(
        self, allowed: Allowed, n: int, last: str | None
    ) -> Page[ManifestFacts]:
        """What is known of the repository's manifests, by digest.

        Raises:
            RepositoryUnknown: there is no such repository.
        """
        found = await self.catalogue.manifest_facts(allowed.repository, n + 1, last or "")
        if not found:
            await self.repository(allowed)
        return _page(found, n)

    async def delete_repository(self, allowed: Allowed) -> DeletedRepository:
        """Delete the repository with its manifests, tags and links.

        Raises:
            RepositoryUnknown: there is no such repository.
        """
        deleted = await self.catalogue.delete_repository(allowed.repository)
        if deleted is None:
            raise RepositoryUnknown(allowed.repository)
        return deleted


def _page(found: tuple[T, ...], n: int) -> Page[T]:
    # INVARIANT: one more than `n` was asked for. A page of nothing never promises more, or a
    # client would follow it for ever.
    return Page(found[:n], more=0 < n < len(found))
