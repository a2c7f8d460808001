"""Holding an upload: one request at a time, and none for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from pratique.naming import RepositoryName
from pratique.registry import ContentError, StorageFailed, StorageFull, UploadBusy, UploadId
from pratique.registry.object_ports import (
    BlobPlace,
    ObjectName,
    StoredChunk,
    UploadSessions,
)
from pratique.storage.blobs.objects.finishing import ended, to_the_end

# How long a client waits when the node that took its chunk has died.
LEASE: Final = timedelta(seconds=60)


class Lease:
    """An upload that this request alone may write to, renewed until it is let go.

    Attributes:
        upload_id: of the upload.
        chunks: those that count, in their order.
    """

    def __init__(
        self,
        sessions: UploadSessions,
        repository: RepositoryName,
        upload_id: UploadId,
        holder: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.upload_id = upload_id
        self.chunks: tuple[StoredChunk, ...] = ()
        self._sessions = sessions
        self._repository = repository
        self._holder = holder
        self._clock = clock
        self._renewing: asyncio.Task[None] | None = None

    async def take(self) -> None:
        """Begin to hold it.

        Raises:
            UploadUnknown, UploadBusy: as they say.
        """
        self.chunks = await self._renew()
        self._renewing = asyncio.create_task(self._go_on())

    async def count(self, chunk: StoredChunk) -> None:
        """Let a chunk count, and the upload go.

        Raises:
            UploadBusy: the lease was lost to another request; the chunk does not count.
        """
        await self._stop()
        now = self._clock()
        counted = self._sessions.let_go(self.upload_id, self._holder, chunk, now)
        if not await to_the_end(counted):
            raise UploadBusy(self._repository)

    async def become(self, place: BlobPlace, distrusted: ObjectName | None) -> BlobPlace:
        """End the upload as a blob; see `UploadSessions.become`.

        Raises:
            UploadBusy: the lease was lost to another request; nothing was changed.
        """
        await self._stop()
        chosen = await self._sessions.become(self.upload_id, self._holder, place, distrusted)
        if chosen is None:
            raise UploadBusy(self._repository)
        return chosen

    async def discard(self) -> None:
        """End the upload as nothing.

        Raises:
            UploadBusy: the lease was lost to another request; nothing was changed.
        """
        await self._stop()
        if not await self._sessions.discard(self.upload_id, self._holder):
            raise UploadBusy(self._repository)

    async def let_go(self) -> None:
        """Hold it no more. Where that fails, it is free when the lease runs out."""
        if self._renewing is None:
            return
        await self._stop()
        with suppress(StorageFailed, StorageFull):
            await self._sessions.let_go(self.upload_id, self._holder, None, self._clock())

    async def _renew(self) -> tuple[StoredChunk, ...]:
        now = self._clock()
        return await self._sessions.take(
            self._repository, self.upload_id, self._holder, now, now + LEASE
        )

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 4)
            # One that is lost for good shows when the chunk is to count.
            with suppress(ContentError):
                await self._renew()

    async def _stop(self) -> None:
        """Renew no more: a renewal that is still under way would take again what was let go."""
        renewing, self._renewing = self._renewing, None
        if renewing is not None:
            renewing.cancel()
            await ended(renewing)
