"""Listings from memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import DeletedRepository, ManifestFacts, RepositoryFacts, TagFacts
from pratique.registry.locks import Locks
from pratique.storage.metadata.memory.facts import manifest_facts, tag_facts
from pratique.storage.metadata.memory.locks import repository_may_go
from pratique.storage.metadata.memory.rows import ContentRows, ManifestRow, RepositoryRow, TagRow

N = TypeVar("N", bound=str)
K = TypeVar("K")
R = TypeVar("R", RepositoryRow, ManifestRow, TagRow)


class MemoryCatalogue:
    """The port `Catalogue`."""

    def __init__(self, rows: ContentRows) -> None:
        self._rows = rows

    async def tags(self, repository: RepositoryName, limit: int, last: str) -> tuple[Tag, ...]:
        """See the port."""
        held = self._rows.repositories.get(repository)
        return () if held is None else _after(_listed(held.tags), limit, last)

    async def repositories(self, limit: int, last: str) -> tuple[RepositoryName, ...]:
        """See the port."""
        return _after(_listed(self._rows.repositories), limit, last)

    async def repository(self, repository: RepositoryName) -> RepositoryFacts | None:
        """See the port."""
        held = self._rows.repositories.get(repository)
        if held is None:
            return None
        return RepositoryFacts(
            repository,
            held.created_at,
            held.updated_at,
            len(held.manifests),
            len(held.tags),
            held.locks,
        )

    async def tag_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[TagFacts, ...]:
        """See the port."""
        held = self._rows.repositories.get(repository)
        if held is None:
            return ()
        return tuple(
            tag_facts(name, held.tags[name]) for name in _after(_listed(held.tags), limit, last)
        )

    async def manifest_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[ManifestFacts, ...]:
        """See the port."""
        held = self._rows.repositories.get(repository)
        if held is None:
            return ()
        by_text = {digest.text: row for digest, row in _listed(held.manifests).items()}
        return tuple(manifest_facts(held, by_text[text]) for text in _after(by_text, limit, last))

    async def delete_repository(self, repository: RepositoryName) -> DeletedRepository | None:
        """See the port."""
        held = self._rows.repositories.get(repository)
        if held is None:
            return None
        repository_may_go(repository, held)
        del self._rows.repositories[repository]
        self._rows.links.pop(repository, None)
        digests: list[Digest] = sorted(held.manifests, key=lambda digest: digest.text)
        return DeletedRepository(tuple(digests), tuple(sorted(held.tags)))


def _after(names: Iterable[N], limit: int, last: str) -> tuple[N, ...]:
    return tuple(sorted(name for name in names if name > last)[:limit])


def _listed(rows: Mapping[K, R]) -> dict[K, R]:
    return {key: row for key, row in rows.items() if Locks.LIST not in row.locks}
