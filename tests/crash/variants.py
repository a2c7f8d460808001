"""Copies of the source with some lines changed, for servers to run."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pratique


@dataclass(frozen=True)
class Change:
    """A change of one file.

    Attributes:
        file: within the package.
        old: text that is there once.
        new: text that comes in its place.
    """

    file: str
    old: str
    new: str


def variant(folder: Path, changes: Iterable[Change]) -> dict[str, str]:
    """Make a copy with these changes in a new folder; variables for whoever is to run it.

    Raises:
        ValueError: the source has become another, and the change with it.
    """
    package = folder / "pratique"
    shutil.copytree(
        Path(pratique.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    for change in changes:
        path = package / change.file
        text = path.read_text()
        if text.count(change.old) != 1:
            raise ValueError(f"{change.file} has this not once: {change.old}")
        path.write_text(text.replace(change.old, change.new))
    return {"PYTHONPATH": str(folder)}


_UPLOADS: Final = "storage/blobs/filesystem/uploads.py"
_EARLY: Final = "storage/blobs/filesystem/early_writing.py"
SMALL_BLOCKS: Final = (
    Change(_UPLOADS, "BLOCK_SIZE: Final = 256 * 1024\n", "BLOCK_SIZE: Final = 8 * 1024\n"),
    Change(_EARLY, "STEP: Final = 8 * 1024 * 1024\n", "STEP: Final = 16 * 1024\n"),
)
"""Blobs of some thousand bytes are written in many blocks, as those of many megabytes are."""
