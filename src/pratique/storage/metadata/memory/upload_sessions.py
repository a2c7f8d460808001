"""Uploads and places of blobs in the memory of one process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pratique.naming import Digest, RepositoryName
from pratique.registry import StorageFailed, UploadBusy, UploadId, UploadUnknown
from pratique.registry.object_ports import BlobPlace, ObjectName, StoredChunk, Swept
from pratique.storage.metadata.memory.rows import ContentRows


@dataclass(slots=True)
class _Session:
    repository: RepositoryName
    written_at: datetime
    chunks: list[StoredChunk] = field(default_factory=list)
    holder: str | None = None
    held_until: datetime | None = None

    def is_held(self, at: datetime) -> bool:
        return self.holder is not None and self.held_until is not None and self.held_until > at


class MemoryUploadSessions:
    """The ports `UploadSessions` and `BlobPlaces`.

    Args:
        rows: the links of the same registry.
    """

    def __init__(self, rows: ContentRows) -> None:
        self._rows = rows
        self._sessions: dict[str, _Session] = {}
        self._places: dict[Digest, BlobPlace] = {}

    async def create(self, repository: RepositoryName, upload_id: UploadId, at: datetime) -> None:
        """See the port."""
        if upload_id in self._sessions:
            raise StorageFailed(f"the upload id {upload_id} was used before")
        self._sessions[upload_id] = _Session(repository, at)

    async def received(self, repository: RepositoryName, upload_id: UploadId) -> int:
        """See the port."""
        return sum(chunk.size for chunk in self._known(repository, upload_id).chunks)

    async def take(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        holder: str,
        at: datetime,
        until: datetime,
    ) -> tuple[StoredChunk, ...]:
        """See the port."""
        session = self._known(repository, upload_id)
        if session.holder != holder and session.is_held(at):
            raise UploadBusy(repository)
        session.holder, session.held_until = holder, until
        return tuple(session.chunks)

    async def let_go(
        self, upload_id: UploadId, holder: str, chunk: StoredChunk | None, at: datetime
    ) -> bool:
        """See the port."""
        session = self._held(upload_id, holder)
        if session is None:
            return False
        session.holder = None
        if chunk is not None:
            session.chunks.append(chunk)
            session.written_at = at
        return True

    async def become(
        self, upload_id: UploadId, holder: str, place: BlobPlace, distrusted: ObjectName | None
    ) -> BlobPlace | None:
        """See the port."""
        if self._held(upload_id, holder) is None:
            return None
        del self._sessions[upload_id]
        there = self._places.get(place.digest)
        if there is not None and there.name != distrusted:
            place = replace(there, placed_at=place.placed_at)
        self._places[place.digest] = place
        return place

    async def discard(self, upload_id: UploadId, holder: str) -> bool:
        """See the port."""
        if self._held(upload_id, holder) is None:
            return False
        del self._sessions[upload_id]
        return True

    async def sweep(self, idle_since: datetime, at: datetime, limit: int) -> Swept:
        """See the port."""
        idle = [
            upload_id
            for upload_id, session in self._sessions.items()
            if session.written_at < idle_since and not session.is_held(at)
        ][:limit]
        gone = [self._sessions.pop(upload_id) for upload_id in idle]
        return Swept(len(gone), tuple(chunk.name for each in gone for chunk in each.chunks))

    async def find(self, digest: Digest) -> BlobPlace | None:
        """See the port."""
        return self._places.get(digest)

    async def after(self, last: str, limit: int) -> tuple[BlobPlace, ...]:
        """See the port."""
        beyond = sorted((each for each in self._places if each.text > last), key=str)
        return tuple(self._places[digest] for digest in beyond[:limit])

    async def note(self, place: BlobPlace) -> bool:
        """See the port."""
        return self._places.setdefault(place.digest, place) is place

    async def forget(self, place: BlobPlace) -> None:
        """See the port."""
        there = self._places.get(place.digest)
        if there is not None and there.name == place.name:
            del self._places[place.digest]

    async def drop_unlinked(self, digest: Digest, before: datetime) -> BlobPlace | None:
        """See the port."""
        place = self._places.get(digest)
        if place is None or place.placed_at >= before:
            return None
        if any(digest in links for links in self._rows.links.values()):
            return None
        return self._places.pop(digest)

    async def strays(self, names: Sequence[ObjectName]) -> tuple[ObjectName, ...]:
        """See the port."""
        held = {place.name for place in self._places.values()}
        return tuple(n for n in names if n.upload not in self._sessions and n not in held)

    def _known(self, repository: RepositoryName, upload_id: UploadId) -> _Session:
        session = self._sessions.get(upload_id)
        if session is None or session.repository != repository:
            raise UploadUnknown(repository)
        return session

    def _held(self, upload_id: UploadId, holder: str) -> _Session | None:
        session = self._sessions.get(upload_id)
        return session if session is not None and session.holder == holder else None
