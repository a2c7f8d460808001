"""Deny assignments (reference 4.6).

Azure lets users make some kinds only; here every kind can be made, as the one who runs the registry
is also the one who is responsible for it. What would lock out everybody is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from pratique.access import EVERYONE, RoleMode
from pratique.access.conditions import Condition
from pratique.access.known_permissions import DATA_BY_ACTIONS, POWERS, REGISTRY_CONTROL
from pratique.access.permissions import permission_matches
from pratique.admission.changes.custom_roles import checked
from pratique.admission.changes.descriptions import checked_description
from pratique.admission.changes.draft import Draft, display_name
from pratique.admission.errors import AlreadyExists, NotFound, Unacceptable
from pratique.admission.records import DenyRecord, PermissionsRecord
from pratique.admission.snapshot import Snapshot
from pratique.identity.directory import is_guid
from pratique.naming import ResourceScope
from pratique.naming.errors import printable

MAX_DENY_ASSIGNMENTS = 1000
MAX_PRINCIPALS = 1000


@dataclass(frozen=True, slots=True)
class WantedDenial:
    """A deny assignment as asked for.

    Attributes:
        principals: whatever names each; with `everyone`, none.
        excluded: whatever names each.
        deny_id: a GUID that a new one shall have; None to be given one.
    """

    name: str
    description: str
    permissions: PermissionsRecord
    scope: ResourceScope
    principals: tuple[str, ...]
    everyone: bool
    excluded: tuple[str, ...]
    reaches_below: bool = True
    deny_id: str | None = None


def create_denial(draft: Draft, wanted: WantedDenial) -> DenyRecord:
    """Refuse permissions to principals, whatever their roles grant.

    Raises:
        AlreadyExists: a deny assignment has this name, whatever its case.
        NotFound: nobody answers to a principal's name.
        Unacceptable: nobody is named, or everybody without exception.
        InvalidCondition: the condition breaks the grammar.
    """
    denials = draft.snapshot.of_kind(DenyRecord)
    if len(denials) >= MAX_DENY_ASSIGNMENTS:
        raise Unacceptable(
            f"there are {MAX_DENY_ASSIGNMENTS} deny assignments, and more are not allowed"
        )
    record = _record(draft, wanted, wanted.deny_id or draft.new_id(), draft.at)
    draft.put(record)
    return record


def put_denial(draft: Draft, deny_id: str, wanted: WantedDenial) -> DenyRecord:
    """Let the deny assignment of that id stand as it is wanted; doing it again changes nothing.

    Raises:
        Unacceptable: the id is no GUID, or that of a deny assignment at another scope; or as
            `create_denial`.
        AlreadyExists, NotFound, InvalidCondition: as `create_denial`.
    """
    if not is_guid(deny_id):
        raise Unacceptable(f"`{printable(deny_id)}` cannot name a deny assignment; use a GUID")
    key = deny_id.lower()
    present = next((d for d in draft.snapshot.of_kind(DenyRecord) if d.deny_id == key), None)
    if present is None:
        return create_denial(draft, replace(wanted, deny_id=key))
    if ResourceScope(present.scope).key != wanted.scope.key:
        raise Unacceptable(
            f"the deny assignment `{key}` stands at `{present.scope}`; delete it, or use another id"
        )
    record = _record(draft, wanted, key, present.created_at)
    draft.put(record)
    return record


def _record(draft: Draft, wanted: WantedDenial, deny_id: str, at: datetime) -> DenyRecord:
    name = display_name(wanted.name)
    if is_guid(name):
        raise Unacceptable(f"`{name}` looks like an id; choose a name")
    others = (d for d in draft.snapshot.of_kind(DenyRecord) if d.deny_id != deny_id)
    if name.casefold() in {d.name.casefold() for d in others}:
        raise AlreadyExists(f"there is a deny assignment `{name}` already; choose another name")
    if wanted.permissions.condition is not None:
        Condition.parse(wanted.permissions.condition)
    named = (EVERYONE,) if wanted.everyone else _object_ids(draft, wanted.principals)
    if wanted.everyone and wanted.principals:
        raise Unacceptable("name principals, or everyone, not both")
    record = DenyRecord(
        deny_id,
        name,
        checked_description(wanted.description),
        checked(wanted.permissions, "the deny assignment"),
        str(wanted.scope),
        named,
        _object_ids(draft, wanted.excluded),
        wanted.reaches_below,
        at,
    )
    return _sensible(record)


def update_denial(
    draft: Draft, reference: str, exclude: Iterable[str], include: Iterable[str]
) -> DenyRecord:
    """Exclude more principals, or some no longer.

    Raises:
        NotFound: there is no such deny assignment, or nobody answers to a principal's name.
        Unacceptable: everybody would be refused without exception.
    """
    record = find_denial(draft.snapshot, reference)
    back = set(_object_ids(draft, include))
    excluded = tuple(
        dict.fromkeys(e for e in (*record.excluded, *_object_ids(draft, exclude)) if e not in back)
    )
    changed = _sensible(msgspec.structs.replace(record, excluded=excluded))
    draft.put(changed)
    return changed


def delete_denial(draft: Draft, reference: str) -> DenyRecord:
    """Refuse it no longer.

    Raises:
        NotFound: there is no such deny assignment.
    """
    record = find_denial(draft.snapshot, reference)
    draft.delete(record)
    return record


def not_in_force(snapshot: Snapshot, record: DenyRecord) -> tuple[str, ...]:
    """The patterns of a deny assignment that refuse nothing in the registry's present role mode.

    In mode rbac content is judged by actions, so data actions refuse nothing; in mode abac the
    actions that are about content do not. A change of the mode turns one into the other.
    """
    permissions = record.permissions
    if snapshot.registry.mode is RoleMode.RBAC:
        return permissions.data_actions
    control = (*POWERS, *REGISTRY_CONTROL)
    return tuple(
        pattern
        for pattern in permissions.actions
        if any(permission_matches(pattern, p) for p in DATA_BY_ACTIONS)
        and not any(permission_matches(pattern, p) for p in control)
    )


def find_denial(snapshot: Snapshot, reference: str) -> DenyRecord:
    """The deny assignment of that name, whatever its case, or of that id.

    Raises:
        NotFound: there is none.
    """
    key = reference.casefold()
    for record in snapshot.of_kind(DenyRecord):
        if key in {record.deny_id, record.name.casefold()}:
            return record
    raise NotFound(
        f"there is no deny assignment `{printable(reference)}`; `pratique deny list` shows them all"
    )


def _object_ids(draft: Draft, references: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(draft.principal(r).object_id for r in references))


def _sensible(record: DenyRecord) -> DenyRecord:
    if not record.principals:
        raise Unacceptable(
            "a deny assignment is for somebody; name principals with --principal, or --everyone"
        )
    if EVERYONE in record.principals and not record.excluded:
        raise Unacceptable(
            "a deny assignment for everyone needs at least one principal that it excludes, or "
            "nobody could take it back; name one with --exclude"
        )
    if len(record.principals) + len(record.excluded) > MAX_PRINCIPALS:
        raise Unacceptable(
            f"a deny assignment names at most {MAX_PRINCIPALS} principals; use groups"
        )
    return record
