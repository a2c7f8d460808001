"""What the move of blobs needs of the stores.

Every method may raise `StorageFull` or `StorageFailed`; what a method that writes has returned from
is on disk.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pratique.registry.backup.ports import BlobSize


class BlobKind(StrEnum):
    """What blobs are kept as."""

    FILES = "files"
    OBJECTS = "objects"


@dataclass(frozen=True, slots=True)
class BlobsAt:
    """Where the blobs of a registry are.

    Attributes:
        address: of the object store that holds them, or, where they are files, that they are on
            their way to or came from; None where no move has told it. Holds no secret.
    """

    kind: BlobKind
    address: str | None


@dataclass(frozen=True, slots=True)
class Extent:
    """How many blobs repositories link, and how many bytes those have."""

    blobs: int
    bytes: int


class BlobNotWhole(Exception):
    """A store does not have a blob as it should be.

    Attributes:
        how: what is wrong with it, as it follows the blob's digest in a sentence.
    """

    def __init__(self, how: str) -> None:
        self.how = how
        super().__init__(how)


class BlobHome(Protocol):
    """Where a registry's blobs are, as its rows say; and their move to one other place."""

    async def begin(self) -> Extent:
        """Note that a move goes on; blobs stay where they are, and new ones are taken there.

        Raises:
            StorageFailed: they are at the new place already.
        """
        ...

    def every(self) -> AsyncIterator[BlobSize]:
        """Every blob that must be at the new place; also some that nothing links."""
        ...

    def rest(self) -> AsyncIterator[BlobSize]:
        """After `close` and one pass through `every`: those that may still not be there."""
        ...

    async def close(self) -> None:
        """Let no server take a blob at the old place any more that the new one does not have.

        Whoever pushes one meets `StorageFrozen`. All else goes on. When this has returned, every
        blob that is linked or ever will be through the old place is among `rest` or was moved.
        """
        ...

    async def reopen(self) -> None:
        """Let blobs be taken at the old place again, unless `finish` has taken effect."""
        ...

    async def finish(self) -> None:
        """Say that the blobs are at the new place, and go on refusing new ones at the old one.

        Raises:
            StorageFailed: they are not all there; nothing was changed.
        """
        ...


class BlobSource(Protocol):
    """The store that blobs are read from."""

    def read(self, blob: BlobSize) -> AsyncGenerator[bytes, None]:
        """The blob's bytes, some at a time; they may have another digest.

        Raises:
            BlobNotWhole: they are missing, too few or too many, or cannot be read.
        """
        ...


class BlobTarget(Protocol):
    """The store that blobs are written to. No blob is whole in memory."""

    async def has(self, blob: BlobSize, *, closely: bool) -> bool:
        """Whether the blob is here, durably; collection then leaves it alone for a while.

        Args:
            blob: that is asked for.
            closely: whether to look at the store itself and forget what turns out to be wrong,
                rather than go by what this process has seen before.
        """
        ...

    async def take(self, blob: BlobSize, content: AsyncIterator[bytes]) -> None:
        """Keep the blob, whole or not at all.

        Raises:
            BlobNotWhole: `content` is not what digest and size say; what it raises is passed on.
        """
        ...
