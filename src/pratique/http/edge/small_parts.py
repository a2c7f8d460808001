"""Small parts of files that the system holds in memory.

Granian sends a file by a thread of its own, which takes longer than to copy a small part here. But
the event loop must never wait for a disk, so a part counts only if it can be had without.
"""

from __future__ import annotations

import os
from typing import Final

from pratique.http.wire.messages import FilePart

SMALL: Final = 256 * 1024
_WITHOUT_WAITING: Final = getattr(os, "RWF_NOWAIT", None)
# A new one for each part would be cleared before it is filled, and given back to the system after.
_SPACE: Final = bytearray(SMALL)


def at_hand(part: FilePart) -> bytes | None:
    """The bytes of a part, if it is small and no disk must be asked for it; else None.

    None too where the file is gone, shorter than it should be, or on a file system that cannot
    tell: whoever sends it in the usual way meets the same. For the loop's thread alone.
    """
    size = part.end - part.start
    if _WITHOUT_WAITING is None or size > SMALL:
        return None
    try:
        descriptor = os.open(part.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            space = memoryview(_SPACE)[:size]
            read = os.preadv(descriptor, [space], part.start, _WITHOUT_WAITING)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    return bytes(space) if read == size else None
