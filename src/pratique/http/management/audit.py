"""The audit log: its entries as they are stored, its head, and its pruning."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pratique.access import FolderOwner
from pratique.admission import NotFound, Unacceptable
from pratique.admission.audit import CATEGORIES, AuditLog, Auditor, Link
from pratique.admission.audit.log import PRUNED_AT_ONCE
from pratique.http.management.visit import UnreadableBody, Visit
from pratique.http.wire.messages import Response, json_response
from pratique.naming.errors import printable
from pratique.naming.moments import Since

MOST_AT_ONCE: Final = 1000
DEFAULT_LIMIT: Final = 100
# The bodies of a page in all; one alone may be more.
_PAGE_BYTES: Final = 2 * 1024 * 1024
_PARAMETERS: Final = frozenset({"after", "below", "category", "limit"})


class Pruning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries that were made before go; a time, or so long ago."""

    before: str


async def list_audit_entries(visit: Visit) -> Response:
    """Entries in their order, beyond `after`; or, without it, the newest first, below `below`."""
    visit.view()
    fields = _fields(visit)
    limit = _number(fields, "limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MOST_AT_ONCE:
        raise UnreadableBody(f"`limit` is a number from 1 to {MOST_AT_ONCE}")
    category = fields.get("category")
    if category is not None and category not in CATEGORIES:
        raise UnreadableBody(f"`category` is one of {', '.join(CATEGORIES)}")
    if "after" in fields:
        if category is not None or "below" in fields:
            raise UnreadableBody("with `after` every entry comes; leave the rest out")
        after = _number(fields, "after", 0)
        found = await _auditor(visit).read(lambda log: log.links(after=after, limit=limit))
    else:
        below = _number(fields, "below", 0) if "below" in fields else None
        found = await _auditor(visit).read(
            lambda log: log.newest(limit=limit, below=below, category=category)
        )
    page = _fitting(found)
    more = len(page) < len(found) or len(found) == limit
    content = {"entries": [_shown(link) for link in page], "more": more}
    return json_response(200, content)


async def show_audit_head(visit: Visit) -> Response:
    """The last entry and its hash; and the last that was pruned."""
    visit.view()
    base, head = await _auditor(visit).read(lambda log: log.extent())
    return json_response(200, {"head": str(head), "base": str(base)})


async def prune_audit_log(visit: Visit) -> Response:
    """Remove the oldest entries; the log says so from then on."""
    visit.view()
    if not isinstance(visit.caller.subject, FolderOwner):
        raise Unacceptable(
            "entries of the audit log are removed by whoever owns the registry's folder alone, "
            "with `pratique audit prune --data DIR`"
        )
    auditor, now = _auditor(visit), visit.gate.now()
    before = Since.parse((await visit.body(Pruning)).before).before(now)

    def prune(log: AuditLog) -> int:
        removed = 0
        while True:
            count = log.prune(before=before, entry_id=auditor.new_id(), at=now)
            removed += count
            # Each step adds an entry, which may be as old by a clock that was set back.
            if count < PRUNED_AT_ONCE:
                return removed

    removed = await auditor.read(prune)
    return json_response(200, {"removed": removed})


def _auditor(visit: Visit) -> Auditor:
    auditor = visit.recorder.auditor
    if auditor is None:
        raise NotFound("this registry keeps no audit log")
    return auditor


def _fields(visit: Visit) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, values in visit.request.parameters().items():
        if name not in _PARAMETERS or len(values) > 1:
            known = ", ".join(f"`{one}`" for one in sorted(_PARAMETERS))
            raise UnreadableBody(
                f"`{printable(name)}` is no parameter of this list, or is given twice; it takes "
                f"{known}"
            )
        fields[name] = values[0]
    return fields


def _number(fields: dict[str, str], name: str, default: int) -> int:
    text = fields.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise UnreadableBody(f"`{name}` is a whole number")
    return int(text)


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


def _shown(link: Link) -> dict[str, Any]:
    return {
        "seq": link.seq,
        "at": link.at,
        "category": link.category,
        "change_id": link.change_id,
        # What is no text was written by somebody else, and does not verify either way.
        "body": link.body.decode(errors="replace"),
        "hash": link.hash.hex(),
    }
