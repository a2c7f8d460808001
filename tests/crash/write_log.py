"""The log that the shim keeps: one record for each call that changed the folder. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_HEAD: Final = struct.Struct("=c3xIIIQQ")


class Kind(StrEnum):
    """What was done, as in the source of the shim."""

    CREATED = "C"
    FOLDER_MADE = "D"
    WRITTEN = "W"
    CUT = "T"
    RENAMED = "R"
    LINKED = "L"
    REMOVED = "U"
    SYNCED = "F"
    FOLDER_SYNCED = "S"
    SYNC_FAILED = "G"
    NOTHING_PROMISED = "N"


@dataclass(frozen=True, slots=True)
class Record:
    """One call.

    Attributes:
        inode: of the file or folder.
        offset: where it was written, or to which size it was cut.
        path: within the folder; empty for the folder itself.
        data: what was written; for a rename, the new path.
        end: bytes of the log up to here and with this.
    """

    kind: Kind
    inode: int
    offset: int
    path: str
    data: bytes
    end: int


def records_in(log: bytes) -> Iterator[Record]:
    """The records, in the order in which the calls were made."""
    start = 0
    while start < len(log):
        kind, name, size, _, inode, offset = _HEAD.unpack_from(log, start)
        body = start + _HEAD.size
        start = body + name + size
        path = log[body : body + name].decode().removesuffix(" (deleted)")
        yield Record(Kind(kind.decode()), inode, offset, path, log[body + name : start], start)
