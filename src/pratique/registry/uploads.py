"""Operations on uploads (distribution-spec 1.1, end-4 to end-6, end-13, end-14).

```text
open ──append──▶ open ──finish──▶ blob, linked          append, finish: a chunk counts whole
  │                └──cancel──▶ gone                    or not at all
  └──finish with another digest──▶ gone
```
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pratique.access import Allowed
from pratique.naming import Digest, InvalidName
from pratique.registry.content import StoredBlob, UploadId, UploadStatus
from pratique.registry.errors import UploadUnknown
from pratique.registry.locks import refuse_push
from pratique.registry.ports import BlobContents, BlobLinks, Items, UploadArea

IDLE_LIMIT: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Uploads:
    """Uploads to one repository at a time, the verdict's.

    Attributes:
        clock: the time now, with a time zone.
        new_id: a fresh upload id, hard to guess: hexadecimal digits, or a UUID.
    """

    area: UploadArea
    links: BlobLinks
    contents: BlobContents
    items: Items
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    async def open(self, allowed: Allowed) -> UploadStatus:
        """Begin an upload.

        Raises:
            Locked: nothing may be pushed to the repository. Asked here too, so that a client hears
                of it before it sends anything.
        """
        refuse_push(allowed.repository, await self.items.locks(allowed.repository))
        upload_id = UploadId(self.new_id())
        await self.area.create(allowed.repository, upload_id)
        return UploadStatus(upload_id, 0)

    async def status(self, allowed: Allowed, upload_id: str) -> UploadStatus:
        """How far the upload has come.

        Raises:
            UploadUnknown: the repository has no such upload.
        """
        known = _parse(allowed, upload_id)
        return UploadStatus(known, await self.area.offset(allowed.repository, known))

    async def append(
        self,
        allowed: Allowed,
        upload_id: str,
        body: AsyncIterator[bytes],
        start: int | None,
        length: int | None,
    ) -> UploadStatus:
        """Add a chunk.

        Args:
            allowed: the verdict on a push to its repository.
            upload_id: as given by `open`.
            body: the chunk's bytes; should raise when the client goes away.
            start: first byte by `Content-Range`, None without one.
            length: bytes by `Content-Length` or `Content-Range`, None without.

        Raises:
            UploadUnknown, UploadBusy, RangeOutOfOrder, SizeMismatch: as they say; the upload
                stands at its former offset.
        """
        known = _parse(allowed, upload_id)
        offset = await self.area.append(allowed.repository, known, body, start, length)
        return UploadStatus(known, offset)

    async def finish(
        self,
        allowed: Allowed,
        upload_id: str,
        digest: Digest,
        body: AsyncIterator[bytes] | None,
        start: int | None,
        length: int | None,
    ) -> StoredBlob:
        """Add the last chunk, if any, and make the upload a blob of the repository.

        Args:
            allowed: the verdict on a push to its repository.
            upload_id: as given by `open`.
            digest: of the whole blob.
            body: the last chunk, None without one.
            start: as in `append`.
            length: as in `append`.

        Raises:
            UploadUnknown, UploadBusy, RangeOutOfOrder, SizeMismatch: as in `append`.
            DigestMismatch: the bytes have another digest; the upload is gone, nothing is stored.
            Locked: nothing may be pushed to the repository; the upload is gone, nothing is linked.
        """
        repository = allowed.repository
        known = _parse(allowed, upload_id)
        size = await self.area.finish(repository, known, digest, body, start, length)
        # INVARIANT: the link comes after the bytes are on disk, so that what is linked is there.
        await self.links.link(repository, digest, size, self.clock())
        return await self.contents.locate(digest, size)

    async def cancel(self, allowed: Allowed, upload_id: str) -> None:
        """End the upload and forget its bytes.

        Raises:
            UploadUnknown, UploadBusy: as they say.
        """
        await self.area.discard(allowed.repository, _parse(allowed, upload_id))

    async def sweep(self) -> int:
        """Forget uploads that nobody wrote to for `IDLE_LIMIT`, and say how many; at start-up."""
        return await self.area.sweep(self.clock() - IDLE_LIMIT)


def _parse(allowed: Allowed, upload_id: str) -> UploadId:
    try:
        return UploadId(upload_id)
    except InvalidName as error:
        raise UploadUnknown(allowed.repository) from error
