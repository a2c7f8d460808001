"""Asks the kernel to begin writing early, so that the sync at the end finds little left to do.

Nothing rests on it: whatever was begun counts only after the sync. Blocks; for threads.
"""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Final

STEP: Final = 8 * 1024 * 1024
"""Bytes after which it is worth asking."""
_BEGIN: Final = 2  # SYNC_FILE_RANGE_WRITE
# Some file systems cannot, and some kernels let no container ask.
_CANNOT: Final = frozenset(
    {errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.ESPIPE, errno.EOPNOTSUPP}
)


def _found() -> ctypes._NamedFuncPointer | None:
    function: ctypes._NamedFuncPointer | None
    function = getattr(ctypes.CDLL(None, use_errno=True), "sync_file_range", None)
    if function is not None:
        offset = ctypes.c_int64
        function.argtypes = (ctypes.c_int, offset, offset, ctypes.c_uint)
    return function


_sync_file_range = _found()


def begin_writing(descriptor: int, start: int, length: int) -> None:
    """Let the kernel begin to write these bytes of a file to disk, where it can.

    Raises:
        OSError: bytes could not be written.
    """
    if _sync_file_range is None or _sync_file_range(descriptor, start, length, _BEGIN) == 0:
        return
    code = ctypes.get_errno()
    if code not in _CANNOT:
        raise OSError(code, os.strerror(code))
