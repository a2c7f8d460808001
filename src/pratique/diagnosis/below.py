"""Opens files of another machine's file system, mounted below a folder, as that machine would.

Links in it are links of that machine: an absolute one begins at the folder, and no `..` leads out
of it. Each step is taken from an open folder, so that nobody can change the way behind it.
"""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Final

_MOST_LINKS: Final = 40
_STEP: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def open_below(root: Path, path: str, flags: int) -> int:
    """A descriptor of a file or folder, which the caller closes.

    Args:
        root: folder that stands for `/`.
        path: absolute, as the other machine names it.
        flags: as for `os.open`.

    Raises:
        OSError: it cannot be opened.
    """
    with ExitStack() as ends:
        way = [_open(ends, str(root), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, None)]
        ahead = _parts(path)
        links = 0
        while ahead:
            part = ahead.pop()
            if part == "..":
                way = way[:-1] or way
                continue
            goal = _link(part, way[-1])
            if goal is not None:
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                way = way[:1] if goal.startswith("/") else way
                ahead += _parts(goal)
            elif ahead:
                way.append(_open(ends, part, _STEP, way[-1]))
            else:
                return os.open(part, flags | os.O_NOFOLLOW, dir_fd=way[-1])
        return os.open(".", flags, dir_fd=way[-1])


def _parts(path: str) -> list[str]:
    """Its parts, the first one last."""
    return [part for part in reversed(path.split("/")) if part not in {"", "."}]


def _link(part: str, folder: int) -> str | None:
    try:
        return os.readlink(part, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.EINVAL:
            return None
        raise


def _open(ends: ExitStack, part: str, flags: int, folder: int | None) -> int:
    opened = os.open(part, flags, dir_fd=folder)
    ends.callback(os.close, opened)
    return opened
