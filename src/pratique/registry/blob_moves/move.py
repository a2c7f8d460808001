"""Two passes: one while everything goes on, and a short one while no new blob is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from pratique.naming import Digest, RepositoryName
from pratique.registry.backup.ports import BlobSize
from pratique.registry.blob_moves.ports import (
    BlobHome,
    BlobNotWhole,
    BlobSource,
    BlobTarget,
    Extent,
)
from pratique.registry.errors import ContentError, StorageFailed
from pratique.registry.namespaces import told as named

AT_ONCE: Final = 4
COPYING: Final = "copying"
COMPLETING: Final = "completing"
# So many are named; whoever mends those runs the move again.
_NAMED: Final = 20

# Told how far a move has come: copying or completing, blobs that were looked at and bytes that
# were copied so far, and how many there are about.
Progress: TypeAlias = Callable[[str, int, int, Extent], None]


@dataclass(frozen=True, slots=True)
class BlobsMoved:
    """A move that is done.

    Attributes:
        copied: blobs that the new place did not have.
        copied_bytes: that those have.
        there: blobs that it had.
    """

    copied: int
    copied_bytes: int
    there: int


@dataclass
class _Count:
    copied: int = 0
    copied_bytes: int = 0
    there: int = 0
    lacking: int = 0
    named: list[str] = field(default_factory=list)


class BlobMove:
    """Moves a registry's blobs. Collection must be kept away, as it would only be in the way.

    Args:
        home: says where the blobs are.
        source: where they are.
        target: where they go.
        holders: some of the repositories that link a blob.
        told: is told how far it has come.
    """

    def __init__(
        self,
        home: BlobHome,
        source: BlobSource,
        target: BlobTarget,
        holders: Callable[[Digest], Awaitable[tuple[RepositoryName, ...]]],
        told: Progress,
    ) -> None:
        self._home = home
        self._source = source
        self._target = target
        self._holders = holders
        self._told = told
        self._count = _Count()
        self._extent = Extent(0, 0)

    async def run(self) -> BlobsMoved:
        """Move them.

        Raises:
            StorageFull, StorageFailed: something could not be read or written, or blobs are not
                whole at the source, which are named. The blobs are where they were, new ones are
                taken there, and what was copied need not be copied again; save where it is not
                known whether the last step was done.
        """
        self._extent = await self._home.begin()
        await self._pass(COPYING, self._home.every(), closely=True)
        self._refuse_lacking()
        try:
            await self._home.close()
            await self._pass(COMPLETING, self._home.rest(), closely=False)
            self._refuse_lacking()
            await self._home.finish()
        except BaseException:
            # The first failure is the one to tell.
            with suppress(ContentError):
                await self._home.reopen()
            raise
        count = self._count
        return BlobsMoved(count.copied, count.copied_bytes, count.there)

    async def _pass(self, stage: str, blobs: AsyncIterator[BlobSize], *, closely: bool) -> None:
        """Bring all of them, `AT_ONCE` at a time.

        Raises:
            StorageFull, StorageFailed: one could not be brought; the others were given up.
        """
        taking = asyncio.Lock()

        async def following() -> BlobSize | None:
            async with taking:
                return await anext(blobs, None)

        async def work() -> None:
            while (blob := await following()) is not None:
                await self._bring(blob, closely=closely)
                done = self._count
                self._told(stage, done.copied + done.there, done.copied_bytes, self._extent)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(work())
        except BaseExceptionGroup as several:
            # One failure ends the others, so the first is the one to tell.
            raise several.exceptions[0] from None

    async def _bring(self, blob: BlobSize, *, closely: bool) -> None:
        if await self._target.has(blob, closely=closely):
            # What the second pass finds there was counted by the first.
            if closely:
                self._count.there += 1
            return
        try:
            async with aclosing(self._source.read(blob)) as content:
                await self._target.take(blob, content)
        except BlobNotWhole as error:
            # What nothing links any more is nobody's loss.
            if holders := await self._holders(blob.digest):
                self._count.lacking += 1
                if len(self._count.named) < _NAMED:
                    repositories = ", ".join(map(named, holders))
                    self._count.named.append(f"{blob.digest} (of {repositories}) {error.how}")
            return
        self._count.copied += 1
        self._count.copied_bytes += blob.size

    def _refuse_lacking(self) -> None:
        """Refuse to go on without blobs that the registry should have.

        Raises:
            StorageFailed: some are not whole.
        """
        count = self._count
        if not count.lacking:
            return
        more = f"; and {count.lacking - _NAMED} more" if count.lacking > _NAMED else ""
        found = count.copied + count.there
        none = "" if found else ". None of its blobs was found, so they may be at another place"
        raise StorageFailed(
            f"{count.lacking} blobs of this registry are not whole, so its blobs stay where they "
            f"are: {'; '.join(count.named)}{more}{none}. Push the images again that need them, or "
            "delete these; where rows and blobs are in a folder, `pratique check --repair` lets "
            "clients push them. Then run this again: it copies what is missing"
        )
