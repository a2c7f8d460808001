"""What a snapshot is made from: stored records, and role assignments as the law holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pratique.access import Principal, RoleAssignment
from pratique.admission import translation
from pratique.admission.records import AttributesRecord, Record, kind_and_key
from pratique.identity import (
    AdminAccount,
    Application,
    Directory,
    Group,
    TokenAccount,
    User,
)
from pratique.identity.directory import Account

T = TypeVar("T")
Records = Mapping[tuple[str, str], Record]
# Role assignments are held as the law has them; all else as it is stored.
Kept = Record | RoleAssignment


def apart(things: Iterable[Kept]) -> tuple[list[RoleAssignment], list[Record]]:
    """Role assignments, and everything else."""
    assignments: list[RoleAssignment] = []
    records: list[Record] = []
    for thing in things:
        if isinstance(thing, RoleAssignment):
            assignments.append(thing)
        else:
            records.append(thing)
    return assignments, records


def of_type(records: Iterable[Any], wanted: type[T]) -> list[T]:
    """Those of that type."""
    return [r for r in records if isinstance(r, wanted)]


def accounts_among(records: Iterable[Record]) -> list[Account | Group]:
    """Those that somebody signs in by, and groups."""
    return [
        r
        for r in records
        if isinstance(r, User | Application | Group | TokenAccount | AdminAccount)
    ]


def put_records(present: Records, gone: Iterable[Record], come: Iterable[Record]) -> Records:
    """What is stored once `come` is and `gone` is no more."""
    lost, arrived = tuple(gone), tuple(come)
    if not lost and not arrived:
        return present
    after = dict(present)
    for record in lost:
        after.pop(kind_and_key(record), None)
    after.update((kind_and_key(record), record) for record in arrived)
    return after


def principals_touched(
    touched: Iterable[Record], directory: Directory, records: Records
) -> dict[str, Principal | None]:
    """The principals that any of the records is about, as they are now."""
    found: dict[str, Principal | None] = {}
    for record in touched:
        if isinstance(record, User | Application | Group | AttributesRecord):
            account = directory.by_object_id.get(record.object_id)
            attributes = records.get(("attributes", record.object_id))
            held = attributes if isinstance(attributes, AttributesRecord) else None
            found[record.object_id] = translation.principal(account, held) if account else None
    return found
