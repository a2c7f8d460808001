"""Operations on manifests (distribution-spec 1.1, end-3, end-7, end-9, end-12)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pratique.access import Allowed
from pratique.naming import Digest, MediaType, Tag
from pratique.registry.content import PutManifest, Referrer, StoredManifest
from pratique.registry.documents import read_manifest
from pratique.registry.errors import DigestMismatch, ManifestUnknown, TagUnknown
from pratique.registry.locks import closed
from pratique.registry.ports import ManifestStore
from pratique.registry.records import ManifestRecord

# Reading a longer one takes the loop more than a millisecond.
_READ_ASIDE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Manifests:
    """Manifests of one repository at a time, the verdict's.

    Attributes:
        clock: the time now, with a time zone.
        accept_sparse: whether a manifest may lack some, though not all, of its layers or
            children. The official conformance programme demands it with `OCI_DATA_SPARSE`.
    """

    store: ManifestStore
    clock: Callable[[], datetime]
    accept_sparse: bool = True

    async def locate(self, allowed: Allowed, reference: Tag | Digest) -> StoredManifest:
        """The manifest under a tag or digest.

        Raises:
            ManifestUnknown: there is none.
            Locked: it, its tag or the repository is locked against being pulled.
        """
        repository = allowed.repository
        found = await self.store.find(repository, reference)
        if found is None:
            raise ManifestUnknown(repository, reference)
        if found.closed_by is not None:
            items = {"repository": None, "manifest": found.digest, "tag": reference}
            raise closed(repository, items[found.closed_by])
        return found

    async def put(
        self,
        allowed: Allowed,
        reference: Tag | Digest,
        media_type: MediaType | None,
        content: bytes,
        tags: tuple[Tag, ...] = (),
    ) -> PutManifest:
        """Store a manifest and move tags to it, all at once.

        Args:
            allowed: the verdict on a push to its repository.
            reference: a digest, which must be the content's, or a tag, which stores under sha256.
            media_type: the request's `Content-Type`; None takes the one inside.
            content: the body, byte for byte.
            tags: further tags, as given with a push by digest.

        Raises:
            ManifestInvalid, ManifestTooLarge: as they say.
            DigestMismatch: `reference` is not the content's digest.
            ManifestReferencesUnknown: blobs or manifests that it needs are not there.
            Locked: the repository, the manifest, a tag, or what a tag points to now is locked.
        """
        algorithm = reference.algorithm if isinstance(reference, Digest) else "sha256"

        def read() -> ManifestRecord:
            if isinstance(reference, Digest):
                actual = Digest.of(content, algorithm)
                if actual != reference:
                    raise DigestMismatch(reference, actual)
            return read_manifest(content, media_type, algorithm, may_be_sparse=self.accept_sparse)

        record = read() if len(content) <= _READ_ASIDE else await asyncio.to_thread(read)
        named = tags if isinstance(reference, Digest) else (reference, *tags)
        moved = tuple(dict.fromkeys(named))
        await self.store.put(allowed.repository, record, moved, self.clock())
        return PutManifest(record.digest, record.subject, moved)

    async def delete(self, allowed: Allowed, reference: Tag | Digest) -> None:
        """Delete a tag alone, or a manifest with all its tags.

        Raises:
            TagUnknown, ManifestUnknown: there is none.
            Locked: something that would go, or would miss it, is locked.
        """
        repository = allowed.repository
        if isinstance(reference, Digest):
            if not await self.store.delete(repository, reference, self.clock()):
                raise ManifestUnknown(repository, reference)
        elif not await self.store.untag(repository, reference, self.clock()):
            raise TagUnknown(repository, reference)

    async def referrers(
        self, allowed: Allowed, subject: Digest, artifact_type: str | None
    ) -> tuple[Referrer, ...]:
        """Manifests that refer to `subject`, of one artifact type or of all (None).

        Neither the subject nor the repository need exist.

        Raises:
            Locked: the repository is locked against being pulled from.
        """
        found = await self.store.referrers(allowed.repository, subject)
        if artifact_type is None:
            return found
        return tuple(r for r in found if r.artifact_type == artifact_type)
