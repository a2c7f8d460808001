"""Small files that are never synced: a loss of power may damage them, and stops nobody."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pratique.storage.metadata.sqlite.attempts import SqliteSignInAttempts
from pratique.storage.metadata.sqlite.losable import open_losable
from pratique.storage.metadata.sqlite.pending_sign_ins import SqlitePendingSignIns
from pratique.testing.content_builders import later

SCHEMA = "CREATE TABLE IF NOT EXISTS words (word TEXT);"


def half_lost(content: bytes) -> bytes:
    """The first page is there, and the others are not."""
    return content[:4096] + bytes(len(content) - 4096)


def cut_off(content: bytes) -> bytes:
    """The file was not made as long as it should be."""
    return content[:4096]


def nothing_but_zeros(content: bytes) -> bytes:
    """Its size is there, and none of its bytes."""
    return bytes(len(content))


def of_another_kind(content: bytes) -> bytes:
    """No database at all."""
    return b"?" * len(content)


@pytest.mark.parametrize("damage", [half_lost, cut_off, nothing_but_zeros, of_another_kind])
def test_a_damaged_file_makes_way(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """It is made anew, empty, and works."""
    path = tmp_path / "words.db"
    with closing(open_losable(path, SCHEMA)) as connection:
        connection.execute("INSERT INTO words VALUES ($1)", {"1": "x" * 20_000})
    path.write_bytes(damage(path.read_bytes()))
    with closing(open_losable(path, SCHEMA)) as connection:
        assert connection.execute("SELECT word FROM words").fetchall() == []
        connection.execute("INSERT INTO words VALUES ('again')")
        assert connection.execute("SELECT word FROM words").fetchall() == [("again",)]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_whole_file_is_kept(tmp_path: Path) -> None:
    """What is not damaged stays, and several processes may open it."""
    path = tmp_path / "words.db"
    with closing(open_losable(path, SCHEMA)) as one, closing(open_losable(path, SCHEMA)) as other:
        one.execute("INSERT INTO words VALUES ('kept')")
        assert other.execute("SELECT word FROM words").fetchall() == [("kept",)]
    with closing(open_losable(path, SCHEMA)) as connection:
        assert connection.execute("SELECT word FROM words").fetchall() == [("kept",)]


def test_what_is_no_damage_is_told(tmp_path: Path) -> None:
    """A file that cannot be opened at all is not taken for a damaged one."""
    with pytest.raises((OSError, sqlite3.OperationalError)):
        open_losable(tmp_path / "missing" / "words.db", SCHEMA)


def test_sign_ins_go_on_after_damage(tmp_path: Path) -> None:
    """Counts of wrong attempts and sign-ins on their way begin anew."""
    for name in ("attempts.db", "sign-ins.db"):
        (tmp_path / name).write_bytes(b"?" * 8192)
    with (
        closing(SqliteSignInAttempts(tmp_path / "attempts.db")) as attempts,
        closing(SqlitePendingSignIns(tmp_path / "sign-ins.db")) as pending,
    ):
        asyncio.run(attempts.failed("192.0.2.1", "owner", later(0)))
        assert asyncio.run(attempts.standing("192.0.2.1", "owner", later(1))).pair.failures == 1
        assert asyncio.run(pending.find("code", "key", later(0))) is None
