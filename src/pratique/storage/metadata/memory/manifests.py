"""Manifests and tags in memory."""

from __future__ import annotations

from datetime import datetime

from pratique.naming import Digest, RepositoryName, Tag
from pratique.registry import ManifestRecord, Referrer, StoredManifest
from pratique.registry.locks import OPEN, Locks, closed
from pratique.storage.metadata.memory.locks import manifest_may_go, may_be_put, tag_may_go
from pratique.storage.metadata.memory.rows import ContentRows, ManifestRow, RepositoryRow, TagRow


class MemoryManifests:
    """The port `ManifestStore`."""

    def __init__(self, rows: ContentRows) -> None:
        self._rows = rows

    async def find(
        self, repository: RepositoryName, reference: Tag | Digest
    ) -> StoredManifest | None:
        """See the port."""
        held = self._rows.repositories.get(repository)
        if held is None:
            return None
        tag = None if isinstance(reference, Digest) else held.tags.get(reference)
        digest = reference if isinstance(reference, Digest) else tag.digest if tag else None
        row = None if digest is None else held.manifests.get(digest)
        if row is None:
            return None
        levels = (
            ("repository", held.locks),
            ("manifest", row.locks),
            ("tag", OPEN if tag is None else tag.locks),
        )
        closing = [name for name, locks in levels if Locks.READ in locks]
        record = row.record
        return StoredManifest(
            record.digest, record.media_type, record.content, next(iter(closing), None)
        )

    def moment(self) -> bytes | None:
        """See the port. Nobody counts the changes."""
        return None

    async def put(
        self,
        repository: RepositoryName,
        record: ManifestRecord,
        tags: tuple[Tag, ...],
        at: datetime,
    ) -> None:
        """See the port."""
        may_be_put(self._rows, repository, record.digest, tags)
        held = self._rows.repositories.get(repository) or RepositoryRow(at, at)
        links = self._rows.links.get(repository, {})
        known = {digest for digest in record.needed_blobs if digest in links}
        known |= {digest for digest in record.needed_manifests if digest in held.manifests}
        record.require(repository, known)
        self._rows.repositories[repository] = held
        held.updated_at = at
        before = held.manifests.get(record.digest)
        created = at if before is None else before.created_at
        locks = OPEN if before is None else before.locks
        held.manifests[record.digest] = ManifestRow(record, created, at, locks)
        for name in tags:
            tag = held.tags.get(name) or TagRow(record.digest, at, at)
            held.tags[name] = TagRow(record.digest, tag.created_at, at, tag.locks)

    async def delete(self, repository: RepositoryName, digest: Digest, at: datetime) -> bool:
        """See the port."""
        held = self._rows.repositories.get(repository)
        if held is None or digest not in held.manifests:
            return False
        manifest_may_go(self._rows, repository, digest)
        for name in [name for name, tag in held.tags.items() if tag.digest == digest]:
            del held.tags[name]
        del held.manifests[digest]
        held.updated_at = at
        return True

    async def untag(self, repository: RepositoryName, tag: Tag, at: datetime) -> bool:
        """See the port."""
        held = self._rows.repositories.get(repository)
        if held is None or tag not in held.tags:
            return False
        tag_may_go(self._rows, repository, tag)
        del held.tags[tag]
        held.updated_at = at
        return True

    async def referrers(self, repository: RepositoryName, subject: Digest) -> tuple[Referrer, ...]:
        """See the port."""
        held = self._rows.repositories.get(repository)
        if held is not None and Locks.READ in held.locks:
            raise closed(repository, None)
        rows = [] if held is None else held.manifests.values()
        found = [
            row for row in rows if row.record.subject == subject and Locks.LIST not in row.locks
        ]
        found.sort(key=lambda row: (row.created_at, row.record.digest.text))
        return tuple(
            Referrer(
                row.record.digest,
                row.record.media_type,
                len(row.record.content),
                row.record.referrer_type,
                row.record.annotations,
            )
            for row in found
        )
