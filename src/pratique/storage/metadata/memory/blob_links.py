"""Links between repositories and blobs in memory."""

from __future__ import annotations

from datetime import datetime

from pratique.naming import Digest, RepositoryName
from pratique.registry.locks import Locks, closed, refuse_push
from pratique.storage.metadata.memory.locks import link_may_go
from pratique.storage.metadata.memory.rows import ContentRows, LinkRow


class MemoryBlobLinks:
    """The port `BlobLinks`."""

    def __init__(self, rows: ContentRows) -> None:
        self._rows = rows
        self._links = rows.links

    async def size(self, repository: RepositoryName, digest: Digest) -> int | None:
        """See the port."""
        link = self._links.get(repository, {}).get(digest)
        return None if link is None else link.size

    async def size_to_read(self, repository: RepositoryName, digest: Digest) -> int | None:
        """See the port."""
        size = await self.size(repository, digest)
        if size is not None and Locks.READ in self._rows.locks(repository):
            raise closed(repository, None)
        return size

    async def link(
        self, repository: RepositoryName, digest: Digest, size: int, at: datetime
    ) -> None:
        """See the port."""
        refuse_push(repository, self._rows.locks(repository))
        self._links.setdefault(repository, {})[digest] = LinkRow(size, at)

    async def unlink(self, repository: RepositoryName, digest: Digest) -> bool:
        """See the port."""
        links = self._links.get(repository, {})
        if digest not in links:
            return False
        link_may_go(self._rows, repository, digest)
        del links[digest]
        return True

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
        refuse_push(target, self._rows.locks(target))
        size = await self.size(source, digest)
        if size is None or Locks.READ in self._rows.locks(source):
            return False
        await self.link(target, digest, size, at)
        return True

    async def holders(
        self, digest: Digest, limit: int, after: str = ""
    ) -> tuple[RepositoryName, ...]:
        """See the port."""
        holding = (name for name, held in self._links.items() if digest in held)
        return tuple(sorted(name for name in holding if name > after)[:limit])
