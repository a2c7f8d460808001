"""Role definitions and role assignments (reference 4.1, 4.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from pratique.access.actions import RegistryAction
from pratique.access.permissions import permission_matches
from pratique.naming import ResourceScope


@dataclass(frozen=True)
class PermissionSet:
    """Permissions with some taken out: actions less notActions, data actions less notDataActions.

    The subtraction stays inside this set: it takes nothing away from what another one holds.
    """

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    def holds_action(self, permission: str) -> bool:
        """Whether the control-plane `permission` is in it."""
        return _holds(permission, self.actions, self.not_actions)

    def holds_data_action(self, permission: str) -> bool:
        """Whether the data-plane `permission` is in it; `*` in actions never implies it."""
        return _holds(permission, self.data_actions, self.not_data_actions)


@dataclass(frozen=True, eq=False)
class RoleDefinition:
    """A named collection of permissions. Identity is the object: two laws never share edits.

    Attributes:
        role_id: a GUID, the name of the definition in Azure.
        name: as people write it, for example `AcrPull`.
        built_in: whether it came with the product; those cannot be changed.
        assignable_scopes: where a custom role may be assigned; `/` for built-in ones.
    """

    role_id: str
    name: str
    description: str
    permissions: tuple[PermissionSet, ...]
    built_in: bool = False
    assignable_scopes: tuple[ResourceScope, ...] = (ResourceScope("/"),)

    def grants_action(self, permission: str) -> bool:
        """Whether any permission set grants the control-plane `permission`."""
        return _role_grants(self, permission, data=False)

    def grants_data_action(self, permission: str) -> bool:
        """Whether any permission set grants the data-plane `permission`."""
        return _role_grants(self, permission, data=True)

    @cached_property
    def bits_by_actions(self) -> int:
        """The registry actions that its actions grant, as the sum of their bits."""
        return _bits(lambda action: any(map(self.grants_action, action.permissions)))

    @cached_property
    def bits_by_data_actions(self) -> int:
        """The registry actions that its data actions grant, as the sum of their bits."""
        return _bits(lambda action: self.grants_data_action(action.data_permission))


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """A role held by a principal at a scope and everything below it.

    Attributes:
        assignment_id: a GUID.
        role_id: of a definition; an assignment whose role is missing grants nothing.
        principal_id: object id of a user, group or service principal.
        created_at: with a time zone.
        condition: text in the condition language; None to grant without one. It was parsed when it
            was written; it is kept as text, since most of a large law's conditions are never asked
            about, and one that cannot be read any more grants nothing.
        description: what people have written about it; it decides nothing.
    """

    assignment_id: str
    role_id: str
    principal_id: str
    scope: ResourceScope
    created_at: datetime
    condition: str | None = None
    description: str = ""


def _holds(permission: str, held: tuple[str, ...], subtracted: tuple[str, ...]) -> bool:
    return any(permission_matches(p, permission) for p in held) and not any(
        permission_matches(p, permission) for p in subtracted
    )


@lru_cache(maxsize=16384)
def _role_grants(role: RoleDefinition, permission: str, *, data: bool) -> bool:
    if data:
        return any(p.holds_data_action(permission) for p in role.permissions)
    return any(p.holds_action(permission) for p in role.permissions)


def _bits(granted: Callable[[RegistryAction], bool]) -> int:
    return sum(action.bit for action in RegistryAction if granted(action))
