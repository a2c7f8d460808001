"""Files with secrets, written where somebody else prepared the ground."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pratique.cli.private_files import new_file, replace_file

_STRANGER = 44_007
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root acts in another's home")


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever stood there before, and whatever its mode was."""
    path = tmp_path / "deep" / "file"
    replace_file(path, b"one")
    path.chmod(0o644)
    replace_file(path, b"two")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o600)


def test_a_new_file_is_no_file_that_is_there(tmp_path: Path) -> None:
    """Nor where a link leads; and a block that fails leaves none behind."""
    path = tmp_path / "link"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError), new_file(path):
        raise AssertionError
    assert not (tmp_path / "elsewhere").exists()
    made = tmp_path / "made"
    with pytest.raises(ZeroDivisionError), new_file(made):
        raise ZeroDivisionError
    assert not made.exists()


@needs_root
def test_root_keeps_a_home_its_owners(tmp_path: Path) -> None:
    """The file of whoever owns the folder stays theirs."""
    home = tmp_path / "home"
    home.mkdir()
    path = home / "file"
    path.write_bytes(b"")
    for place in (home, path):
        os.chown(place, _STRANGER, _STRANGER)
    replace_file(path, b"theirs")
    assert path.stat().st_uid == _STRANGER


@needs_root
def test_root_gives_a_secret_to_nobody_who_waited_for_it(tmp_path: Path) -> None:
    """A file that a stranger put into root's folder does not make the new one theirs."""
    path = tmp_path / "file"
    path.write_bytes(b"")
    os.chown(path, _STRANGER, _STRANGER)
    replace_file(path, b"secret")
    assert path.stat().st_uid == 0


@needs_root
def test_root_follows_no_strangers_link_out_of_what_is_theirs(tmp_path: Path) -> None:
    """They could have root write wherever they like."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nologin")
    os.chown(link, _STRANGER, _STRANGER, follow_symlinks=False)
    with pytest.raises(OSError, match="does not follow"):
        replace_file(link, b"x")
    assert not (tmp_path / "nologin").exists()
