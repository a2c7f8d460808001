"""What lies in a folder of blobs: files that are named as blobs, and all others. Blocks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from pratique.naming import Digest, InvalidName
from pratique.storage.blobs.filesystem.bin import FOLDER as BIN
from pratique.storage.blobs.filesystem.contents import FilesystemBlobs
from pratique.storage.faults import faults_told

DAMAGED: Final = "damaged"
_ALGORITHMS: Final = frozenset({"sha256", "sha512"})
_OWN: Final = frozenset({BIN, DAMAGED})


def blobs_in(blobs: FilesystemBlobs) -> Iterator[Digest]:
    """All blobs that there are files of, folder by folder.

    Raises:
        StorageFailed: the folder cannot be read.
    """
    with faults_told():
        folders, _ = folders_in(blobs.root)
        for folder in folders:
            yield from files_in(blobs.root, folder)[0]


def folders_in(root: str) -> tuple[list[str], list[str]]:
    """Folders of blobs within the root, and paths of what else lies beside them."""
    folders, strangers = [], []
    for algorithm in names_in(root):
        if algorithm in _OWN:
            continue
        if algorithm not in _ALGORITHMS:
            strangers.append(f"{root}/{algorithm}")
            continue
        for name in names_in(f"{root}/{algorithm}"):
            path = f"{root}/{algorithm}/{name}"
            if len(name) == 2 and os.path.isdir(path):  # noqa: PTH112
                folders.append(f"{algorithm}/{name}")
            else:
                strangers.append(path)
    return sorted(folders), strangers


def files_in(root: str, folder: str) -> tuple[list[Digest], list[str]]:
    """Digests of the files in a folder of blobs, and paths of all others."""
    digests, strangers = [], []
    for name in names_in(f"{root}/{folder}"):
        digest = _digest_of_name(folder, name)
        if digest is None:
            strangers.append(f"{root}/{folder}/{name}")
        else:
            digests.append(digest)
    return digests, strangers


def names_in(folder: str) -> list[str]:
    """Sorted names of what is in a folder; none where there is no such folder."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return []


def _digest_of_name(folder: str, name: str) -> Digest | None:
    algorithm, _, prefix = folder.partition("/")
    if not name.startswith(prefix):
        return None
    try:
        return Digest.parse(f"{algorithm}:{name}")
    except InvalidName:
        return None
