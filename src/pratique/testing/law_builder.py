"""Laws for tests, made from names: nothing is allowed until a line says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self
from uuid import NAMESPACE_URL, uuid5

from pratique.access import (
    BUILT_IN_ROLES,
    Law,
    PermissionSet,
    Principal,
    PrincipalKind,
    RegistryPolicy,
    RegistryToken,
    RoleAssignment,
    RoleDefinition,
    RoleMode,
    ScopeMap,
    ScopeMapRule,
)
from pratique.naming import ResourceScope

ROOT = ResourceScope("/")
MANAGEMENT_GROUP = ResourceScope.management_group("harbour")
SUBSCRIPTION = ResourceScope("/subscriptions/quay")
RESOURCE_GROUP = ResourceScope(f"{SUBSCRIPTION}/resourceGroups/berth")
REGISTRY = ResourceScope(
    f"{RESOURCE_GROUP}/providers/Microsoft.ContainerRegistry/registries/demoregistry"
)

_ASSIGNED_AT = datetime.fromtimestamp(0, UTC)
_BUILT_IN_IDS = {role.name: role.role_id for role in BUILT_IN_ROLES.values()}


def object_id(name: str) -> str:
    """The GUID that stands for the principal, role or assignment `name`; always the same."""
    return str(uuid5(NAMESPACE_URL, name))


class LawBuilder:
    """A law in the making. Every method adds one thing and returns the builder.

    The registry `demoregistry` stands at `REGISTRY`, below `MANAGEMENT_GROUP`; it has nobody in it
    and judges by actions, with the admin user and anonymous pull off.
    """

    def __init__(
        self,
        *,
        mode: RoleMode = RoleMode.RBAC,
        admin_enabled: bool = False,
        anonymous_pull: bool = False,
        management_groups: tuple[str, ...] = ("harbour",),
    ) -> None:
        self._policy = RegistryPolicy(
            "demoregistry", REGISTRY, mode, management_groups, admin_enabled, anonymous_pull
        )
        self._principals: list[Principal] = []
        self._roles: dict[str, RoleDefinition] = {}
        self._assignments: list[RoleAssignment] = []
        self._tokens: list[RegistryToken] = []
        self._scope_maps: list[ScopeMap] = []

    def user(self, name: str, *, enabled: bool = True) -> Self:
        """Add a user, whose display name is `name`."""
        return self._principal(name, PrincipalKind.USER, (), enabled=enabled)

    def service_principal(self, name: str, *, enabled: bool = True) -> Self:
        """Add a service principal, whose display name is `name`."""
        return self._principal(name, PrincipalKind.SERVICE_PRINCIPAL, (), enabled=enabled)

    def group(self, name: str, *members: str, enabled: bool = True) -> Self:
        """Add a group of principals, named as they are or will be added."""
        return self._principal(name, PrincipalKind.GROUP, members, enabled=enabled)

    def role(
        self,
        name: str,
        *,
        actions: tuple[str, ...] = (),
        not_actions: tuple[str, ...] = (),
        data_actions: tuple[str, ...] = (),
        not_data_actions: tuple[str, ...] = (),
    ) -> Self:
        """Add a custom role of one permission set."""
        permissions = PermissionSet(actions, not_actions, data_actions, not_data_actions)
        self._roles[name] = RoleDefinition(object_id(name), name, name, (permissions,))
        return self

    def assign(self, role: str, to: str, at: ResourceScope = REGISTRY) -> Self:
        """Assign `role`, built-in or custom, to the principal named `to`.

        A role of neither kind makes an assignment whose role is missing.
        """
        role_id = _BUILT_IN_IDS.get(role, object_id(role))
        name = object_id(f"assignment {len(self._assignments)}")
        self._assignments.append(RoleAssignment(name, role_id, object_id(to), at, _ASSIGNED_AT))
        return self

    def scope_map(self, name: str, *actions: str) -> Self:
        """Add a scope map of actions such as `repositories/team/*/content/read`."""
        rules = tuple(ScopeMapRule.parse(action) for action in actions)
        self._scope_maps.append(ScopeMap(name, name, rules))
        return self

    def token(self, name: str, scope_map: str, *, enabled: bool = True) -> Self:
        """Add a non-directory token that is bound to `scope_map`."""
        self._tokens.append(RegistryToken(name, scope_map, enabled))
        return self

    def build(self) -> Law:
        """The law as told so far; the builder may go on."""
        return Law.build(
            self._policy,
            principals=self._principals,
            roles=self._roles.values(),
            assignments=self._assignments,
            tokens=self._tokens,
            scope_maps=self._scope_maps,
        )

    def _principal(
        self, name: str, kind: PrincipalKind, members: tuple[str, ...], *, enabled: bool
    ) -> Self:
        ids = frozenset(object_id(member) for member in members)
        self._principals.append(Principal(object_id(name), kind, name, enabled, ids))
        return self
