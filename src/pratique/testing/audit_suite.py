"""What every store of the audit log promises, as tests over one that is empty."""
# ruff: noqa: S101 - a suite asserts

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pratique.admission.audit import (
    GENESIS,
    AuditLog,
    Category,
    Entry,
    Fault,
    Head,
    Link,
    Verification,
)
from pratique.admission.audit.entries import decoded

AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
_PAGE = 3


def an_entry(number: int, category: Category = "login", *, at: datetime | None = None) -> Entry:
    """An entry that differs from those of other numbers; a change makes that version of the law."""
    return Entry(
        entry_id=f"entry-{number}",
        at=at or AT + timedelta(seconds=number),
        category=category,
        operation="Login",
        identity=f"caller-{number}",
        law_version=number if category == "change" else 0,
    )


def all_links(log: AuditLog) -> list[Link]:
    """Everything that the log holds, read in small pages."""
    found: list[Link] = []
    after = 0
    while page := log.links(after=after, limit=_PAGE):
        found += page
        after = page[-1].seq
    return found


def verified(log: AuditLog, known: Sequence[Head] = ()) -> tuple[Fault, ...]:
    """What is wrong with the log."""
    base, head = log.extent()
    verification = Verification(base, known)
    verification.take(all_links(log))
    return verification.end(head)


class AuditLogSuite:
    """Inherit it where a fixture `log` gives an empty store."""

    def test_an_empty_log_verifies(self, log: AuditLog) -> None:
        """Nothing was ever written, and nothing is wrong with that."""
        assert log.extent() == (GENESIS, GENESIS)
        assert log.links(after=0, limit=10) == ()
        assert verified(log) == ()

    def test_entries_come_back_in_their_order(self, log: AuditLog) -> None:
        """Batches follow each other without a gap, and the head is that of the last entry."""
        first = log.append([an_entry(n) for n in range(3)])
        second = log.append([an_entry(n) for n in range(3, 8)])
        links = all_links(log)
        assert [decoded(link.body) for link in links] == [an_entry(n) for n in range(8)]
        assert [link.seq for link in links] == list(range(1, 9))
        assert (links[2].head, links[7].head) == (first, second)
        assert log.extent().head == second
        assert verified(log, [first, second]) == ()

    def test_nothing_to_add_changes_nothing(self, log: AuditLog) -> None:
        """An empty batch leaves the head where it was."""
        head = log.append([an_entry(1)])
        assert log.append([]) == head

    def test_a_change_is_added_once(self, log: AuditLog) -> None:
        """The account of a change that is known, or comes twice in a batch, is left out."""
        changes = [an_entry(n, "change") for n in (1, 2)]
        log.append(changes[:1])
        log.append([*changes, *changes])
        assert [decoded(link.body).entry_id for link in all_links(log)] == ["entry-1", "entry-2"]

    def test_the_newest_come_first(self, log: AuditLog) -> None:
        """The list goes down from the newest, by category where that is asked for."""
        kinds: tuple[Category, ...] = ("login", "repository")
        log.append([an_entry(n, kinds[n % 2]) for n in range(6)])
        newest = log.newest(limit=2, below=None, category=None)
        assert [link.seq for link in newest] == [6, 5]
        further = log.newest(limit=2, below=5, category="login")
        assert [link.seq for link in further] == [3, 1]
        assert log.newest(limit=0, below=None, category=None) == ()

    def test_a_pruned_log_verifies(self, log: AuditLog) -> None:
        """What is older goes; an entry says how much, and the rest follows from what it seals."""
        heads = [log.append([an_entry(n)]) for n in range(6)]
        removed = log.prune(before=AT + timedelta(seconds=4), entry_id="p", at=AT)
        assert removed == 4
        assert log.extent().base == heads[3]
        links = all_links(log)
        assert [link.seq for link in links] == [5, 6, 7]
        told = decoded(links[-1].body)
        assert (told.category, told.removed, told.through) == ("pruned", 4, 4)
        assert verified(log, heads[3:]) == ()

    def test_a_log_is_pruned_again(self, log: AuditLog) -> None:
        """Entries that tell of prunings are pruned like others; the last of them counts."""
        log.append([an_entry(n) for n in range(4)])
        log.prune(before=AT + timedelta(seconds=2), entry_id="p", at=AT + timedelta(seconds=5))
        log.append([an_entry(n) for n in range(6, 9)])
        log.prune(before=AT + timedelta(seconds=7), entry_id="q", at=AT + timedelta(seconds=9))
        assert verified(log) == ()
        assert [link.seq for link in all_links(log)] == [7, 8, 9]

    def test_the_last_entry_stays(self, log: AuditLog) -> None:
        """However old everything is, the chain goes on from something."""
        log.append([an_entry(n) for n in range(3)])
        assert log.prune(before=AT + timedelta(days=1), entry_id="p", at=AT) == 2
        assert verified(log) == ()

    def test_nothing_old_is_no_pruning(self, log: AuditLog) -> None:
        """Where nothing is removed, nothing is said of it."""
        assert log.prune(before=AT, entry_id="p", at=AT) == 0
        log.append([an_entry(1), an_entry(2)])
        assert log.prune(before=AT, entry_id="p", at=AT) == 0
        assert len(all_links(log)) == 2

    def test_a_pruned_change_does_not_come_back(self, log: AuditLog) -> None:
        """The ledger still holds its account; the log has had it."""
        changes = [an_entry(n, "change") for n in range(1, 4)]
        log.append(changes)
        log.prune(before=AT + timedelta(seconds=3), entry_id="p", at=AT + timedelta(seconds=9))
        log.append(changes)
        assert [decoded(link.body).entry_id for link in all_links(log)] == ["entry-3", "p"]
