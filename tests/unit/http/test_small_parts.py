"""Small parts of files, sent from memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pratique.http.edge.small_parts import SMALL, at_hand
from pratique.http.wire.messages import FilePart

CONTENT = os.urandom(SMALL + 1)


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A file that was written just now, so the system holds it."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return str(path)


@pytest.fixture
def tells(file: str) -> None:
    """Skips where a file system cannot tell whether a read would wait."""
    if at_hand(FilePart(file, 0, 1, whole=False)) is None:
        pytest.skip("NOT TESTED: this file system knows no reads that do not wait (RWF_NOWAIT)")


@pytest.mark.usefixtures("tells")
@pytest.mark.parametrize(("start", "end"), [(0, SMALL), (1, SMALL + 1), (7, 8)])
def test_a_small_part_is_at_hand(file: str, start: int, end: int) -> None:
    """From its first byte to its last, and no other."""
    assert at_hand(FilePart(file, start, end, whole=False)) == CONTENT[start:end]


def test_a_large_part_is_left_to_the_server(file: str) -> None:
    """Nothing of it is read here."""
    assert at_hand(FilePart(file, 0, SMALL + 1, whole=True)) is None


def test_a_part_that_is_not_there_is_left_to_the_server(file: str, tmp_path: Path) -> None:
    """A file that is shorter than it should be, or gone, never gives other bytes."""
    assert at_hand(FilePart(file, SMALL, SMALL + 2, whole=False)) is None
    assert at_hand(FilePart(str(tmp_path / "gone"), 0, 1, whole=True)) is None


@pytest.mark.usefixtures("tells")
def test_what_a_disk_would_be_asked_for_is_left_to_the_server(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system says so by an error, or by giving less."""

    def would_wait(*_: object) -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "preadv", would_wait)
    assert at_hand(FilePart(file, 0, 1, whole=False)) is None
