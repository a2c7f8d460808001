"""A snapshot that is kept up to date equals one that is read afresh, whatever changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from copy import copy as copied
from typing import Self

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.unit.admission.snapshot_changes import (
    AT,
    RECORD,
    SCOPE,
    Change,
    Drafting,
    changes,
    settled,
    told,
)

from pratique.admission import ControlError, Draft, LedgerMoved, Row, Snapshot, Snapshots
from pratique.admission.changes import applications, attributes, denials, people, roles
from pratique.admission.records import (
    AssignmentRecord,
    DenyRecord,
    PermissionsRecord,
    Record,
    RoleRecord,
    ScopeMapRecord,
    decode,
    kind_and_key,
)
from pratique.admission.snapshot import LawUnreadable, NotPrepared
from pratique.admission.translation import assignment_record
from pratique.storage.metadata.memory.ledger import MemoryLedger

_SOME = settings(max_examples=60, deadline=None)
_SEQUENCES = st.lists(st.tuples(changes(), st.booleans()), min_size=5, max_size=40)
_PULL = "Microsoft.ContainerRegistry/registries/pull/read"
_KEY = "00000000-0000-4000-8000-000000000001"


def append(ledger: MemoryLedger, rows: Sequence[Row]) -> None:
    """Let the rows stand."""
    asyncio.run(ledger.append(ledger.version(), rows))


class Course:
    """A registry in the making, and the snapshot that is kept of it."""

    def __init__(self) -> None:
        self.drafting = Drafting()
        self.ledger = MemoryLedger()
        append(self.ledger, self.drafting.beginning().rows)
        self.kept = Snapshots(self.ledger)

    @classmethod
    def settled(cls) -> Self:
        """One in which everybody is there already."""
        course = cls()
        for change in settled():
            assert course.do(change) is not None
        return course

    def do(self, change: Change) -> Draft | None:
        """Carry out a change; None when it makes no sense on what stands."""
        try:
            draft = self.drafting.draft(change.seen(self.kept.current()))
            change(draft)
        except ControlError:
            return None
        append(self.ledger, draft.rows)
        return draft

    def fresh(self) -> Snapshot:
        """Read from the whole ledger."""
        return Snapshots(self.ledger).current()


def repeat(rows: Iterable[Row], draft: Draft) -> None:
    """Write into the draft what the rows of another one say."""
    held = {a.assignment_id: a for a in draft.snapshot.law.every_assignment()}
    for row in rows:
        if row.body is not None:
            draft.put(decode(row.kind, row.body))
        elif row.kind == "assignment":
            draft.delete(assignment_record(held[row.key]))
        else:
            draft.delete(draft.snapshot.records[row.kind, row.key])


@_SOME
@given(_SEQUENCES)
def test_the_kept_snapshot_equals_one_read_afresh(
    sequence: list[tuple[Change, bool]],
) -> None:
    """After each change, law, directory and verdicts are those of the whole ledger."""
    course = Course.settled()
    for change, _ in sequence:
        if course.do(change) is not None:
            event(change.operation.__name__)
            kept = course.kept.current()
            assert kept.version == course.ledger.version()
            assert told(kept) == told(course.fresh())


@_SOME
@given(_SEQUENCES)
def test_a_keeper_that_looks_seldom_misses_nothing(sequence: list[tuple[Change, bool]]) -> None:
    """What came and went between two looks leaves what a look at each change leaves."""
    course = Course.settled()
    seldom = Snapshots(course.ledger)
    for change, looks in sequence:
        course.do(change)
        if looks:
            seldom.current()
    assert told(seldom.current()) == told(course.kept.current())


@_SOME
@given(_SEQUENCES)
def test_a_trial_equals_doing_it(sequence: list[tuple[Change, bool]]) -> None:
    """The outcome of a draft is what stands once its rows do, and so is a trial upon a trial."""
    course = Course.settled()
    trial = course.kept.current()
    for change, _ in sequence:
        done = course.do(change)
        if done is not None:
            assert told(done.outcome()) == told(course.kept.current())
            again = course.drafting.draft(trial)
            repeat(done.rows, again)
            trial = again.outcome()
    assert told(trial) == told(course.kept.current())


@_SOME
@given(_SEQUENCES)
def test_an_old_snapshot_stays_as_it_was(sequence: list[tuple[Change, bool]]) -> None:
    """Whoever is judged by a snapshot is judged by that one, however the ledger goes on."""
    course = Course.settled()
    before = []
    for change, looks in sequence:
        if looks:
            snapshot = course.kept.current()
            before.append((snapshot, snapshot.version, told(snapshot)))
        course.do(change)
    course.kept.current()
    for snapshot, version, said in before:
        assert snapshot.version == version
        assert told(snapshot) == said


def test_a_ledger_without_a_registry_has_no_snapshot() -> None:
    """Nothing can be judged before the registry is there."""
    with pytest.raises(NotPrepared, match="pratique init"):
        Snapshots(MemoryLedger()).current()


_UNREADABLE = [
    Row("registry", "", b"{}"),
    Row("assignment", _KEY, b"{"),
    Row("assignment", _KEY, b""),
    Row("assignment", _KEY, b'{"assignment_id": 1}'),
    Row("user", _KEY, b"[]"),
    Row("role", _KEY, b"\xff"),
    Row("deny", _KEY, b'{"deny_id": "x"}'),
    Row("a kind of tomorrow", _KEY, b"{}"),
]


@pytest.mark.parametrize("row", _UNREADABLE, ids=lambda row: f"{row.kind} {row.body!r}")
def test_a_record_that_cannot_be_read_closes_everything(row: Row) -> None:
    """Neither a running keeper nor a new one judges by the rest, until the record is mended."""
    course = Course()
    before = course.kept.current()
    append(course.ledger, [row])
    for keeper in (course.kept, Snapshots(course.ledger)):
        for _ in range(2):
            with pytest.raises(LawUnreadable, match=f"`{row.kind}/{row.key}` cannot be read"):
                keeper.current()
    mended = before.registry if row.kind == "registry" else None
    body = None if mended is None else msgspec.json.encode(mended)
    append(course.ledger, [Row(row.kind, row.key, body)])
    assert told(course.kept.current()) == told(before)


_READ_AND_MEANINGLESS = [
    AssignmentRecord(_KEY, _KEY, _KEY, "nowhere", AT),
    RoleRecord(_KEY, "Pilot", "", PermissionsRecord(), ("nowhere",), AT),
    DenyRecord(_KEY, "stop", "", PermissionsRecord(), "nowhere", (_KEY,), (), True, AT),  # noqa: FBT003
    ScopeMapRecord("mine-map", "", ("repositories/a/content/paint",), AT),
    msgspec.structs.replace(RECORD, resource_group="a/b"),
]


@pytest.mark.parametrize("record", _READ_AND_MEANINGLESS, ids=lambda r: kind_and_key(r)[0])
def test_a_record_that_has_no_meaning_closes_everything(record: Record) -> None:
    """What was written by another version, or by hand, is not read as far as it goes."""
    course = Course()
    course.kept.current()
    append(course.ledger, [Row(*kind_and_key(record), msgspec.json.encode(record))])
    for keeper in (course.kept, Snapshots(course.ledger)):
        with pytest.raises(LawUnreadable):
            keeper.current()


def test_a_good_change_beside_an_unreadable_record_counts_only_with_it() -> None:
    """A change that comes with, or after, what cannot be read is not judged by alone."""
    course = Course()
    old = course.kept.current()
    draft = course.drafting.draft(old)
    people.create_user(draft, "ada", None, "no hash")
    append(course.ledger, [*draft.rows, Row("deny", _KEY, b"{")])
    with pytest.raises(LawUnreadable):
        course.kept.current()
    append(course.ledger, [Row("deny", _KEY, None)])
    assert "ada" in course.kept.current().directory.users


def test_an_older_store_in_its_place_is_read_afresh() -> None:
    """What somebody undid by restoring a copy is undone with the next look."""
    course = Course()
    copy = {name: copied(value) for name, value in vars(course.ledger).items()}
    course.do(Change(people.create_user, ("ada", None, "no hash")))
    course.do(Change(roles.assign, (roles.WantedAssignment("Owner", "ada", SCOPE),)))
    assert "ada" in course.kept.current().directory.users
    vars(course.ledger).update(copy)
    restored = course.kept.current()
    assert told(restored) == told(Snapshots(course.ledger).current())
    assert "ada" not in restored.directory.users


def _everything_about(course: Course, make: Change) -> str:
    """Make a principal called `ada` and all that can hang on one; its object id."""
    course.do(make)
    course.do(Change(people.create_group, ("crew",)))
    course.do(Change(people.add_member, ("crew", "ada")))
    for role in ("AcrPull", "Owner"):
        course.do(Change(roles.assign, (roles.WantedAssignment(role, "ada", SCOPE),)))
    course.do(Change(attributes.set_attribute, ("ada", "Eng_Team", ("red",))))
    return course.kept.current().find_principal("ada").object_id


_MADE_AND_DELETED = [
    (Change(people.create_user, ("ada", None, "no hash")), Change(people.delete_user, ("ada",))),
    (Change(applications.create, ("ada", 30)), Change(applications.delete, ("ada",))),
    (Change(people.create_group, ("ada",)), Change(people.delete_group, ("ada",))),
]


@pytest.mark.parametrize(("make", "delete"), _MADE_AND_DELETED)
def test_deleting_a_principal_leaves_nothing_of_it(make: Change, delete: Change) -> None:
    """No record and no part of the law names it any more; its group and the others stay."""
    course = Course()
    object_id = _everything_about(course, make)
    course.do(delete)
    left = course.kept.current()
    assert object_id not in _bodies(course.ledger)
    assert object_id not in repr(told(left))
    assert [g.display_name for g in left.directory.groups.values()] == ["crew"]
    assert left.law.where.keys() == {left.find_principal("owner").object_id}


@pytest.mark.parametrize(("make", "delete"), _MADE_AND_DELETED)
def test_deleting_a_principal_takes_it_out_of_deny_assignments(
    make: Change, delete: Change
) -> None:
    """A deny assignment names it no more, neither as refused nor as excluded."""
    course = Course()
    object_id = _everything_about(course, make)
    for number, (named, excluded) in enumerate([(("ada", "owner"), ()), (("owner",), ("ada",))]):
        wanted = denials.WantedDenial(
            *(f"no pull {number}", "", PermissionsRecord((_PULL,)), SCOPE),
            *(named, False, excluded),
        )
        course.do(Change(denials.create_denial, (wanted,)))
    course.do(delete)
    assert object_id not in _bodies(course.ledger)


def _bodies(ledger: MemoryLedger) -> str:
    return json.dumps([row.body.decode() for row in ledger.read(0)[1] if row.body is not None])


def test_two_changes_of_one_snapshot_do_not_both_stand() -> None:
    """The second of two drafts on one version is refused, and nothing of it stands."""
    course = Course()
    snapshot = course.kept.current()
    first, second = course.drafting.draft(snapshot), course.drafting.draft(snapshot)
    people.create_user(first, "ada", None, "no hash")
    people.create_user(second, "ada", None, "no hash")
    append(course.ledger, first.rows)
    with pytest.raises(LedgerMoved):
        asyncio.run(course.ledger.append(snapshot.version, second.rows))
    assert told(course.kept.current()) == told(course.fresh())
    assert len(course.kept.current().directory.users) == 2
