"""From a source into a repository: the blobs first, all of them; then what names them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Final

from pratique.access import Allowed
from pratique.naming import Digest, Tag
from pratique.registry.errors import (
    BlobUnknown,
    ContentError,
    DigestMismatch,
    SizeMismatch,
)
from pratique.registry.importing.gathering import Image, gather
from pratique.registry.importing.source import ImageSource, ImportFailed, Why
from pratique.registry.operations import Registry

AT_ONCE: Final = 3
"""Blobs of one image that are on their way together."""
TRIES: Final = 3
_SLOWEST_BYTES_A_SECOND: Final = 64 * 1024
_LEAST_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Copied:
    """What an import brought.

    Attributes:
        digest: of the image's own manifest.
        size: bytes of its manifests and blobs.
    """

    digest: Digest
    media_type: str
    size: int


async def copy_image(
    source: ImageSource,
    reference: Tag | Digest,
    target: Registry,
    allowed: Allowed,
    tags: tuple[Tag, ...],
    ready: Callable[[], Awaitable[None]],
) -> Copied:
    """Let a repository have an image.

    Args:
        source: the repository where it is.
        reference: by which it is known there.
        target: the registry into which it comes.
        allowed: the verdict on a push to the repository there.
        tags: that lead to it afterwards, all at once; none for its digest alone.
        ready: called when all bytes are there and nothing is served yet; what it raises ends it.

    Raises:
        ImportFailed: the source is not what it should be. Nothing is served that was not before.
        StorageFull, StorageFailed: as they say; likewise.
    """
    image = await gather(source, reference)
    await _bring_blobs(source, image, target, allowed)
    await ready()
    # INVARIANT: an index comes after what it names, and the tags with the last of all.
    own = image.own
    for record in image.manifests.values():
        moved = tags if record is own else ()
        await target.manifests.put(allowed, record.digest, record.media_type, record.content, moved)
    size = image.bytes_of_manifests + sum(image.blobs.values())
    return Copied(own.digest, own.media_type, size)


async def _bring_blobs(
    source: ImageSource, image: Image, target: Registry, allowed: Allowed
) -> None:
    left = iter(image.blobs.items())

    async def bring() -> None:
        for digest, size in left:
            await _bring(source, digest, size, target, allowed)

    try:
        # A manifest may name tens of thousands, so there is no task for each.
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(bring())
    except BaseExceptionGroup as failures:
        # One is enough to tell; the others were ended with it, or fell for the same cause.
        raise _first(failures) from None


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _bring(
    source: ImageSource, digest: Digest, size: int, target: Registry, allowed: Allowed
) -> None:
    with suppress(BlobUnknown):
        await target.blobs.confirm(allowed, digest)
        return
    if await source.hand_over(target, allowed, digest):
        return
    for left in reversed(range(TRIES)):
        try:
            await _fetch(source, digest, size, target, allowed)
        except ImportFailed as failed:
            if failed.why is not Why.NOT_REACHED or not left:
                raise
        else:
            return


async def _fetch(
    source: ImageSource, digest: Digest, size: int, target: Registry, allowed: Allowed
) -> None:
    uploads = target.uploads
    status = await uploads.open(allowed)
    limit = _LEAST_SECONDS + size / _SLOWEST_BYTES_A_SECOND
    try:
        async with asyncio.timeout(limit), aclosing(_pieces(source, digest, size)) as body:
            await uploads.finish(allowed, status.upload_id, digest, body, None, size)
    except BaseException as error:
        # What is left is swept with other uploads that nobody goes on with.
        with suppress(ContentError):
            await uploads.cancel(allowed, status.upload_id)
        told = _told(error, digest, size, limit)
        if told is None:
            raise
        raise told from error


async def _pieces(source: ImageSource, digest: Digest, size: int) -> AsyncGenerator[bytes]:
    async for piece in source.blob(digest, size):
        yield piece


def _told(error: BaseException, digest: Digest, size: int, limit: float) -> ImportFailed | None:
    match error:
        case DigestMismatch():
            return ImportFailed(
                Why.INVALID,
                f"what the source gives as the blob `{digest}` has the digest `{error.actual}`",
            )
        case SizeMismatch():
            return ImportFailed(
                Why.INVALID,
                f"what the source gives as the blob `{digest}` has not the {size} bytes that its "
                "manifest says",
            )
        case TimeoutError():
            return ImportFailed(
                Why.NOT_REACHED,
                f"the blob `{digest}` of {size} bytes did not come within {limit:.0f} seconds",
            )
        case _:
            return None
