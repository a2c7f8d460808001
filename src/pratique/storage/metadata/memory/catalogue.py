"""Listings from memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import DeletedRepository, ManifestFacts, RepositoryFacts, TagFacts
from pratique.storage.metadata.memory.rows import ContentRows, ManifestRow, RepositoryRow

N = TypeVar("N", bound=str)


class MemoryCatalogue:
    """The port `Catalogue`."""

    def __init__(self, rows: ContentRows) -> None:
        self._rows = rows

    async def tags(self, repository: RepositoryName, limit: int, last: str) -> tuple[Tag, ...]:
        """See the port."""
        held = self._rows.repositories.get(repository)
        return () if held is None else _after(held.tags, limit, last)

    async def repositories(self, limit: int, last: str) -> tuple[RepositoryName, ...]:
        """See the port."""
        return _after(self._rows.repositories, limit, last)

    async def repository(self, repository: RepositoryName) -> RepositoryFacts | None:
        """See the port."""
        held = self._rows.repositories.get(repository)
        if held is None:
            return None
        return RepositoryFacts(
            repository, held.created_at, held.updated_at, len(held.manifests), len(held.tags)
        )

    async def tag_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[TagFacts, ...]:
        """See the port."""
        held = self._rows.repositories.get(repository)
        if held is None:
            return ()
        return tuple(
            TagFacts(
                name, held.tags[name].digest, held.tags[name].created_at, held.tags[name].updated_at
            )
            for name in _after(held.tags, limit, last)
        )

    async def manifest_facts(
        self, repository: RepositoryName, limit: int, last: str
    ) -> tuple[ManifestFacts, ...]:
        """See the port."""
        held = self._rows.repositories.get(repository)
        if held is None:
            return ()
        by_text = {digest.text: row for digest, row in held.manifests.items()}
        return tuple(_facts(held, by_text[text]) for text in _after(by_text, limit, last))

    async def delete_repository(self, repository: RepositoryName) -> DeletedRepository | None:
        """See the port."""
        held = self._rows.repositories.pop(repository, None)
        if held is None:
            return None
        self._rows.links.pop(repository, None)
        digests: list[Digest] = sorted(held.manifests, key=lambda digest: digest.text)
        return DeletedRepository(tuple(digests), tuple(sorted(held.tags)))


def _after(names: Iterable[N], limit: int, last: str) -> tuple[N, ...]:
    return tuple(sorted(name for name in names if name > last)[:limit])


def _facts(held: RepositoryRow, row: ManifestRow) -> ManifestFacts:
    record = row.record
    return ManifestFacts(
        record.digest,
        record.media_type,
        record.artifact_type,
        record.config_media_type,
        record.image_size,
        row.created_at,
        row.updated_at,
        tuple(sorted(name for name, tag in held.tags.items() if tag.digest == record.digest)),
    )
