"""The audit log: its entries as they are stored, its head, and its pruning."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pratique.access import FolderOwner
from pratique.admission import NotFound, Unacceptable
from pratique.admission.audit import CATEGORIES, AuditLog, Auditor, Link
from pratique.admission.audit.log import PRUNED_AT_ONCE
from pratique.http.management import access_shapes
from pratique.http.management.visit import Visit
from pratique.http.wire.answers import Given
from pratique.http.wire.queries import UnreadableQuery
from pratique.naming.moments import Since

MOST_AT_ONCE: Final = 1000
DEFAULT_LIMIT: Final = 100
# The bodies of a page in all; one alone may be more.
_PAGE_BYTES: Final = 2 * 1024 * 1024
Sequence = Annotated[int, Meta(ge=0, le=10**18 - 1)]


class Pruning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries that were made before go; a time, or so long ago."""

    before: str


class WhichEntries(msgspec.Struct, frozen=True):
    """A page of entries: after one in their order, or below one and the newest first."""

    after: Sequence | None = None
    below: Sequence | None = None
    category: Annotated[str, Meta(extra_json_schema={"enum": list(CATEGORIES)})] | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)] = DEFAULT_LIMIT


async def list_audit_entries(
    visit: Visit, query: WhichEntries
) -> Given[access_shapes.AuditEntries]:
    """Entries in their order, beyond `after`; or, without it, the newest first, below `below`."""
    visit.view()
    limit, after, below, category = query.limit, query.after, query.below, query.category
    if category is not None and category not in CATEGORIES:
        raise UnreadableQuery(f"`category` is one of {', '.join(CATEGORIES)}")
    if after is not None:
        if category is not None or below is not None:
            raise UnreadableQuery("with `after` every entry comes; leave the rest out")
        found = await _auditor(visit).read(lambda log: log.links(after=after, limit=limit))
    else:
        found = await _auditor(visit).read(
            lambda log: log.newest(limit=limit, below=below, category=category)
        )
    page = _fitting(found)
    more = len(page) < len(found) or len(found) == limit
    return Given(access_shapes.AuditEntries(entries=[_shown(link) for link in page], more=more))


async def show_audit_head(visit: Visit) -> Given[access_shapes.AuditHead]:
    """The last entry and its hash; and the last that was pruned."""
    visit.view()
    base, head = await _auditor(visit).read(lambda log: log.extent())
    return Given(access_shapes.AuditHead(head=str(head), base=str(base)))


async def prune_audit_log(visit: Visit, wanted: Pruning) -> Given[access_shapes.Pruned]:
    """Remove the oldest entries; the log says so from then on."""
    visit.view()
    if not isinstance(visit.caller.subject, FolderOwner):
        raise Unacceptable(
            "entries of the audit log are removed by whoever owns the registry's folder alone, "
            "with `pratique audit prune --data DIR`"
        )
    auditor, now = _auditor(visit), visit.gate.now()
    before = Since.parse(wanted.before).before(now)

    def prune(log: AuditLog) -> int:
        removed = 0
        while True:
            count = log.prune(before=before, entry_id=auditor.new_id(), at=now)
            removed += count
            # Each step adds an entry, which may be as old by a clock that was set back.
            if count < PRUNED_AT_ONCE:
                return removed

    removed = await auditor.read(prune)
    return Given(access_shapes.Pruned(removed=removed))


def _auditor(visit: Visit) -> Auditor:
    auditor = visit.recorder.auditor
    if auditor is None:
        raise NotFound("this registry keeps no audit log")
    return auditor


def _fitting(found: tuple[Link, ...]) -> list[Link]:
    """The first of them, as many as fit on a page."""
    page: list[Link] = []
    size = 0
    for link in found:
        size += len(link.body)
        if page and size > _PAGE_BYTES:
            break
        page.append(link)
    return page


def _shown(link: Link) -> access_shapes.AuditEntry:
    return access_shapes.AuditEntry(
        seq=link.seq,
        at=link.at,
        category=link.category,
        change_id=link.change_id,
        # What is no text was written by somebody else, and does not verify either way.
        body=link.body.decode(errors="replace"),
        hash=link.hash.hex(),
    )
