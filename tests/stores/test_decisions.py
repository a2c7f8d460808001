"""Decisions and uses are kept alike in all stores, by several processes, on bad disks."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from tests.support.postgres import PostgresServer, fresh_database

from pratique.admission.decisions import (
    CONSULTED_KEPT,
    NAMES_KEPT,
    OTHERS,
    ConsultedRecord,
    DecisionRecord,
    Decisions,
    GrantUse,
    LastUse,
    Place,
)
from pratique.naming import RepositoryName
from pratique.registry.errors import StorageFailed, StorageFull
from pratique.storage.metadata.memory.decisions import MemoryDecisions
from pratique.storage.metadata.postgres import PostgresDatabase
from pratique.storage.metadata.postgres.decisions import PostgresDecisions
from pratique.storage.metadata.sqlite.decisions import SqliteDecisions

AT = datetime(2026, 1, 5, tzinfo=UTC)
DAY = AT.date()
LONG_AGO = AT - timedelta(days=1000)
A_DAY = timedelta(days=1)

GRANT = ConsultedRecord(
    assignment_id="1b2c",
    role="AcrPull",
    principal_id="9f",
    principal="ada",
    scope="/subscriptions/s/resourceGroups/r",
    outcome="condition-false",
    failed="@Resource[name] StringEquals 'é'",
    through_group="77",
)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Decisions]:
    """A store of each kind, empty."""
    if request.param == "memory":
        yield MemoryDecisions()
    elif request.param == "sqlite":
        with opened(tmp_path / "decisions.db") as decisions:
            yield decisions
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        database = PostgresDatabase.open(fresh_database(server))
        yield PostgresDecisions(database)
        database.close()


@contextmanager
def opened(path: Path) -> Iterator[SqliteDecisions]:
    """The store in a file."""
    store = SqliteDecisions(path)
    try:
        yield store
    finally:
        store.close()


def refusal(
    number: int,
    *,
    minutes: int | None = None,
    caller_id: str = "ada",
    resource: str = "team/app",
    client: str = "192.0.2.1",
) -> DecisionRecord:
    """A refusal, a minute after the one of the number before unless said otherwise."""
    return DecisionRecord(
        decision_id=f"d{number:05}",
        at=AT + timedelta(minutes=number if minutes is None else minutes),
        kind="refused",
        reason="no-role-grants-it",
        caller_id=caller_id,
        resource=resource,
        client=client,
    )


def ids(store: Decisions, since: datetime = LONG_AGO, limit: int = 100, **wanted: str) -> list[str]:
    """The ids of the newest decisions."""
    return [
        record.decision_id
        for record in store.newest(
            since=since,
            limit=limit,
            caller_id=wanted.get("caller_id"),
            resource=wanted.get("resource"),
        )
    ]


def prune(
    store: Decisions,
    *,
    before: datetime = LONG_AGO,
    keep: int = 1000,
    keep_each: int = 1000,
    uses_before: date = date.min,
) -> None:
    """Prune by one rule, the others being wide."""
    store.prune(before=before, keep=keep, keep_each=keep_each, uses_before=uses_before)


def test_an_empty_store(store: Decisions) -> None:
    """Nothing is found, listed, used, begun or pruned where nothing was recorded."""
    store.record([], [])
    prune(store)
    assert store.find("d00001") is None
    assert store.newest(since=LONG_AGO, limit=10) == ()
    assert store.uses_since(date.min) == ()
    assert store.started_on() is None


def test_everything_comes_back(store: Decisions) -> None:
    """All that a record says is kept, to the microsecond, and a bare sign-in refusal too."""
    whole = DecisionRecord(
        decision_id="d1",
        at=AT + timedelta(microseconds=123457),
        kind="refused",
        reason="condition-false",
        sentence="ada may not pull `team/app` — ask its owner",
        caller_kind="user",
        caller_id="9f",
        caller="ada",
        action="pull",
        permission="Microsoft.ContainerRegistry/registries/pull/read",
        resource=RepositoryName("team/app"),
        law_version=7,
        consulted=(GRANT,) * CONSULTED_KEPT,
        consulted_count=812,
        client="2001:db8::1",
    )
    bare = DecisionRecord(decision_id="d2", at=AT, kind="sign-in refused", reason="wrong")
    store.record([whole, bare], [])
    assert (store.find("d1"), store.find("d2"), store.find("d3")) == (whole, bare, None)
    assert store.newest(since=LONG_AGO, limit=9) == (whole, bare)


def test_recording_again_changes_nothing(store: Decisions) -> None:
    """A batch that is given twice, or overlaps another, is there once and as it first was."""
    use = GrantUse("g", "pull", DAY, "team/app")
    store.record([refusal(1)], [use])
    store.record([refusal(1, caller_id="other"), refusal(2)], [use, use])
    assert store.newest(since=LONG_AGO, limit=9) == (refusal(2), refusal(1))
    assert store.uses_since(DAY) == (LastUse("g", "pull", DAY, ("team/app",)),)


def test_newest_first(store: Decisions) -> None:
    """Lists are by time, then by id, whatever the order of recording; bounds are inclusive."""
    store.record([refusal(2), refusal(1), refusal(4, minutes=3), refusal(3)], [])
    assert ids(store) == ["d00004", "d00003", "d00002", "d00001"]
    assert ids(store, AT + timedelta(minutes=2)) == ["d00004", "d00003", "d00002"]
    assert ids(store, AT + timedelta(minutes=4)) == []
    assert [ids(store, limit=limit) for limit in (2, 0, -1)] == [["d00004", "d00003"], [], []]


def test_times_are_compared_across_zones(store: Decisions) -> None:
    """A time in another zone is the instant that it means."""
    east = timezone(timedelta(hours=9))
    store.record([refusal(1)], [])
    noted = AT + timedelta(minutes=1)
    assert ids(store, noted.astimezone(east)) == ["d00001"]
    assert ids(store, noted.replace(tzinfo=east)) == ["d00001"]
    assert ids(store, (noted + timedelta(seconds=1)).astimezone(east)) == []


def test_lists_of_a_caller_or_of_a_resource(store: Decisions) -> None:
    """Both narrow the list, exactly and together."""
    store.record(
        [
            refusal(1, caller_id="bob"),
            refusal(2, resource="team/app2"),
            refusal(3, caller_id="bob", resource="team/app2"),
            refusal(4),
        ],
        [],
    )
    assert ids(store, caller_id="bob") == ["d00003", "d00001"]
    assert ids(store, resource="team/app") == ["d00004", "d00001"]
    assert ids(store, caller_id="bob", resource="team/app2") == ["d00003"]
    assert ids(store, caller_id="bob", resource="team") == []
    assert ids(store, AT + timedelta(minutes=2), limit=1, caller_id="bob") == ["d00003"]


def test_pages_hang_together(store: Decisions) -> None:
    """Page after page shows each record once, though many share a moment and some go meanwhile."""
    store.record([refusal(number, minutes=number // 4) for number in range(30)], [])
    seen: list[str] = []
    after: Place | None = None
    while page := store.newest(since=LONG_AGO, limit=7, after=after):
        seen += [record.decision_id for record in page]
        after = page[-1].place
        store.record([refusal(100 + len(seen), minutes=99)], [])
    assert seen == [f"d{number:05}" for number in reversed(range(30))]
    prune(store, keep=2)
    assert ids(store) == ["d00130", "d00128"]
    assert store.newest(since=LONG_AGO, limit=7, after=Place(AT, "d00003")) == ()


def test_a_grants_last_use(store: Decisions) -> None:
    """Of each grant and action the last day counts, in whatever order days arrive."""
    store.record([], [GrantUse("g2", "push", DAY, "a"), GrantUse("g1", "pull", DAY, "b")])
    store.record([], [GrantUse("g2", "push", DAY - A_DAY, "a"), GrantUse("g2", "pull", DAY, "a")])
    store.record([], [GrantUse("g1", "catalog", DAY - A_DAY), GrantUse("g1", "pull", DAY + A_DAY)])
    assert store.uses_since(DAY - A_DAY) == (
        LastUse("g1", "catalog", DAY - A_DAY),
        LastUse("g1", "pull", DAY + A_DAY, ("b",)),
        LastUse("g2", "pull", DAY, ("a",)),
        LastUse("g2", "push", DAY, ("a",)),
    )
    assert store.uses_since(DAY + A_DAY) == (LastUse("g1", "pull", DAY + A_DAY),)


def test_names_of_repositories_are_bounded(store: Decisions) -> None:
    """Beyond twenty repositories of a grant and action, one only knows that there are others."""
    names = [f"team/app{number:02}" for number in range(NAMES_KEPT + 1)]
    for name in names[:-1]:
        store.record([], [GrantUse("g", "pull", DAY, name)])
    store.record([], [GrantUse("g", "pull", DAY + A_DAY, names[3])])
    kept = tuple(names[:-1])
    assert store.uses_since(DAY) == (LastUse("g", "pull", DAY + A_DAY, kept),)
    later = DAY + 2 * A_DAY
    store.record([], [GrantUse("g", "pull", later, names[-1]), GrantUse("g", "push", DAY, "x")])
    assert store.uses_since(DAY) == (
        LastUse("g", "pull", later, kept, and_others=True),
        LastUse("g", "push", DAY, ("x",)),
    )
    assert store.uses_since(later) == (LastUse("g", "pull", later, (), and_others=True),)
    store.record([], [GrantUse("g", "pull", later + A_DAY, names[0])])
    assert store.uses_since(later + A_DAY) == (
        LastUse("g", "pull", later + A_DAY, (names[0],), and_others=False),
    )


def test_others_without_a_name(store: Decisions) -> None:
    """A use on others than those named takes no name's place."""
    store.record([], [GrantUse("g", "pull", DAY, OTHERS), GrantUse("g", "pull", DAY, "a")])
    store.record([], [GrantUse("g", "pull", DAY - A_DAY, OTHERS)])
    assert store.uses_since(DAY) == (LastUse("g", "pull", DAY, ("a",), and_others=True),)


def test_old_decisions_are_forgotten(store: Decisions) -> None:
    """Those before the moment go, the one at the moment stays."""
    store.record([refusal(number) for number in range(5)], [])
    prune(store, before=AT + timedelta(minutes=3))
    assert ids(store) == ["d00004", "d00003"]
    assert store.find("d00002") is None


def test_too_many_decisions_are_forgotten(store: Decisions) -> None:
    """The newest stay, however many must go at once."""
    store.record([refusal(number) for number in range(2500)], [])
    prune(store, keep=3, keep_each=9000)
    assert ids(store) == ["d02499", "d02498", "d02497"]
    prune(store, keep=0)
    assert ids(store) == []


def test_a_noisy_source_pushes_out_only_its_own(store: Decisions) -> None:
    """Of each source so many stay; addresses of one IPv6 network are one source."""
    noise = [refusal(number, client=f"2001:db8::{number}") for number in range(100, 200)]
    store.record([*noise, refusal(1), refusal(2, client="198.51.100.7")], [])
    prune(store, keep=20, keep_each=5)
    assert ids(store) == [f"d{n:05}" for n in (199, 198, 197, 196, 195, 2, 1)]


def test_old_uses_are_forgotten(store: Decisions) -> None:
    """Days before the given one go from grants, names and others alike; the rest stays."""
    day_before = DAY - A_DAY
    store.record(
        [],
        [
            GrantUse("old", "pull", day_before, "a"),
            GrantUse("g", "pull", day_before, "a"),
            GrantUse("g", "pull", day_before, OTHERS),
            GrantUse("g", "pull", DAY, "b"),
        ],
    )
    prune(store, uses_before=DAY)
    assert store.uses_since(date.min) == (LastUse("g", "pull", DAY, ("b",)),)


def test_recording_began_once(store: Decisions) -> None:
    """The day of the first batch, in UTC, stands whatever comes or goes later."""
    east = timezone(timedelta(hours=9))
    first = refusal(1, minutes=-60)
    store.record(
        [DecisionRecord(decision_id="e", at=first.at.astimezone(east), kind="refused", reason="r")],
        [GrantUse("g", "pull", DAY)],
    )
    store.record([], [GrantUse("g", "pull", DAY - 9 * A_DAY)])
    prune(store, before=AT + A_DAY, keep=0, keep_each=0, uses_before=date.max)
    assert store.started_on() == DAY - A_DAY


def test_a_record_that_means_nothing_is_refused() -> None:
    """A time without a zone, and more consulted than is kept or counted, are mistakes."""
    for consulted, count in ((CONSULTED_KEPT + 1, 99), (2, 1)):
        with pytest.raises(ValueError, match="consulted"):
            DecisionRecord(
                decision_id="d",
                at=AT,
                kind="refused",
                reason="r",
                consulted=(GRANT,) * consulted,
                consulted_count=count,
            )
    with pytest.raises(ValueError, match="time zone"):
        DecisionRecord(decision_id="d", at=AT.replace(tzinfo=None), kind="refused", reason="r")


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    """One text that is no text lets nothing of its batch in, and the next batch is well."""
    with opened(tmp_path / "decisions.db") as store:
        with pytest.raises(ValueError, match="surrogates"):
            store.record([refusal(1), refusal(2, caller_id="\ud800")], [])
        with pytest.raises(ValueError, match="surrogates"):
            store.record([refusal(1)], [GrantUse("g", "pull", DAY, "\ud800")])
        assert (ids(store), store.started_on()) == ([], None)
        store.record([refusal(3)], [])
        assert ids(store) == ["d00003"]


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody else may read it, nor what SQLite puts beside it."""
    with opened(tmp_path / "decisions.db") as store:
        store.record([refusal(1)], [])
        store.find("d00001")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert {"decisions.db", "decisions.db-wal", "decisions.db-shm"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_it_outlives_the_handle(tmp_path: Path) -> None:
    """What was recorded is there for the next one who opens the file; a closed one refuses."""
    with opened(tmp_path / "decisions.db") as store:
        store.record([refusal(1)], [GrantUse("g", "pull", DAY, "a")])
    with pytest.raises(StorageFailed):
        store.find("d00001")
    with opened(tmp_path / "decisions.db") as store:
        assert store.find("d00001") == refusal(1)
        assert store.uses_since(DAY) == (LastUse("g", "pull", DAY, ("a",)),)


def test_any_thread_may_call(tmp_path: Path) -> None:
    """Threads that write and read at once through one handle find all that was written."""
    faults: list[Exception] = []
    with opened(tmp_path / "decisions.db") as store:

        def work(first: int) -> None:
            try:
                for number in range(first, first + 50):
                    store.record([refusal(number)], [GrantUse("g", "pull", DAY, f"app{number}")])
                    assert store.find(f"d{number:05}") == refusal(number)
            except Exception as error:  # noqa: BLE001 - told below
                faults.append(error)

        threads = [threading.Thread(target=work, args=(50 * n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert len(ids(store, limit=1000)) == 200


WRITER = """
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from pratique.admission.decisions import DecisionRecord, GrantUse
from pratique.storage.metadata.sqlite.decisions import SqliteDecisions
store, name = SqliteDecisions(Path(sys.argv[1])), sys.argv[2]
day = date(2026, 1, 5)
sys.stdin.readline()
for number in range(60):
    at = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=number)
    batch = [
        DecisionRecord(decision_id=f"{name}{number:02}{n}", at=at, kind="refused", reason="r")
        for n in range(5)
    ]
    uses = [GrantUse("g", "pull", day, f"{name}/{number}"), GrantUse(name, "pull", day)]
    store.record(batch, uses)
    if number % 10 == 0:
        store.prune(before=at.replace(year=2000), keep=9999, keep_each=9999, uses_before=date.min)
    print(number, flush=True)
"""


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    """Processes that make the file together and write to it together lose nothing."""
    path = tmp_path / "decisions.db"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in "abc"
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert (writer.returncode, errors) == (0, "")
    with opened(path) as store:
        found = ids(store, limit=2000)
        assert sorted(found) == sorted(
            f"{name}{number:02}{n}" for name in "abc" for number in range(60) for n in range(5)
        )
        *own, grant = store.uses_since(DAY)
        assert (len(grant.repositories), grant.and_others) == (NAMES_KEPT, True)
        assert [use.grant_id for use in own] == ["a", "b", "c"]


def test_a_killed_writer_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """What a process had recorded when it was killed is there, and the file opens."""
    path = tmp_path / "decisions.db"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), "k"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
        acknowledged = [int(writer.stdout.readline()) for _ in range(15)][-1]
        os.kill(writer.pid, signal.SIGKILL)
    with opened(path) as store:
        found = set(ids(store, limit=2000))
        assert {f"k{number:02}4" for number in range(acknowledged + 1)} <= found
        assert len(found) % 5 == 0
        store.record([refusal(1)], [])


def test_another_writer_is_waited_for(tmp_path: Path) -> None:
    """A short write of somebody else delays a record; what is read does not wait for it."""
    path = tmp_path / "decisions.db"
    with opened(path) as store:
        store.record([refusal(1)], [])
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            recording = threading.Thread(target=store.record, args=([refusal(2)], []))
            recording.start()
            assert ids(store) == ["d00001"]
            assert recording.is_alive()
            other.execute("COMMIT")
            recording.join()
        assert ids(store) == ["d00002", "d00001"]


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A file of a version to come is not touched; the operator is told which it takes."""
    path = tmp_path / "decisions.db"
    with opened(path) as store:
        store.record([refusal(1)], [])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    with opened(path) as store:
        with pytest.raises(StorageFailed) as unread:
            store.find("d00001")
        with pytest.raises(StorageFailed) as unwritten:
            store.record([refusal(2)], [])
        for refused in (unread, unwritten):
            assert "newer version of pratique" in refused.value.detail
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM decisions").fetchone() == (1,)


def test_a_damaged_file(tmp_path: Path) -> None:
    """It is told as such by each call; when it was put aside, the same handle goes on anew."""
    path = tmp_path / "decisions.db"
    path.write_bytes(b"no database at all" * 1000)
    with opened(path) as store:
        for _ in range(2):
            with pytest.raises(StorageFailed):
                store.record([refusal(1)], [])
            with pytest.raises(StorageFailed):
                store.find("d00001")
        path.rename(tmp_path / "damaged.db")
        store.record([refusal(1)], [])
        assert store.find("d00001") == refusal(1)


def test_a_damaged_record(tmp_path: Path) -> None:
    """A record that is no record is the storage's fault, and does not hide the others by id."""
    path = tmp_path / "decisions.db"
    with opened(path) as store:
        store.record([refusal(1), refusal(2)], [])
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE decisions SET body = '{}' WHERE decision_id = 'd00001'")
        with pytest.raises(StorageFailed) as failed:
            store.find("d00001")
        assert "cannot be read" in failed.value.detail
        assert store.find("d00002") == refusal(2)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Making the store asks nothing of the disk; calls fail until the folder is there."""
    path = tmp_path / "later" / "decisions.db"
    with opened(path) as store:
        with pytest.raises(StorageFailed):
            store.record([refusal(1)], [])
        path.parent.mkdir()
        store.record([refusal(1)], [])
        assert ids(store) == ["d00001"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(mounted)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("a bad disk was NOT tested: there is no `mount` here")
    if done.returncode != 0:
        pytest.skip(f"a bad disk was NOT tested: it takes root to mount one: {done.stderr}")
    yield mounted
    subprocess.run(["umount", str(mounted)], check=True)


def test_a_full_disk(disk: Path) -> None:
    """It is told as full, keeps what it has, and takes the same batch once there is room."""
    with opened(disk / "decisions.db") as store:
        store.record([refusal(1)], [])
        filler = disk / "filler"
        with pytest.raises(OSError, match="No space"):
            filler.write_bytes(b"\0" * 4_000_000)
        batch = [refusal(number, resource="r" * 200) for number in range(2, 2000)]
        with pytest.raises(StorageFull):
            store.record(batch, [])
        filler.unlink()
        assert ids(store) == ["d00001"]
        store.record(batch[:500], [])
        assert len(ids(store, limit=1000)) == 501


def test_a_file_put_aside_after_a_fault(disk: Path) -> None:
    """Both what is written and what is read go on in the file that is there now."""
    path = disk / "decisions.db"
    with opened(path) as store:
        store.record([refusal(1)], [])
        assert store.find("d00001") == refusal(1)
        filler = disk / "filler"
        with pytest.raises(OSError, match="No space"):
            filler.write_bytes(b"\0" * 4_000_000)
        with pytest.raises(StorageFull):
            store.record([refusal(number, resource="r" * 200) for number in range(2000)], [])
        for side in ("", "-wal", "-shm"):
            aside = disk / f"aside{side}"
            (disk / f"decisions.db{side}").replace(aside)
        filler.unlink()
        store.record([refusal(2)], [])
        assert ids(store) == ["d00002"]
    with opened(path) as store:
        assert ids(store) == ["d00002"]


def test_a_disk_full_from_the_beginning(disk: Path) -> None:
    """A store that could not even be made is made once there is room."""
    filler = disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(b"\0" * 4_000_000)
    with opened(disk / "decisions.db") as store:
        with pytest.raises((StorageFull, StorageFailed)):
            store.record([refusal(1)], [])
        filler.unlink()
        store.record([refusal(1)], [])
        assert ids(store) == ["d00001"]


def test_a_disk_that_turns_read_only(disk: Path) -> None:
    """Writing fails as the storage's fault, and goes on when the disk is well again."""
    with opened(disk / "decisions.db") as store:
        store.record([refusal(1)], [])
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with opened(disk / "decisions.db") as store:
        with pytest.raises(StorageFailed):
            store.record([refusal(2)], [])
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        store.record([refusal(2)], [])
        assert ids(store) == ["d00002", "d00001"]
