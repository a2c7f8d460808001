"""Whoever edits the audit log's file past the product is found out, and the place is named."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pratique.admission.audit import Fault, Head, Verification, linked
from pratique.storage.metadata.sqlite.audit import SqliteAuditLog
from pratique.testing.audit_suite import AT, all_links, an_entry, verified

ROWS = 7
COLUMNS = ("seq", "at", "category", "change_id", "body", "hash")
Tamper = Callable[[sqlite3.Connection], Any]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of logins and changes, pruned once: its entries are 3 to 9; to be copied."""
    path = tmp_path_factory.mktemp("audit") / "audit.db"
    with closing(SqliteAuditLog(path)) as log:
        kinds = ("login", "change", "repository")
        log.append([an_entry(n, kinds[n % 3]) for n in range(1, 9)])  # type: ignore[arg-type]
        log.prune(before=AT + timedelta(seconds=3), entry_id="p", at=AT + timedelta(seconds=9))
    return path


@contextmanager
def _tampered(written: Path, tamper: Tamper) -> Iterator[SqliteAuditLog]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "audit.db"
        shutil.copy(written, path)
        with closing(sqlite3.connect(path)) as connection:
            tamper(connection)
            connection.commit()
        with closing(SqliteAuditLog(path)) as log:
            yield log


def _faults(written: Path, tamper: Tamper, *known: Head) -> tuple[Fault, ...]:
    with _tampered(written, tamper) as log:
        return verified(log, known)


def _head(written: Path) -> Head:
    with closing(SqliteAuditLog(written)) as log:
        return log.extent().head


def _flipped(value: int | str | bytes, place: int, bit: int) -> int | str | bytes:
    """The value with one bit of one of its bytes turned."""
    if isinstance(value, int):
        return value ^ (1 << (place * 8 + bit) % 40)
    content = bytearray(value.encode() if isinstance(value, str) else value)
    content[place % len(content)] ^= 1 << bit
    return bytes(content) if isinstance(value, bytes) else content.decode("latin-1")


def test_untouched_it_verifies(written: Path) -> None:
    """What the product wrote is whole, and its own head agrees."""
    assert _faults(written, lambda _: None, _head(written)) == ()


@given(
    row=st.integers(0, ROWS - 1),
    column=st.sampled_from(COLUMNS),
    place=st.integers(0, 400),
    bit=st.integers(0, 7),
)
@example(row=0, column="body", place=13, bit=7)
def test_any_turned_bit_is_named(
    written: Path, row: int, column: str, place: int, bit: int
) -> None:
    """One bit of any column of any row: the row itself, or what it became, is among the faults."""
    seqs = list(range(3, 3 + ROWS))

    def tamper(connection: sqlite3.Connection) -> None:
        seq = seqs[row]
        (value,) = connection.execute(
            f"SELECT {column} FROM audit WHERE seq = ?",  # noqa: S608 - one of `COLUMNS`
            (seq,),
        ).fetchone()
        changed = "other" if value is None else _flipped(value, place, bit)
        connection.execute(
            f"UPDATE OR REPLACE audit SET {column} = ? WHERE seq = ?",  # noqa: S608 - as above
            (changed, seq),
        )

    faults = _faults(written, tamper)
    assert faults
    # A row of another number is named by that, or by the gap that it leaves.
    assert column == "seq" or seqs[row] in {fault.seq for fault in faults}


@pytest.mark.parametrize("seq", range(3, 3 + ROWS))
def test_a_deleted_row_is_named(written: Path, seq: int) -> None:
    """Where an entry is gone, the one after it does not follow; or the end is not where it was."""
    faults = _faults(written, lambda c: c.execute("DELETE FROM audit WHERE seq = ?", (seq,)))
    assert {fault.seq for fault in faults} & {seq, seq + 1, seq - 1}


@pytest.mark.parametrize("seq", range(3, 2 + ROWS))
def test_exchanged_rows_are_named(written: Path, seq: int) -> None:
    """Two entries that change places follow from nothing."""

    def tamper(connection: sqlite3.Connection) -> None:
        for old, new in ((seq, -7), (seq + 1, seq), (-7, seq + 1)):
            connection.execute("UPDATE audit SET seq = ? WHERE seq = ?", (new, old))

    assert seq in {fault.seq for fault in _faults(written, tamper)}


@pytest.mark.parametrize("copied", [3, 6, 9])
@pytest.mark.parametrize("at", [1, 2, 10, 99])
def test_an_inserted_row_is_named(written: Path, copied: int, at: int) -> None:
    """A copy of a true entry, before, after or far behind the others, belongs nowhere."""

    def tamper(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO audit SELECT ?, at, category, NULL, body, hash FROM audit WHERE seq = ?",
            (at, copied),
        )

    assert at in {fault.seq for fault in _faults(written, tamper)}


def test_a_careless_cut_is_named(written: Path) -> None:
    """Where only the last rows are deleted, the store's own head tells."""
    last = 2 + ROWS
    faults = _faults(written, lambda c: c.execute("DELETE FROM audit WHERE seq = ?", (last,)))
    assert any(f"the store says that the log ends at {last}" in fault.says for fault in faults)


def _cut(connection: sqlite3.Connection, seq: int) -> None:
    connection.execute("DELETE FROM audit WHERE seq > ?", (seq,))
    connection.execute(
        "UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit WHERE seq = ?)", (seq,)
    )


def test_a_careful_cut_needs_a_kept_head(written: Path) -> None:
    """A cut after which everything fits is found by a head from elsewhere, and by nothing else."""
    # The entry that seals the pruning is the last, so a log is cut that was never pruned.
    with TemporaryDirectory() as folder:
        path = Path(folder) / "audit.db"
        with closing(SqliteAuditLog(path)) as log:
            kept = log.append([an_entry(n) for n in range(5)])
        assert _faults(path, lambda c: _cut(c, 3)) == ()
        (fault,) = _faults(path, lambda c: _cut(c, 3), kept)
    assert (fault.seq, "cut off" in fault.says) == (5, True)
    # Here the seal is cut away, and what is missing at the beginning is missed.
    assert _faults(written, lambda c: _cut(c, 8))


def test_a_new_chain_needs_a_kept_head(tmp_path: Path) -> None:
    """Whoever writes everything anew is found by a head from elsewhere, and by nothing else."""
    with closing(SqliteAuditLog(tmp_path / "true.db")) as log:
        kept = log.append([an_entry(n) for n in range(5)])
    with closing(SqliteAuditLog(tmp_path / "forged.db")) as log:
        log.append([an_entry(n) for n in (0, 1, 2, 8, 9)])
        assert verified(log) == ()
        (fault,) = verified(log, [kept])
    assert (fault.seq, "another entry" in fault.says) == (5, True)


def test_entries_taken_from_the_beginning_are_missed(written: Path) -> None:
    """Only a pruning that is told in the chain itself may take the first entries."""
    faults = _faults(written, lambda c: c.execute("DELETE FROM audit WHERE seq < 5"))
    assert 5 in {fault.seq for fault in faults}


def test_a_head_of_a_pruned_entry_cannot_be_compared(written: Path) -> None:
    """It is said that it was not compared, instead of nothing."""
    (fault,) = _faults(written, lambda _: None, Head(1, bytes(32)))
    assert "pruned" in fault.says


def test_the_hash_depends_on_everything_before() -> None:
    """The same entry after another one has another hash."""
    entry, genesis = an_entry(1), Head(0, bytes(32))
    (alone,) = linked(genesis, [entry])
    *_, after = linked(genesis, [an_entry(2), entry])
    assert alone.hash != after.hash
    assert Verification(genesis).end(genesis) == ()


def test_a_log_that_was_cut_does_not_heal(written: Path) -> None:
    """What is written after a careless cut leaves the gap for everybody to see."""
    with _tampered(written, lambda c: c.execute("DELETE FROM audit WHERE seq = 9")) as log:
        log.append([an_entry(50)])
        assert [link.seq for link in all_links(log)][-2:] == [8, 10]
        assert 10 in {fault.seq for fault in verified(log)}
