"""Whether anything was committed since, without asking SQLite.

In WAL mode the file's index (`-shm`) begins with a header that every commit of every process
rewrites before the commit returns to its caller (SQLite, "WAL-mode File Format", section 2.1: the
change counter, the number of frames, the salts and the checksums). While its 48 bytes are the same,
nothing was committed. Reading them from a mapping costs a hundredth of the cheapest SELECT, which
hands the interpreter's lock away twice.

Closing a descriptor of that file would drop the locks that SQLite holds on it in this process
(POSIX advisory locks), so a mapping is shared by all who have the file open here, and closed only
after the last of them has closed its connections.
"""

from __future__ import annotations

import mmap
import os
import threading
from pathlib import Path

_HEADER_BYTES = 48


class _Mapping:
    """A mapped header and how many use it."""

    def __init__(self, index: Path) -> None:
        self._descriptor = os.open(index, os.O_RDONLY | os.O_CLOEXEC)
        self.header = mmap.mmap(self._descriptor, _HEADER_BYTES, prot=mmap.PROT_READ)
        self.users = 0

    def close(self) -> None:
        self.header.close()
        os.close(self._descriptor)


_mappings: dict[tuple[int, int], _Mapping] = {}
# A check and the server's own threads may open and close one database in the same moment.
_sharing = threading.Lock()


class CommitMarks:
    """Reads the mark of the newest commit to a database that this process has open.

    Args:
        database: of the file itself; a connection in WAL mode must be open and have read once.
    """

    def __init__(self, database: Path) -> None:
        with _sharing:
            self._key = _share(Path(f"{database}-shm"))
            self._header = _mappings[self._key].header if self._key else None

    def newest(self) -> bytes | None:
        """48 bytes that differ after every commit; None when they cannot be had."""
        return None if self._header is None else self._header[:_HEADER_BYTES]

    def close(self) -> None:
        """Give the mapping up. Call it after the connections to the database are closed."""
        key, self._key, self._header = self._key, None, None
        if key is None:
            return
        with _sharing:
            mapping = _mappings[key]
            mapping.users -= 1
            if not mapping.users:
                del _mappings[key]
                mapping.close()


def _share(index: Path) -> tuple[int, int] | None:
    try:
        found = index.stat()
        key = (found.st_dev, found.st_ino)
        if key not in _mappings:
            _mappings[key] = _Mapping(index)
    except (OSError, ValueError):
        return None
    _mappings[key].users += 1
    return key
