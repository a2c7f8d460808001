"""Uploads that nobody goes on with. Blocks; for threads."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from datetime import datetime

from pratique.storage.blobs.filesystem.sessions import SUFFIX
from pratique.storage.faults import faults_told


def sweep(folder: str, idle_since: datetime) -> int:
    """Remove uploads whose files were last written before then, save those being written to.

    Returns:
        How many there were; bytes whose session is gone count too.

    Raises:
        StorageFailed: some may be removed.
    """
    limit = idle_since.timestamp()
    with faults_told():
        names = {name.removesuffix(SUFFIX) for name in os.listdir(folder)}  # noqa: PTH208
        return sum(_remove_if_idle(f"{folder}/{name}", limit) for name in names)


def _remove_if_idle(data_path: str, limit: float) -> bool:
    session_path = f"{data_path}{SUFFIX}"
    try:
        session = os.open(session_path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return _unlink_if_older(data_path, limit)
    try:
        fcntl.flock(session, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The time is read under the lock: a chunk may just have ended.
        if os.fstat(session).st_nlink == 0 or os.fstat(session).st_mtime >= limit:
            return False
        os.unlink(session_path)  # noqa: PTH108
        with suppress(FileNotFoundError):
            os.unlink(data_path)  # noqa: PTH108
    except BlockingIOError:
        return False
    finally:
        os.close(session)
    return True


def _unlink_if_older(path: str, limit: float) -> bool:
    with suppress(FileNotFoundError):
        if os.stat(path).st_mtime < limit:  # noqa: PTH116
            os.unlink(path)  # noqa: PTH108
            return True
    return False
