"""Sign-ins on their way are kept alike in memory and in SQLite, and used once by all processes."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pratique.admission.pending_sign_ins import PER_OWNER, NotKept, Pending, PendingSignIns
from pratique.storage.metadata.memory.pending_sign_ins import MemoryPendingSignIns
from pratique.storage.metadata.sqlite.pending_sign_ins import SqlitePendingSignIns

AT = datetime(2026, 1, 5, tzinfo=UTC)
ONE = Pending("code", "key", b"body", "ada", AT + timedelta(minutes=5))


@pytest.fixture(params=["memory", "sqlite"])
def pending(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PendingSignIns]:
    """Either store, empty."""
    if request.param == "memory":
        yield MemoryPendingSignIns()
        return
    store = SqlitePendingSignIns(tmp_path / "sign-ins.db")
    yield store
    store.close()


def test_what_is_kept_is_found_and_taken_once(pending: PendingSignIns) -> None:
    """Finding leaves it, taking does not."""
    assert pending.keep(ONE, AT)
    assert pending.find("code", "key", AT) == b"body"
    assert pending.take("code", "key", AT) == b"body"
    assert pending.take("code", "key", AT) is None
    assert pending.find("code", "key", AT) is None


def test_a_key_is_taken_within_its_kind_until_it_ends(pending: PendingSignIns) -> None:
    """The first stands; another kind is another thing; what has ended makes room."""
    assert pending.keep(ONE, AT)
    assert not pending.keep(replace(ONE, body=b"other", owner="bob"), AT)
    assert pending.find("code", "key", AT) == b"body"
    assert pending.keep(replace(ONE, kind="totp"), AT)
    later = replace(ONE, body=b"other", until=ONE.until + timedelta(minutes=5))
    assert pending.keep(later, ONE.until)
    assert pending.find("code", "key", ONE.until) == b"other"


def test_what_has_ended_is_not_there(pending: PendingSignIns) -> None:
    """At the very moment, also when nothing swept it."""
    pending.keep(ONE, AT)
    assert pending.find("code", "key", ONE.until) is None
    assert pending.take("code", "key", ONE.until) is None


def test_a_body_is_replaced_only_as_it_was_read(pending: PendingSignIns) -> None:
    """So that of two who change it at once one begins again."""
    pending.keep(ONE, AT)
    assert pending.replace("code", "key", b"body", b"new")
    assert not pending.replace("code", "key", b"body", b"newer")
    assert not pending.replace("code", "absent", b"body", b"new")
    assert pending.find("code", "key", AT) == b"new"


def test_one_owner_cannot_fill_the_store(pending: PendingSignIns) -> None:
    """What is over the limit is refused; others, other kinds and a key that is there are not."""
    for number in range(PER_OWNER):
        pending.keep(replace(ONE, key=str(number)), AT)
    with pytest.raises(NotKept):
        pending.keep(replace(ONE, key="one more"), AT)
    assert not pending.keep(replace(ONE, key="1"), AT)
    assert pending.keep(replace(ONE, key="one more", owner="bob"), AT)
    assert pending.keep(replace(ONE, kind="totp"), AT)
    assert pending.find("code", "0", AT) == b"body"


def test_a_flood_of_one_kind_leaves_room_for_the_others(
    pending: PendingSignIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strangers may begin as many sign-ins as they like: nobody else's second factor waits."""
    for store in ("memory", "sqlite"):
        monkeypatch.setattr(f"pratique.storage.metadata.{store}.pending_sign_ins.IN_ALL", 3)
    for number in range(3):
        pending.keep(replace(ONE, kind="device", key=str(number), owner=str(number)), AT)
    with pytest.raises(NotKept):
        pending.keep(replace(ONE, kind="device", key="one more", owner="eve"), AT)
    assert pending.keep(replace(ONE, kind="totp"), AT)


def test_processes_share_it_and_one_of_them_takes(tmp_path: Path) -> None:
    """Of many that ask at once one gets the body, and nobody else may read the file."""
    path = tmp_path / "sign-ins.db"
    stores = [SqlitePendingSignIns(path) for _ in range(4)]
    stores[0].keep(ONE, AT)
    with ThreadPoolExecutor(len(stores)) as executor:
        taken = list(executor.map(lambda store: store.take("code", "key", AT), stores))
    for store in stores:
        store.close()
    assert sorted(body is not None for body in taken) == [False, False, False, True]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_refuses(tmp_path: Path) -> None:
    """Nothing is taken for kept that is not; what is closed by default stays closed."""
    store = SqlitePendingSignIns(tmp_path / "sign-ins.db")
    other = SqlitePendingSignIns(tmp_path / "sign-ins.db")
    other._connection.execute("BEGIN IMMEDIATE")  # noqa: SLF001 - as a writer that hangs
    store._connection.execute("PRAGMA busy_timeout = 1").fetchall()  # noqa: SLF001
    with pytest.raises(NotKept):
        store.keep(ONE, AT)
    other.close()
    store.close()
