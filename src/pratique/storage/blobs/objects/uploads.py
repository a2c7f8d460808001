"""Uploads into a bucket; the requests of one upload may land on different nodes.

Each chunk is an object of its own. An upload of one chunk becomes a blob by a row that says so;
only several chunks are read again, to make one object of them. Nothing counts before its row is
written, and a row is written only by whoever still holds the upload.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from pratique.naming import Digest, RepositoryName
from pratique.naming.digests import Hasher, new_hasher
from pratique.registry import (
    DigestMismatch,
    RangeOutOfOrder,
    StorageFailed,
    UploadId,
)
from pratique.registry.object_ports import (
    BlobPlace,
    BlobPlaces,
    ObjectName,
    StoredChunk,
    UploadSessions,
)
from pratique.storage.blobs.objects.bucket import Bucket
from pratique.storage.blobs.objects.finishing import to_the_end
from pratique.storage.blobs.objects.leases import Lease
from pratique.storage.blobs.objects.sending import Sender

CHUNKS: Final = 10_000
SWEPT_AT_ONCE: Final = 200
_USUAL_ALGORITHM: Final = "sha256"


class ObjectUploads:
    """The port `UploadArea`. Make it after a fork, never before.

    Args:
        bucket: where the objects are.
        sessions: how far each upload has come.
        places: which object holds what.
        clock: the time now, with a time zone.
        new_id: a fresh id, never given before.
        folder: for files without a name, of at most three parts per upload; None for the
            system's.
    """

    def __init__(
        self,
        bucket: Bucket,
        sessions: UploadSessions,
        places: BlobPlaces,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        folder: Path | None = None,
    ) -> None:
        self._bucket = bucket
        self._sessions = sessions
        self._places = places
        self._clock = clock
        self._new_id = new_id
        self._sender = Sender(bucket, folder)

    def close(self) -> None:
        """End the threads, after what they are at."""
        self._sender.close()

    async def create(self, repository: RepositoryName, upload_id: UploadId) -> None:
        """See the port."""
        await self._sessions.create(repository, upload_id, self._clock())

    async def offset(self, repository: RepositoryName, upload_id: UploadId) -> int:
        """See the port."""
        return await self._sessions.received(repository, upload_id)

    async def append(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        body: AsyncIterator[bytes],
        start: int | None,
        length: int | None,
    ) -> int:
        """See the port."""
        async with self._held(repository, upload_id) as lease:
            offset = _checked_offset(lease, start)
            if len(lease.chunks) >= CHUNKS:
                raise StorageFailed(f"an upload of more than {CHUNKS} chunks was given up")
            hasher = new_hasher(_USUAL_ALGORITHM)
            async with self._new_object(lease) as name:
                size = await self._sender.send(name, body, length, hasher)
            if size:
                digest = Digest.from_hasher(_USUAL_ALGORITHM, hasher)
                await lease.count(StoredChunk(name, size, digest))
            return offset + size

    async def finish(
        self,
        repository: RepositoryName,
        upload_id: UploadId,
        digest: Digest,
        body: AsyncIterator[bytes] | None,
        start: int | None,
        length: int | None,
    ) -> int:
        """See the port."""
        async with self._held(repository, upload_id) as lease:
            _checked_offset(lease, start)
            async with self._new_object(lease) as last, self._new_object(lease) as whole:
                chunks, hasher = list(lease.chunks), new_hasher(digest.algorithm)
                if body is not None:
                    size = await self._sender.send(last, body, length, hasher)
                    if size:
                        actual = Digest.from_hasher(digest.algorithm, hasher)
                        chunks.append(StoredChunk(last, size, actual))
                made = await self._one_of(chunks, whole, digest.algorithm)
            if made.digest != digest:
                await lease.discard()
                await self._forget({*_names(chunks), made.name})
                raise DigestMismatch(digest, made.digest)
            await self._place(lease, made, _names(chunks))
            return made.size

    async def discard(self, repository: RepositoryName, upload_id: UploadId) -> None:
        """See the port."""
        async with self._held(repository, upload_id) as lease:
            await lease.discard()
            await self._forget(_names(lease.chunks))

    async def sweep(self, idle_since: datetime) -> int:
        """See the port. Objects that this cannot delete are found later, by what they are not."""
        total = 0
        while True:
            swept = await self._sessions.sweep(idle_since, self._clock(), SWEPT_AT_ONCE)
            await self._forget(swept.names)
            total += swept.uploads
            if swept.uploads < SWEPT_AT_ONCE:
                return total

    @asynccontextmanager
    async def _held(self, repository: RepositoryName, upload_id: UploadId) -> AsyncIterator[Lease]:
        lease = Lease(self._sessions, repository, upload_id, self._new_id(), self._clock)
        try:
            await to_the_end(lease.take())
            yield lease
        finally:
            await to_the_end(lease.let_go())

    @asynccontextmanager
    async def _new_object(self, lease: Lease) -> AsyncIterator[ObjectName]:
        """A name for a new object, which is deleted when the body of the `with` fails.

        INVARIANT: no row is written within. One that fails, or whose request is cancelled, may
        have been written all the same, and then the object must stay.
        """
        name = ObjectName(lease.upload_id, self._new_id())
        try:
            yield name
        except BaseException:
            await to_the_end(self._forget([name]))
            raise

    async def _one_of(
        self, chunks: Sequence[StoredChunk], name: ObjectName, algorithm: str
    ) -> StoredChunk:
        """The chunks as one object, found whole, with the digest of its bytes.

        Args:
            chunks: in their order.
            name: of the object to make, where there is none already.
            algorithm: of the digest.
        """
        hasher = new_hasher(algorithm)
        if len(chunks) == 1 and chunks[0].digest.algorithm == algorithm:
            made = chunks[0]
        elif len(chunks) == 1:
            async for piece in self._bytes_of(chunks):
                await self._sender.aside(hasher.update, piece)
            made = StoredChunk(chunks[0].name, chunks[0].size, _digest(algorithm, hasher))
        elif chunks:
            size = sum(chunk.size for chunk in chunks)
            await self._sender.send(name, self._bytes_of(chunks), size, hasher)
            made = StoredChunk(name, size, _digest(algorithm, hasher))
        else:
            await self._bucket.put(name, b"")
            made = StoredChunk(name, 0, _digest(algorithm, hasher))
        found = await self._bucket.size(made.name)
        if found != made.size:
            raise StorageFailed(
                f"{self._bucket.place}: {made.name.text} has {found} bytes instead of {made.size}"
            )
        return made

    async def _bytes_of(self, chunks: Iterable[StoredChunk]) -> AsyncIterator[bytes]:
        for chunk in chunks:
            async for piece in await self._bucket.read(chunk.name, 0, chunk.size):
                yield piece

    async def _place(self, lease: Lease, made: StoredChunk, names: Iterable[ObjectName]) -> None:
        """Let the object be the blob, unless another one is that already and is whole."""
        there = await self._places.find(made.digest)
        distrusted = None
        if there is not None and await self._bucket.size(there.name) != there.size:
            distrusted = there.name
        place = BlobPlace(made.digest, made.name, made.size, self._clock())
        chosen = await to_the_end(lease.become(place, distrusted))
        left = {*names, made.name, *([distrusted] if distrusted else [])}
        await self._forget(left - {chosen.name})

    async def _forget(self, names: Iterable[ObjectName]) -> None:
        # What stays is found by collection: no row knows it.
        with suppress(StorageFailed):
            await self._bucket.delete(names)


def _names(chunks: Iterable[StoredChunk]) -> list[ObjectName]:
    return [chunk.name for chunk in chunks]


def _digest(algorithm: str, hasher: Hasher) -> Digest:
    return Digest.from_hasher(algorithm, hasher)


def _checked_offset(lease: Lease, start: int | None) -> int:
    offset = sum(chunk.size for chunk in lease.chunks)
    if start is not None and start != offset:
        raise RangeOutOfOrder(start, offset)
    return offset
