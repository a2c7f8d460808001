"""What is made once for all runs of a user: programmes, built or installed, in the user's cache."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def kept(*names: str) -> Path:
    """The folder of that name, outside the project, so that a new clone finds what others made."""
    above = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(above).joinpath("pratique-tests", *names)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the folder, made when absent, alone: several processes may want the same at once."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "making").open("wb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield
