"""Files with secrets: readable by their owner alone, never half written."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of a file, for its owner alone; a link is followed.

    The file keeps the owner that it had, for whoever acts as root in another's home.

    Raises:
        OSError: it cannot be written; what was there is there still.
    """
    target = path.resolve()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A file that mkstemp makes is its owner's alone from the first byte on.
    descriptor, name = tempfile.mkstemp(dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError, PermissionError):
            before = target.stat()
            os.chown(name, before.st_uid, before.st_gid)
        Path(name).replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
