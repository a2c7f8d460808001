"""What every store of the audit log does alike: what is news, and how a pruning is told."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime

from pratique.admission.audit.chain import Head
from pratique.admission.audit.entries import Entry


def pruning(last: Head, count: int, *, before: datetime, entry_id: str, at: datetime) -> Entry:
    """The entry that tells of a pruning.

    Args:
        last: the last entry that is removed.
        count: how many are.
        before: all of them are older, unless a clock was set back.
        entry_id: of the entry.
        at: now.
    """
    return Entry(
        entry_id=entry_id,
        at=at,
        category="pruned",
        operation="Prune",
        removed=count,
        before=before,
        through=last.seq,
        through_hash=last.hash.hex(),
    )


def worth_adding(
    entries: Sequence[Entry], known: Container[str | None], pruned_until: datetime | None
) -> list[Entry]:
    """The entries without changes that the log holds or has held, each change once.

    Args:
        entries: in their order.
        known: ids of changes that the log holds.
        pruned_until: what was older than this may have been pruned; None when nothing was.
    """
    fresh: list[Entry] = []
    met: set[str] = set()
    for entry in entries:
        if entry.category == "change" and entry.law_version:
            old = pruned_until is not None and entry.at < pruned_until
            if old or entry.entry_id in known or entry.entry_id in met:
                continue
            met.add(entry.entry_id)
        fresh.append(entry)
    return fresh


def pruned_until(last: Entry | None) -> datetime | None:
    """Up to when entries were pruned, by the last entry that tells of a pruning; None for never."""
    return None if last is None else last.before
