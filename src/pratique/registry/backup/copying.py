"""What backup and restore share: room is asked for first, and every linked blob is brought."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pratique.naming import Digest
from pratique.registry.backup.ports import (
    BlobCopies,
    BlobSize,
    Copied,
    CopyProgress,
    Destination,
    RowsCopy,
)
from pratique.registry.backup.records import BackupRefused

STEP: Final = 1000
# For folders, and for what else is written to the same disk meanwhile.
SPARE: Final = 16 * 1024 * 1024
_UNITS: Final = ("kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of the blobs that were to be brought.

    Attributes:
        copied: how many were not there yet.
        copied_bytes: that those have.
        missing: that the source does not have.
        damaged: that the source has with other bytes.
    """

    copied: int
    copied_bytes: int
    missing: tuple[Digest, ...]
    damaged: tuple[Digest, ...]


def linked_blobs(rows: RowsCopy) -> Iterator[BlobSize]:
    """All of them, by digest."""
    after = ""
    while step := rows.blobs(after, STEP):
        yield from step
        after = step[-1].digest.text


def require_room(destination: Destination, needed: int) -> None:
    """Refuse when there is not that much room.

    Raises:
        BackupRefused: both numbers are in the sentence.
    """
    free = destination.free()
    if needed + SPARE > free:
        raise BackupRefused(
            f"this needs {in_words(needed + SPARE)}, but the disk of the target has "
            f"{in_words(free)} free; make room, or choose another target"
        )


def bring(
    rows: RowsCopy,
    blobs: BlobCopies,
    destination: Destination,
    told: Callable[[CopyProgress], None],
) -> Brought:
    """Bring every linked blob that the destination does not have.

    Raises:
        BackupRefused: there is no room for them; none was brought.
    """
    number_in_all = bytes_in_all = room = 0
    for _, size in _wanted(rows, blobs):
        number_in_all, bytes_in_all = number_in_all + 1, bytes_in_all + size
        room += blobs.room(size)
    require_room(destination, room)
    copied = copied_bytes = 0
    failed: dict[Copied, list[Digest]] = {Copied.MISSING: [], Copied.DAMAGED: []}
    for number, (digest, size) in enumerate(_wanted(rows, blobs), start=1):
        outcome = blobs.take(digest, size)
        if outcome is Copied.COPIED:
            copied, copied_bytes = copied + 1, copied_bytes + size
        else:
            failed[outcome].append(digest)
        told(CopyProgress(number, number_in_all, copied_bytes, bytes_in_all))
    return Brought(
        copied, copied_bytes, tuple(failed[Copied.MISSING]), tuple(failed[Copied.DAMAGED])
    )


def _wanted(rows: RowsCopy, blobs: BlobCopies) -> Iterator[BlobSize]:
    return (blob for blob in linked_blobs(rows) if not blobs.has(blob.digest, blob.size))


def in_words(size: int) -> str:
    """A number of bytes, rounded, with its unit."""
    value, unit = size / 1000, 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {_UNITS[unit]}"
