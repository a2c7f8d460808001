"""One bucket, or a part of one: objects by name, each written once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from mmap import mmap
from typing import Final

import obstore
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, S3Store

from pratique.registry import StorageFailed
from pratique.registry.object_ports import ObjectName
from pratique.storage.blobs.objects.faults import faults_told

Store = S3Store | AzureStore | GCSStore | LocalStore | MemoryStore
Signer = S3Store | AzureStore | GCSStore

FOLDER: Final = "data"
OWNER: Final = "registry"
# S3 takes 10,000 parts of an object, so this makes 80 GB; each is in memory while it is sent.
PART_SIZE: Final = 8 * 1024 * 1024
READ_SIZE: Final = 256 * 1024
STALLED_SECONDS: Final = 60
PAGE: Final = 500
_DELETED_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Listed:
    """An object that a listing shows."""

    name: ObjectName
    modified_at: datetime


class Bucket:
    """Objects below `data/`.

    Args:
        store: for short requests, each with its deadline.
        reader: the same objects, for bodies that take as long as their reader takes.
        signer: signs addresses that clients can reach; None where nothing can be signed.
        place: which bucket this is, in words without a secret.
    """

    def __init__(self, store: Store, reader: Store, signer: Signer | None, place: str) -> None:
        self._store = store
        self._reader = reader
        self._signer = signer
        self.place = place

    async def put(self, name: ObjectName, content: bytes | mmap) -> None:
        """Write an object in one request.

        Raises:
            StorageFull, StorageFailed: as they say.
        """
        with faults_told(self.place, f"writing {name.text}"):
            await obstore.put_async(self._store, _path(name), content, use_multipart=False)

    async def put_parts(self, name: ObjectName, parts: AsyncIterator[bytes | mmap]) -> None:
        """Write an object in parts of `PART_SIZE`, the last of which may be shorter.

        What `parts` raises is passed on, and nothing is written. One part is in flight at a time:
        an empty one after it is asked for once that is stored.

        Raises:
            StorageFull, StorageFailed: as they say.
        """
        with faults_told(self.place, f"writing {name.text}"):
            await obstore.put_async(
                self._store,
                _path(name),
                parts,
                use_multipart=True,
                chunk_size=PART_SIZE,
                max_concurrency=1,
            )

    async def size(self, name: ObjectName) -> int | None:
        """Bytes of an object; None when there is none.

        Raises:
            StorageFailed: it cannot be told.
        """
        with faults_told(self.place, f"looking at {name.text}"):
            try:
                found = await obstore.head_async(self._store, _path(name))
            except FileNotFoundError:
                return None
        return found["size"]

    async def read(self, name: ObjectName, start: int, end: int) -> AsyncIterator[bytes]:
        """Begin to read bytes from `start` to before `end`, which must not be none.

        The pieces raise `StorageFailed` when the store breaks off or gives too few.

        Raises:
            StorageFailed: there is no such object, or it cannot be read.
        """
        with faults_told(self.place, f"reading {name.text}"):
            async with asyncio.timeout(STALLED_SECONDS):
                found = await obstore.get_async(
                    self._reader, _path(name), options={"range": (start, end)}
                )
        if found.range != (start, end):
            raise StorageFailed(f"{self.place}: {name.text} is shorter than it should be")
        return self._pieces(found, name, end - start)

    async def delete(self, names: Iterable[ObjectName]) -> None:
        """Delete objects; one that is gone already makes no difference.

        Raises:
            StorageFailed: some may be left.
        """
        waiting = list(names)
        for start in range(0, len(waiting), _DELETED_AT_ONCE):
            some = waiting[start : start + _DELETED_AT_ONCE]
            done = await asyncio.gather(*map(self._delete, some), return_exceptions=True)
            for outcome in done:
                if isinstance(outcome, BaseException):
                    raise outcome

    async def listed(self) -> AsyncIterator[list[Listed]]:
        """All objects, in pages of at most `PAGE`; what has a strange name is left out.

        Raises:
            StorageFailed: the listing broke off.
        """
        with faults_told(self.place, "listing"):
            async for page in obstore.list(self._store, FOLDER, chunk_size=PAGE):
                named = ((_name(each["path"]), each["last_modified"]) for each in page)
                yield [Listed(name, modified) for name, modified in named if name is not None]

    async def address(self, name: ObjectName, lifetime: timedelta) -> str | None:
        """Where whoever has it can get the object until then; None where nothing can be signed.

        Raises:
            StorageFailed: the credentials do not suffice for it.
        """
        if self._signer is None:
            return None
        with faults_told(self.place, "signing an address"):
            return await obstore.sign_async(self._signer, "GET", _path(name), lifetime)

    async def check(self, probe: str) -> None:
        """Write, read, list and delete an object, so that what is wrong shows at the start.

        Args:
            probe: a name that is used for this alone.

        Raises:
            StorageFull, StorageFailed: in words for whoever can mend it.
        """
        name = ObjectName("probe", probe)
        await self.put(name, b"pratique")
        try:
            async for piece in await self.read(name, 0, len(b"pratique")):
                if piece != b"pratique":
                    raise StorageFailed(f"{self.place} gives other bytes than were written")
            async for _ in self.listed():
                break
        finally:
            await self.delete([name])

    async def claim(self, owner: str) -> None:
        """Note that everything here is this registry's, or find that it was noted before.

        Another registry would take all objects for left behind, and delete them.

        Args:
            owner: an id of the registry's own, the same as long as it lives.

        Raises:
            StorageFailed: it is another's, or cannot be read or written.
        """
        noted = await self.noted()
        if noted is None:
            with faults_told(self.place, f"writing {OWNER}"):
                await obstore.put_async(self._store, OWNER, owner.encode(), use_multipart=False)
            noted = await self.noted()
        if noted != owner.encode():
            raise StorageFailed(
                f"{self.place} holds the blobs of another registry; give this one a prefix of its "
                f"own. If it is the other's successor, with all its rows, delete `{OWNER}` there"
            )

    async def require(self, owner: str) -> None:
        """Find that it was noted before that everything here is this registry's.

        Args:
            owner: as in `claim`.

        Raises:
            StorageFailed: it was not, or cannot be read.
        """
        if await self.noted() != owner.encode():
            raise StorageFailed(
                f"{self.place} does not hold the blobs of this registry, as its object `{OWNER}` "
                "would say; name the bucket and the prefix that the registry is served with"
            )

    async def require_room(self, owner: str) -> None:
        """Find that it holds nothing, or what is this registry's already.

        Args:
            owner: as in `claim`.

        Raises:
            StorageFailed: it holds something else, or cannot be read.
        """
        if await self.noted() == owner.encode():
            return
        with faults_told(self.place, "listing"):
            async for page in obstore.list(self._store, chunk_size=PAGE):
                # What is empty stands for a folder, where a console has made one.
                for each in (some for some in page if some["size"]):
                    raise StorageFailed(
                        f"{self.place} is not empty: it holds `{each['path']}`; give the blobs of "
                        "this registry a prefix of their own"
                    )

    async def noted(self) -> bytes | None:
        """Whose all this is, as `claim` notes it; None where nobody has.

        Raises:
            StorageFailed: it cannot be read.
        """
        with faults_told(self.place, f"reading {OWNER}"):
            try:
                found = await obstore.get_async(self._store, OWNER)
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error) or "ContainerNotFound" in str(error):
                    raise
                return None
            return bytes(await found.bytes_async())

    async def _delete(self, name: ObjectName) -> None:
        with faults_told(self.place, f"deleting {name.text}"), suppress(FileNotFoundError):
            await obstore.delete_async(self._store, _path(name))

    async def _pieces(
        self, found: obstore.GetResult, name: ObjectName, size: int
    ) -> AsyncIterator[bytes]:
        left = size
        stream = aiter(found.stream(min_chunk_size=READ_SIZE))
        with faults_told(self.place, f"reading {name.text}"):
            while left:
                try:
                    async with asyncio.timeout(STALLED_SECONDS):
                        piece = await anext(stream)
                except StopAsyncIteration:
                    break
                except TimeoutError as error:
                    raise StorageFailed(f"{self.place} stopped in the middle") from error
                left -= len(piece)
                yield bytes(piece)
        if left:
            raise StorageFailed(f"{self.place} gave {left} bytes too few of {name.text}")


def _path(name: ObjectName) -> str:
    return f"{FOLDER}/{name.text}"


def _name(path: str) -> ObjectName | None:
    folder, *rest = path.split("/")
    return ObjectName(rest[0], rest[1]) if folder == FOLDER and len(rest) == 2 else None
