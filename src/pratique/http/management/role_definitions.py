"""Role definitions: the built-in ones to read, custom ones to write."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pratique.admission import Demand, Snapshot, translation
from pratique.admission.changes import custom_roles
from pratique.admission.changes.roles import find_role
from pratique.admission.records import PermissionsRecord
from pratique.http.management import access_shapes, views
from pratique.http.management.visit import Visit
from pratique.http.wire.answers import Given, Made
from pratique.naming import ResourceScope


class RoleContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role definition as it shall stand; assignable at the registry when no scope is given."""

    name: str
    description: str = ""
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    assignable_scopes: tuple[str, ...] = ()

    def wanted(self, registry: ResourceScope) -> custom_roles.WantedRole:
        """What is asked for.

        Raises:
            InvalidName: a scope is none.
        """
        permissions = PermissionsRecord(
            self.actions, self.not_actions, self.data_actions, self.not_data_actions
        )
        scopes = tuple(map(ResourceScope, self.assignable_scopes)) or (registry,)
        return custom_roles.WantedRole(self.name, self.description, permissions, scopes)


async def list_role_definitions(visit: Visit) -> Given[list[access_shapes.RoleDefinition]]:
    """All roles by name."""
    definitions = visit.view().law.roles.values()
    return Given([views.role(r) for r in sorted(definitions, key=lambda r: r.name)])


async def show_role_definition(visit: Visit) -> Given[access_shapes.RoleDefinition]:
    """One role."""
    return Given(views.role(find_role(visit.view(), visit.parts["role"])))


async def create_role_definition(
    visit: Visit, wanted: RoleContent
) -> Made[access_shapes.RoleDefinition]:
    """Make a role; the permission is needed wherever it could be assigned."""
    role = wanted.wanted(visit.scope)
    made = await visit.change(
        lambda draft: custom_roles.create_role(draft, role),
        lambda _: _everywhere(role.assignable_scopes),
    )
    return Made(views.role(translation.role(made)))


async def update_role_definition(
    visit: Visit, wanted: RoleContent
) -> Given[access_shapes.RoleDefinition]:
    """Give a role another content; whoever may must have been able to make both."""
    role = wanted.wanted(visit.scope)
    reference = visit.parts["role"]

    def demands(snapshot: Snapshot) -> tuple[Demand, ...]:
        return _everywhere((*_present_scopes(snapshot, reference), *role.assignable_scopes))

    made = await visit.change(
        lambda draft: custom_roles.update_role(draft, reference, role), demands
    )
    return Given(views.role(translation.role(made)))


async def delete_role_definition(visit: Visit) -> Given[access_shapes.RoleDefinition]:
    """Take a role away."""
    reference = visit.parts["role"]
    gone = await visit.change(
        lambda draft: custom_roles.delete_role(draft, reference),
        lambda snapshot: _everywhere(_present_scopes(snapshot, reference)),
    )
    return Given(views.role(translation.role(gone)))


def _present_scopes(snapshot: Snapshot, reference: str) -> tuple[ResourceScope, ...]:
    record = custom_roles.custom_role(snapshot, reference)
    return tuple(map(ResourceScope, record.assignable_scopes))


def _everywhere(scopes: Iterable[ResourceScope]) -> tuple[Demand, ...]:
    return tuple(Demand(scope) for scope in dict.fromkeys(scopes))
