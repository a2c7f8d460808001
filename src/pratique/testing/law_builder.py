"""Laws for tests, made from names: nothing is allowed until a line says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Self
from uuid import NAMESPACE_URL, UUID, uuid5

from pratique.access import (
    BUILT_IN_ROLES,
    EVERYONE,
    DenyAssignment,
    Law,
    PermissionSet,
    Principal,
    PrincipalKind,
    Refusal,
    RegistryPolicy,
    RegistryToken,
    RoleAssignment,
    RoleDefinition,
    RoleMode,
    ScopeMap,
    ScopeMapRule,
    build_law,
)
from pratique.access.conditions import Value, attribute_key
from pratique.admission.translation import CUSTOM_ATTRIBUTE
from pratique.naming import ResourceScope

ROOT = ResourceScope("/")
MANAGEMENT_GROUP = ResourceScope.management_group("harbour")
SUBSCRIPTION = ResourceScope("/subscriptions/quay")
RESOURCE_GROUP = ResourceScope(f"{SUBSCRIPTION}/resourceGroups/berth")
REGISTRY = ResourceScope(
    f"{RESOURCE_GROUP}/providers/Microsoft.ContainerRegistry/registries/demoregistry"
)

Attributes = Mapping[str, Iterable[Value]]
"""A principal's custom security attributes: the values of each, by `SET_NAME`."""

_BEGINNING = datetime.fromtimestamp(0, UTC)
_BUILT_IN_IDS = {role.name: role.role_id for role in BUILT_IN_ROLES.values()}


def object_id(name: str) -> str:
    """The GUID that stands for the principal or custom role `name`; always the same."""
    return str(uuid5(NAMESPACE_URL, name))


def role_id(name: str) -> str:
    """The id of the role `name`: the real one of a built-in role, always the same for others."""
    return _BUILT_IN_IDS.get(name) or object_id(name)


def _numbered(number: int) -> str:
    """A GUID. Rules are looked at in the order of their ids, so in the order of adding them."""
    return str(UUID(int=number))


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
        self._denials: list[DenyAssignment] = []
        self._tokens: list[RegistryToken] = []
        self._scope_maps: list[ScopeMap] = []

    def user(
        self, name: str, *, enabled: bool = True, attributes: Attributes | None = None
    ) -> Self:
        """Add a user, whose display name is `name`."""
        return self._principal(name, PrincipalKind.USER, (), attributes, enabled=enabled)

    def service_principal(
        self, name: str, *, enabled: bool = True, attributes: Attributes | None = None
    ) -> Self:
        """Add a service principal, whose display name is `name`."""
        kind = PrincipalKind.SERVICE_PRINCIPAL
        return self._principal(name, kind, (), attributes, enabled=enabled)

    def group(self, name: str, *members: str, enabled: bool = True) -> Self:
        """Add a group of principals, named as they are or will be added."""
        return self._principal(name, PrincipalKind.GROUP, members, None, enabled=enabled)

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
        self._roles[name] = RoleDefinition(role_id(name), name, name, (permissions,))
        return self

    def assign(
        self, role: str, to: str, at: ResourceScope = REGISTRY, condition: str | None = None
    ) -> Self:
        """Assign `role`, built-in or custom, to the principal named `to`.

        A role of neither kind makes an assignment whose role is missing. The condition is kept as
        it is written, whether it can be read or not.
        """
        number = _numbered(len(self._assignments))
        self._assignments.append(
            RoleAssignment(number, role_id(role), object_id(to), at, _BEGINNING, condition)
        )
        return self

    def deny(
        self,
        name: str,
        *refusals: Refusal,
        to: Iterable[str] | None = None,
        excluded: Iterable[str] = (),
        at: ResourceScope = REGISTRY,
        reaches_below: bool = True,
    ) -> Self:
        """Add a deny assignment for the principals named in `to`, or everyone for None."""
        denied = {EVERYONE} if to is None else set(map(object_id, to))
        self._denials.append(
            DenyAssignment(
                deny_id=_numbered(len(self._denials)),
                name=name,
                description=name,
                refusals=refusals,
                scope=at,
                principal_ids=frozenset(denied),
                excluded_ids=frozenset(map(object_id, excluded)),
                reaches_below=reaches_below,
                created_at=_BEGINNING,
            )
        )
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
        return build_law(
            self._policy,
            principals=self._principals,
            roles=self._roles.values(),
            assignments=self._assignments,
            denials=self._denials,
            tokens=self._tokens,
            scope_maps=self._scope_maps,
        )

    def _principal(
        self,
        name: str,
        kind: PrincipalKind,
        members: tuple[str, ...],
        attributes: Attributes | None,
        *,
        enabled: bool,
    ) -> Self:
        ids = frozenset(object_id(member) for member in members)
        held = {
            attribute_key(CUSTOM_ATTRIBUTE + attribute): tuple(values)
            for attribute, values in (attributes or {}).items()
        }
        self._principals.append(Principal(object_id(name), kind, name, enabled, ids, held))
        return self
