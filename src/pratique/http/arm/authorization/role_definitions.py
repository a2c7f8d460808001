"""Role definitions: the built-in ones to read, custom ones to write (az-cli-wire 9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from pratique.access import RoleDefinition
from pratique.admission import (
    Demand,
    Draft,
    NotFound,
    RegistryRecord,
    Snapshot,
    Unacceptable,
    translation,
)
from pratique.admission.changes import custom_roles
from pratique.admission.changes.roles import find_role
from pratique.admission.records import PermissionsRecord, RoleRecord
from pratique.http.arm.answers import Listed, Shown, ShownAsGone, ShownAsMade
from pratique.http.arm.authorization.scopes import Around
from pratique.http.arm.filters import Clause, filter_of
from pratique.http.arm.lists import listed
from pratique.http.arm.visit import Visit
from pratique.http.wire.messages import Response, json_response
from pratique.identity.directory import is_guid
from pratique.naming import ResourceScope
from pratique.naming.errors import printable

_KNOWN = frozenset({("eq", "roleName"), ("eq", "type"), ("atScopeAndBelow", "")})


class Permissions(msgspec.Struct, frozen=True, rename="camel"):
    """One set of permissions."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


class DefinitionProperties(msgspec.Struct, frozen=True, rename="camel"):
    """A role definition as it shall stand; whatever is written is a custom role."""

    role_name: str
    permissions: tuple[Permissions, ...]
    assignable_scopes: tuple[str, ...]
    description: str | None = None

    def wanted(self, role_id: str) -> custom_roles.WantedRole:
        """What is asked for.

        Raises:
            Unacceptable: it has not exactly one set of permissions.
            InvalidName: a scope is none.
        """
        if len(self.permissions) != 1:
            raise Unacceptable("a role has one set of permissions here; give exactly one")
        held = self.permissions[0]
        record = PermissionsRecord(
            held.actions, held.not_actions, held.data_actions, held.not_data_actions
        )
        scopes = tuple(map(ResourceScope, self.assignable_scopes))
        return custom_roles.WantedRole(
            self.role_name, self.description or "", record, scopes, role_id
        )


class DefinitionContent(msgspec.Struct, frozen=True):
    """The body of a role definition."""

    properties: DefinitionProperties


async def list_role_definitions(visit: Visit) -> Listed:
    """Those that can be assigned at the scope, above it or below it, by name."""
    clauses = filter_of(visit.request, _KNOWN)
    snapshot = visit.snapshot
    around = Around(snapshot.law, visit.scope)
    return listed(
        visit,
        (
            definition_view(role, snapshot.registry)
            for role in sorted(snapshot.law.roles.values(), key=lambda r: r.name)
            if all(_fits(c, role) for c in clauses)
            and any(around.concerns(s, above_only=False) for s in role.assignable_scopes)
        ),
    )


async def show_role_definition(visit: Visit) -> Shown:
    """One role."""
    snapshot = visit.snapshot
    return json_response(
        200, definition_view(find_role(snapshot, visit.parts["role"]), snapshot.registry)
    )


async def put_role_definition(visit: Visit, wanted: DefinitionContent) -> ShownAsMade:
    """Make a role or give one another content; allowed wherever it can or could be assigned."""
    role_id = visit.parts["role"].lower()
    if not is_guid(role_id):
        raise Unacceptable(f"`{printable(role_id)}` cannot name a role definition; use a GUID")
    role = wanted.properties.wanted(role_id)

    def demands(snapshot: Snapshot) -> tuple[Demand, ...]:
        scopes = (visit.scope, *_present_scopes(snapshot, role_id), *role.assignable_scopes)
        return _everywhere(scopes)

    def write(draft: Draft) -> RoleRecord:
        if role_id in draft.snapshot.law.roles:
            return custom_roles.update_role(draft, role_id, role)
        return custom_roles.create_role(draft, role)

    made = await visit.change(write, demands)
    # az takes no other status.
    return json_response(201, definition_view(translation.role(made), visit.snapshot.registry))


async def delete_role_definition(visit: Visit) -> ShownAsGone:
    """Take a role away."""
    role_id, registry = visit.parts["role"], visit.snapshot.registry
    try:
        gone = await visit.change(
            lambda draft: custom_roles.delete_role(draft, role_id),
            lambda snapshot: _everywhere((visit.scope, *_present_scopes(snapshot, role_id))),
        )
    except NotFound:
        return Response(204)
    return json_response(200, definition_view(translation.role(gone), registry))


def definition_id(role_id: str, registry: RegistryRecord) -> str:
    """The id of a role definition, in the one spelling that az compares as text."""
    return (
        f"/subscriptions/{registry.subscription_id}/providers/Microsoft.Authorization"
        f"/roleDefinitions/{role_id}"
    )


def definition_view(role: RoleDefinition, registry: RegistryRecord) -> dict[str, Any]:
    """A role definition."""
    return {
        "id": definition_id(role.role_id, registry),
        "name": role.role_id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": _type(role),
            "description": role.description,
            "assignableScopes": [str(scope) for scope in role.assignable_scopes],
            "permissions": [
                {
                    "actions": list(p.actions),
                    "notActions": list(p.not_actions),
                    "dataActions": list(p.data_actions),
                    "notDataActions": list(p.not_data_actions),
                }
                for p in role.permissions
            ],
        },
    }


def _type(role: RoleDefinition) -> str:
    return "BuiltInRole" if role.built_in else "CustomRole"


def _fits(clause: Clause, role: RoleDefinition) -> bool:
    if clause.form != "eq":
        return True
    return clause.fits(role.name if clause.field == "roleName" else _type(role))


def _present_scopes(snapshot: Snapshot, role_id: str) -> tuple[ResourceScope, ...]:
    record = snapshot.records.get(("role", role_id.casefold()))
    scopes = record.assignable_scopes if isinstance(record, RoleRecord) else ()
    return tuple(map(ResourceScope, scopes))


def _everywhere(scopes: Iterable[ResourceScope]) -> tuple[Demand, ...]:
    return tuple(Demand(scope) for scope in dict.fromkeys(scopes))
