"""Role definitions that somebody makes (reference 4.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from pratique.access.permissions import is_pattern
from pratique.admission.changes.descriptions import checked_description
from pratique.admission.changes.draft import Draft, display_name
from pratique.admission.changes.roles import find_role
from pratique.admission.errors import AlreadyExists, NotFound, Unacceptable
from pratique.admission.records import PermissionsRecord, RoleRecord
from pratique.admission.snapshot import Snapshot
from pratique.identity.directory import is_guid
from pratique.naming import ResourceScope
from pratique.naming.errors import printable

MAX_CUSTOM_ROLES = 5000
MAX_PATTERNS = 500
MAX_SCOPES = 100


@dataclass(frozen=True, slots=True)
class WantedRole:
    """A role definition as asked for; permissions are patterns in which `*` may stand anywhere.

    Attributes:
        role_id: a GUID that a new role shall have; None to be given one.
    """

    name: str
    description: str
    permissions: PermissionsRecord
    assignable_scopes: tuple[ResourceScope, ...]
    role_id: str | None = None


def create_role(draft: Draft, wanted: WantedRole) -> RoleRecord:
    """A new role.

    Raises:
        AlreadyExists: a role has this name, whatever its case.
        Unacceptable: it grants nothing, a pattern names no permission, or it is too large.
    """
    if len(draft.snapshot.of_kind(RoleRecord)) >= MAX_CUSTOM_ROLES:
        raise Unacceptable(f"there are {MAX_CUSTOM_ROLES} custom roles, and more are not allowed")
    record = RoleRecord(
        wanted.role_id or draft.new_id(),
        _free_name(draft.snapshot, wanted.name, None),
        checked_description(wanted.description),
        checked(wanted.permissions, "the role"),
        _scopes(wanted.assignable_scopes),
        draft.at,
    )
    draft.put(record)
    return record


def update_role(draft: Draft, reference: str, wanted: WantedRole) -> RoleRecord:
    """Another content for a role; who holds it is judged by that from the next request on.

    Raises:
        NotFound: there is no such role.
        AlreadyExists: another role has the new name.
        Unacceptable: it came with the product, it is assigned outside the new scopes, or as
            `create_role`.
    """
    record = custom_role(draft.snapshot, reference)
    scopes = _scopes(wanted.assignable_scopes)
    kept = {ResourceScope(scope).key for scope in scopes}
    for assignment in draft.snapshot.law.every_assignment():
        if assignment.role_id == record.role_id and kept.isdisjoint(
            draft.snapshot.law.line_of(assignment.scope)
        ):
            raise Unacceptable(
                f"the role `{record.name}` is assigned at `{assignment.scope}`, which the new "
                "assignable scopes do not reach; unassign it there first"
            )
    changed = msgspec.structs.replace(
        record,
        name=_free_name(draft.snapshot, wanted.name, record),
        description=checked_description(wanted.description),
        permissions=checked(wanted.permissions, "the role"),
        assignable_scopes=scopes,
    )
    draft.put(changed)
    return changed


def delete_role(draft: Draft, reference: str) -> RoleRecord:
    """Take a role away.

    Raises:
        NotFound: there is no such role.
        Unacceptable: it came with the product, or somebody has it.
    """
    record = custom_role(draft.snapshot, reference)
    held = sum(a.role_id == record.role_id for a in draft.snapshot.law.every_assignment())
    if held:
        raise Unacceptable(
            f"the role `{record.name}` is assigned {held} time{'s' if held > 1 else ''}; "
            "`pratique role list` shows to whom, unassign it first"
        )
    draft.delete(record)
    return record


def custom_role(snapshot: Snapshot, reference: str) -> RoleRecord:
    """The record of a custom role.

    Raises:
        NotFound: there is no such role.
        Unacceptable: it came with the product.
    """
    role = find_role(snapshot, reference)
    record = snapshot.records.get(("role", role.role_id))
    if not isinstance(record, RoleRecord):
        raise Unacceptable(f"the role `{role.name}` is built in and cannot be changed")
    return record


def checked(permissions: PermissionsRecord, what: str) -> PermissionsRecord:
    """Permissions whose every pattern can name one.

    Args:
        permissions: as asked for.
        what: holds them, for the message.

    Raises:
        Unacceptable: nothing is held, a pattern is none, or there are too many.
    """
    patterns = (
        *permissions.actions,
        *permissions.not_actions,
        *permissions.data_actions,
        *permissions.not_data_actions,
    )
    if not permissions.actions and not permissions.data_actions:
        raise Unacceptable(f"{what} would hold no action and no data action; name at least one")
    if len(patterns) > MAX_PATTERNS:
        raise Unacceptable(f"{what} holds {len(patterns)} actions; at most {MAX_PATTERNS} fit")
    for pattern in patterns:
        if not is_pattern(pattern):
            raise Unacceptable(
                f"`{printable(pattern)}` names no permission; write for example "
                "`Microsoft.ContainerRegistry/registries/pull/read`, with `*` for any part"
            )
    return permissions


def _scopes(scopes: Iterable[ResourceScope]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(map(str, scopes)))
    if not 1 <= len(found) <= MAX_SCOPES:
        raise Unacceptable(f"a role has 1 to {MAX_SCOPES} assignable scopes; this one {len(found)}")
    return found


def _free_name(snapshot: Snapshot, wanted: str, mine: RoleRecord | None) -> str:
    name = display_name(wanted)
    if "/" in name or is_guid(name):
        raise Unacceptable(f"`{name}` cannot be a role's name: no `/`, and nothing like an id")
    try:
        taken = find_role(snapshot, name)
    except NotFound:
        return name
    if mine is None or taken.role_id != mine.role_id:
        raise AlreadyExists(f"there is a role `{taken.name}` already; choose another name")
    return name
