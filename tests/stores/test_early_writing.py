"""What is done before anybody waits for it: folders of blobs, and the beginning of writing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pratique.naming import Digest
from pratique.storage.blobs.filesystem import FilesystemBlobs
from pratique.storage.blobs.filesystem.early_writing import begin_writing


def test_a_file_is_as_it_was(tmp_path: Path) -> None:
    """Also when asked beyond its end."""
    file = tmp_path / "file"
    file.write_bytes(b"content" * 10_000)
    descriptor = os.open(file, os.O_RDWR)
    try:
        begin_writing(descriptor, 0, 1_000_000)
    finally:
        os.close(descriptor)
    assert file.read_bytes() == b"content" * 10_000


def test_what_has_no_place_on_a_disk_is_let_be() -> None:
    """A file system that cannot begin early does without."""
    reading, writing = os.pipe()
    try:
        begin_writing(writing, 0, 10)
    finally:
        os.close(reading)
        os.close(writing)


def test_a_failure_is_told(tmp_path: Path) -> None:
    """Anything but that it cannot be done."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    os.close(descriptor)
    with pytest.raises(OSError, match="Bad file descriptor") as raised:
        begin_writing(descriptor, 0, 10)
    assert raised.value.errno == errno.EBADF


def test_the_folder_of_every_blob_is_there(tmp_path: Path) -> None:
    """Whatever the digest, nobody who pushes waits for a folder to be made."""
    blobs = FilesystemBlobs.open(tmp_path)
    for number in range(300):
        folder = Path(blobs.path_of(Digest.of(str(number).encode()))).parent
        assert folder.is_dir()
