"""What the audit log says of a change of law, directory or settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from pratique.admission.account import caller_key
from pratique.admission.audit.entries import (
    RECORDS_NAMED,
    ChangedRecord,
    Entry,
    fingerprint,
    told,
)
from pratique.admission.changes.draft import Draft
from pratique.admission.gate import Caller

_NAMED_BY: Final = ("display_name", "user_name", "name")
_NAME_LENGTH: Final = 128


def account_of_change(
    draft: Draft, caller: Caller, permission: str, *, entry_id: str, client: str, version: int
) -> Entry:
    """The entry of a change.

    Args:
        draft: the change.
        caller: who made it.
        permission: which let them.
        entry_id: a new GUID.
        client: the address that asked for it; empty for whoever owns the folder.
        version: of the law that the change makes.
    """
    records = tuple(_records(draft))
    kind, caller_id = caller_key(caller.subject)
    return Entry(
        entry_id=entry_id,
        at=draft.at,
        category="change",
        operation=permission,
        status=200,
        identity=told(caller.name),
        caller_kind=kind,
        caller_id=caller_id,
        client=told(client),
        server=told(draft.snapshot.registry.login_server or ""),
        registry=str(draft.snapshot.registry.scope) if draft.snapshot.registry_id else "",
        law_version=version,
        records=records[:RECORDS_NAMED],
        record_count=len(records),
    )


def _records(draft: Draft) -> Iterator[ChangedRecord]:
    for (kind, key), before, after in draft.replaced():
        yield ChangedRecord(
            kind,
            told(key),
            _name(after if after is not None else before),
            fingerprint(None if before is None else msgspec.json.encode(before)),
            fingerprint(None if after is None else msgspec.json.encode(after)),
        )


def _name(record: Any) -> str:
    names = (getattr(record, attribute, "") for attribute in _NAMED_BY)
    return told(next((name for name in names if isinstance(name, str) and name), ""), _NAME_LENGTH)
