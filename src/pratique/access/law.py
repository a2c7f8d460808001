"""The law as it stands at one moment: a frozen snapshot, built for fast look-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pratique.access.builtin_roles import BUILT_IN_ROLES
from pratique.access.principals import Principal, PrincipalKind
from pratique.access.roles import RoleAssignment, RoleDefinition
from pratique.access.scope_maps import SYSTEM_SCOPE_MAPS, RegistryToken, ScopeMap
from pratique.naming import ResourceScope


class RoleMode(StrEnum):
    """A registry's `roleAssignmentMode` (reference 4.3)."""

    RBAC = "LegacyRegistryPermissions"
    ABAC = "AbacRepositoryPermissions"


@dataclass(frozen=True, slots=True)
class RegistryPolicy:
    """What the registry itself says about access.

    Attributes:
        name: of the registry; the admin user's name too.
        scope: where it stands.
        management_groups: names of the groups above its subscription, nearest first.
    """

    name: str
    scope: ResourceScope
    mode: RoleMode = RoleMode.RBAC
    management_groups: tuple[str, ...] = ()
    admin_enabled: bool = False
    anonymous_pull: bool = False


@dataclass(frozen=True, slots=True)
class Law:
    """Everything that `decide` may consult.

    Attributes:
        roles: by role id, built-in ones included.
        assignments: by the principal that holds them.
        groups_of: object ids of all groups that a principal is in, however deep, nearest first;
            itself excluded.
        tokens: by name, compared exactly; whoever takes names in any case finds the right one
            first.
        scope_maps: likewise.
        covering_scopes: keys of the scopes that lie at or above the registry.
    """

    registry: RegistryPolicy
    principals: Mapping[str, Principal]
    roles: Mapping[str, RoleDefinition]
    assignments: Mapping[str, tuple[RoleAssignment, ...]]
    groups_of: Mapping[str, tuple[str, ...]]
    tokens: Mapping[str, RegistryToken]
    scope_maps: Mapping[str, ScopeMap]
    covering_scopes: frozenset[str]

    @classmethod
    def build(
        cls,
        registry: RegistryPolicy,
        *,
        principals: Iterable[Principal] = (),
        roles: Iterable[RoleDefinition] = (),
        assignments: Iterable[RoleAssignment] = (),
        tokens: Iterable[RegistryToken] = (),
        scope_maps: Iterable[ScopeMap] = (),
    ) -> Law:
        """Index the parts; built-in roles and system scope maps are added."""
        by_id = {p.object_id: p for p in principals}
        held: dict[str, list[RoleAssignment]] = {}
        for assignment in assignments:
            held.setdefault(assignment.principal_id, []).append(assignment)
        return cls(
            registry=registry,
            principals=by_id,
            roles={**{r.role_id: r for r in roles}, **BUILT_IN_ROLES},
            assignments={holder: tuple(a) for holder, a in held.items()},
            groups_of=_transitive_groups(by_id),
            tokens={t.name: t for t in tokens},
            scope_maps={**{m.name: m for m in scope_maps}, **SYSTEM_SCOPE_MAPS},
            covering_scopes=frozenset(scope.key for scope in scopes_above(registry)),
        )

    def covers(self, assigned: ResourceScope, resource: ResourceScope | None) -> bool:
        """Whether what is assigned at `assigned` reaches `resource`, or the registry for None."""
        if resource is None or resource.key == self.registry.scope.key:
            return assigned.key in self.covering_scopes
        return assigned.key in self._at_or_above(resource)

    def _at_or_above(self, resource: ResourceScope) -> tuple[str, ...]:
        # The registry's line is the only one known; other resources join it where they meet it.
        line = tuple(scope.key for scope in scopes_above(self.registry))
        own = tuple(scope.key for scope in resource.ancestors_within_subscription())
        meeting = next((key for key in own if key in self.covering_scopes), None)
        return own + (line[-1:] if meeting is None else line[line.index(meeting) :])


def scopes_above(registry: RegistryPolicy) -> tuple[ResourceScope, ...]:
    """The registry's own scope and all above it, nearest first, `/` last."""
    return (
        *registry.scope.ancestors_within_subscription(),
        *(ResourceScope.management_group(name) for name in registry.management_groups),
        ResourceScope("/"),
    )


def _transitive_groups(principals: Mapping[str, Principal]) -> dict[str, tuple[str, ...]]:
    parents: dict[str, list[str]] = {}
    for principal in principals.values():
        # A disabled group passes nothing on.
        if principal.kind is PrincipalKind.GROUP and principal.enabled:
            for member in principal.members:
                parents.setdefault(member, []).append(principal.object_id)
    return {member: _nearest_first(member, parents) for member in parents}


def _nearest_first(member: str, parents: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    layer = [member]
    while layer:
        # Sorted, so that the order of looking does not hang on the order of storing.
        above = sorted({group for child in layer for group in parents.get(child, ())})
        layer = [group for group in above if group != member and group not in found]
        found.update(dict.fromkeys(layer))
    return tuple(found)
