"""Rows in memory that nothing leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from pratique.naming import Digest, RepositoryName
from pratique.registry.content import Found, LinkPlace, ManifestPlace
from pratique.registry.locks import AGAINST_DELETION
from pratique.storage.metadata.memory.rows import ContentRows

P = TypeVar("P", LinkPlace, ManifestPlace)
_BLOB_KINDS = frozenset({"config", "layer"})


class MemoryLeftovers:
    """The ports `Leftovers` and `Remains`."""

    def __init__(self, rows: ContentRows) -> None:
        self._rows = rows

    async def unneeded_links(
        self, before: datetime, after: LinkPlace | None, limit: int
    ) -> Found[LinkPlace]:
        """See the port."""
        every = [
            LinkPlace(name, digest) for name, held in self._rows.links.items() for digest in held
        ]
        seen = _following(every, after, limit)
        places = tuple(place for place in seen if self._link_may_go(place, before))
        return Found(places, seen[-1] if len(seen) == limit else None)

    async def drop_links(self, places: Sequence[LinkPlace], before: datetime) -> int:
        """See the port."""
        going = [place for place in places if self._link_may_go(place, before)]
        for place in going:
            del self._rows.links[place.repository][place.digest]
        return len(going)

    async def unneeded_manifests(
        self, before: datetime, after: ManifestPlace | None, limit: int
    ) -> Found[ManifestPlace]:
        """See the port."""
        every = [
            ManifestPlace(name, digest)
            for name, row in self._rows.repositories.items()
            for digest in row.manifests
        ]
        seen = _following(every, after, limit)
        places = tuple(place for place in seen if self._manifest_may_go(place, before))
        return Found(places, seen[-1] if len(seen) == limit else None)

    async def drop_manifests(
        self, places: Sequence[ManifestPlace], before: datetime, at: datetime
    ) -> int:
        """See the port."""
        gone = 0
        for place in places:
            if self._manifest_may_go(place, before):
                row = self._rows.repositories[place.repository]
                del row.manifests[place.digest]
                row.updated_at = at
                gone += 1
        return gone

    async def repositories(self, limit: int, last: str) -> tuple[RepositoryName, ...]:
        """See the port."""
        return tuple(sorted(name for name in self._rows.repositories if name > last)[:limit])

    async def drop_part(self, repository: RepositoryName, limit: int) -> int:
        """See the port."""
        row, held = self._rows.repositories.get(repository), self._rows.links.get(repository, {})
        if row is not None and row.manifests:
            going = sorted(row.manifests, key=lambda digest: digest.text)[:limit]
            for digest in going:
                del row.manifests[digest]
            row.tags = {n: tag for n, tag in row.tags.items() if tag.digest in row.manifests}
            return len(going)
        if held:
            links = sorted(held, key=lambda digest: digest.text)[:limit]
            for digest in links:
                del held[digest]
            return len(links)
        return 0 if self._rows.repositories.pop(repository, None) is None else 1

    async def unlinked(self, digests: Sequence[Digest]) -> tuple[Digest, ...]:
        """See the port."""
        return tuple(digest for digest in digests if not self._is_linked(digest))

    async def forget_unlinked(
        self, digest: Digest, throw_away: Callable[[], int | None]
    ) -> int | None:
        """See the port."""
        return None if self._is_linked(digest) else throw_away()

    def _is_linked(self, digest: Digest) -> bool:
        return any(digest in held for held in self._rows.links.values())

    def _link_may_go(self, place: LinkPlace, before: datetime) -> bool:
        link = self._rows.links.get(place.repository, {}).get(place.digest)
        if link is None or link.linked_at >= before:
            return False
        return not any(
            kind in _BLOB_KINDS and target == place.digest
            for _, kind, target in self._references(place.repository)
        )

    def _manifest_may_go(self, place: ManifestPlace, before: datetime) -> bool:
        repository = self._rows.repositories.get(place.repository)
        manifest = repository.manifests.get(place.digest) if repository else None
        if repository is None or manifest is None or manifest.updated_at >= before:
            return False
        if AGAINST_DELETION & (repository.locks | manifest.locks):
            return False
        if any(tag.digest == place.digest for tag in repository.tags.values()):
            return False
        return not any(
            (kind == "child" and target == place.digest)
            or (kind == "subject" and source == place.digest and target in repository.manifests)
            for source, kind, target in self._references(place.repository)
        )

    def _references(self, name: RepositoryName) -> Iterator[tuple[Digest, str, Digest]]:
        repository = self._rows.repositories.get(name)
        for digest, row in repository.manifests.items() if repository else ():
            for reference in row.record.references:
                yield digest, reference.kind, reference.digest


def _following(every: list[P], after: P | None, limit: int) -> list[P]:
    beyond = [place for place in every if after is None or _order(place) > _order(after)]
    return sorted(beyond, key=_order)[:limit]


def _order(place: LinkPlace | ManifestPlace) -> tuple[str, str]:
    return str(place.repository), place.digest.text
