"""Links between repositories and blobs in memory."""

from __future__ import annotations

from datetime import datetime

from pratique.naming import Digest, RepositoryName
from pratique.storage.metadata.memory.rows import ContentRows, LinkRow


class MemoryBlobLinks:
    """The port `BlobLinks`."""

    def __init__(self, rows: ContentRows) -> None:
        self._links = rows.links

    async def size(self, repository: RepositoryName, digest: Digest) -> int | None:
        """See the port."""
        link = self._links.get(repository, {}).get(digest)
        return None if link is None else link.size

    async def link(
        self, repository: RepositoryName, digest: Digest, size: int, at: datetime
    ) -> None:
        """See the port."""
        self._links.setdefault(repository, {})[digest] = LinkRow(size, at)

    async def unlink(self, repository: RepositoryName, digest: Digest) -> bool:
        """See the port."""
        return self._links.get(repository, {}).pop(digest, None) is not None

    async def renew(
        self, repository: RepositoryName, digest: Digest, at: datetime, older_than: datetime
    ) -> bool:
        """See the port."""
        link = self._links.get(repository, {}).get(digest)
        if link is not None and link.linked_at < older_than:
            link.linked_at = at
        return link is not None

    async def mount(
        self, target: RepositoryName, source: RepositoryName, digest: Digest, at: datetime
    ) -> bool:
        """See the port."""
        size = await self.size(source, digest)
        if size is None:
            return False
        await self.link(target, digest, size, at)
        return True

    async def holders(
        self, digest: Digest, limit: int, after: str = ""
    ) -> tuple[RepositoryName, ...]:
        """See the port."""
        holding = (name for name, held in self._links.items() if digest in held)
        return tuple(sorted(name for name in holding if name > after)[:limit])
