"""Single items and their locks in memory."""

from __future__ import annotations

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import ManifestFacts, TagFacts
from pratique.registry.locks import LockChange, Locks
from pratique.storage.metadata.memory.facts import manifest_facts, tag_facts
from pratique.storage.metadata.memory.rows import ContentRows, ManifestRow, RepositoryRow, TagRow


class MemoryItems:
    """The port `Items`."""

    def __init__(self, rows: ContentRows) -> None:
        self._rows = rows

    async def tag(self, repository: RepositoryName, tag: Tag) -> TagFacts | None:
        """See the port."""
        held = self._rows.repositories.get(repository)
        return tag_facts(tag, held.tags[tag]) if held and tag in held.tags else None

    async def manifest(self, repository: RepositoryName, digest: Digest) -> ManifestFacts | None:
        """See the port."""
        held = self._rows.repositories.get(repository)
        row = held.manifests.get(digest) if held else None
        return manifest_facts(held, row) if held and row else None

    async def locks(self, repository: RepositoryName) -> Locks:
        """See the port."""
        return self._rows.locks(repository)

    async def change_locks(
        self, repository: RepositoryName, item: Tag | Digest | None, change: LockChange
    ) -> bool:
        """See the port."""
        held = self._rows.repositories.get(repository)
        row: RepositoryRow | ManifestRow | TagRow | None
        if held is None or item is None:
            row = held
        elif isinstance(item, Digest):
            row = held.manifests.get(item)
        else:
            row = held.tags.get(item)
        if row is None:
            return False
        row.locks = change.of(row.locks)
        return True
