"""Files with secrets: readable by their owner alone, never half written."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of a file, for its owner alone; a link is followed.

    For whoever acts as root in another's home, the file is the home's owner's, as it was. Nothing
    that they prepared leads root elsewhere: the owner is set on the open file, and a link is
    followed only to a folder of whoever made it.

    Raises:
        OSError: it cannot be written; what was there is there still.
    """
    target = path.resolve()
    _check_link(path, target)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A file that mkstemp makes is its owner's alone from the first byte on.
    descriptor, name = tempfile.mkstemp(dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            with contextlib.suppress(FileNotFoundError, PermissionError):
                before, folder = target.lstat(), target.parent.stat()
                if before.st_uid == folder.st_uid:
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fsync(file.fileno())
        Path(name).replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that is not there yet, for its maker alone; taken away again when the block fails.

    Raises:
        OSError: it is there already, even as a link, or cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            with contextlib.suppress(OSError):
                path.unlink()
            raise


def _check_link(path: Path, target: Path) -> None:
    """Refuse, for root, a link that leads out of what belongs to its maker.

    Raises:
        OSError: it does.
    """
    if os.geteuid() != 0 or not path.is_symlink():
        return
    maker = path.lstat().st_uid
    if maker != 0 and (not target.parent.is_dir() or target.parent.stat().st_uid != maker):
        raise OSError(errno.EPERM, "it is another user's link, which root does not follow")
