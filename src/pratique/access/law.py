"""The law as it stands at one moment: a frozen snapshot, indexed for fast look-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from pratique.access.builtin_roles import BUILT_IN_ROLES
from pratique.access.consulted import Consulted, Reason
from pratique.access.denials import DenyAssignment
from pratique.access.groups import Memberships
from pratique.access.network_rules import NetworkRules
from pratique.access.principals import Principal
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
        network: from where its content may be reached; None for everywhere.
    """

    name: str
    scope: ResourceScope
    mode: RoleMode = RoleMode.RBAC
    management_groups: tuple[str, ...] = ()
    admin_enabled: bool = False
    anonymous_pull: bool = False
    network: NetworkRules | None = None


Held = Mapping[str, tuple[RoleAssignment, ...]]
# What reaches how many principals is remembered, for each law: some 20 MB when full.
MOST_REMEMBERED = 16_384


class Grant(NamedTuple):
    """A role assignment that reaches the registry, by whatever way it reaches somebody.

    Attributes:
        role: None when there is no such role any more.
        role_name: or its id.
        through: object id of the group that holds it; None when the principal itself does.
    """

    assignment: RoleAssignment
    role: RoleDefinition | None
    role_name: str
    through: str | None


class Reach(NamedTuple):
    """What reaches somebody at a scope.

    Attributes:
        principal: None when nobody of that id is known.
        holders: object ids of the principal and its groups, nearest first.
        grants: their role assignments at or above the scope; the principal's own first, and of
            one holder's those at the nearest scope.
        has_any: whether one of the holders has any role assignment, wherever.
        settled: what the evaluator found before, by what was asked, where neither the time nor
            the name of a repository had a say; it lives and dies with the law.
    """

    principal: Principal | None
    holders: tuple[str, ...]
    grants: tuple[Grant, ...]
    has_any: bool
    settled: dict[int, tuple[Reason, tuple[Consulted, ...]]]


@dataclass(frozen=True, slots=True)
class Law:
    """Everything that `decide` may consult.

    Only `registry`, `line`, `tokens` and `scope_maps` belong to one registry: laws of several
    registries share all else, as `at` and `seen_from` make them.

    Attributes:
        roles: by role id, built-in ones included.
        assigned: role assignments by the key of their scope, then by their holder's object id; a
            holder's assignments at one scope stand in the order of their ids.
        where: keys of the scopes at which a holder has role assignments.
        denials: deny assignments by each object id that they name, `EVERYONE` included.
        tokens: by name, compared exactly; whoever takes names in any case finds the right one
            first.
        scope_maps: likewise.
        line: keys of the scopes that lie at or above the registry, nearest first, `/` last.
        remembers: of how many principals it is remembered what reaches them.
    """

    registry: RegistryPolicy
    principals: Mapping[str, Principal]
    roles: Mapping[str, RoleDefinition]
    assigned: Mapping[str, Held]
    where: Mapping[str, tuple[str, ...]]
    denials: Mapping[str, tuple[DenyAssignment, ...]]
    memberships: Memberships
    tokens: Mapping[str, RegistryToken]
    scope_maps: Mapping[str, ScopeMap]
    line: tuple[str, ...]
    remembers: int = field(default=MOST_REMEMBERED, compare=False)
    # Worked out before; it can only ever hold what the rest says.
    _reaches: dict[str, Reach] = field(default_factory=dict, init=False, compare=False, repr=False)

    @classmethod
    def empty(cls, registry: RegistryPolicy) -> Law:
        """The law in which nobody is known: built-in roles and system scope maps only."""
        return cls(
            registry=registry,
            principals={},
            roles=dict(BUILT_IN_ROLES),
            assigned={},
            where={},
            denials={},
            memberships=Memberships({}),
            tokens={},
            scope_maps=dict(SYSTEM_SCOPE_MAPS),
            line=_line(registry),
        )

    def at(self, registry: RegistryPolicy) -> Law:
        """The same law seen from another registry, or from this one with another policy."""
        return replace(self, registry=registry, line=_line(registry))

    def seen_from(
        self,
        registry: RegistryPolicy,
        tokens: Mapping[str, RegistryToken],
        scope_maps: Mapping[str, ScopeMap],
        remembers: int = MOST_REMEMBERED,
    ) -> Law:
        """The same law seen from a registry that has tokens and scope maps of its own."""
        return replace(
            self,
            registry=registry,
            line=self.line if registry is self.registry else _line(registry),
            tokens=tokens,
            scope_maps=scope_maps,
            remembers=remembers,
        )

    def groups_of(self, object_id: str) -> tuple[str, ...]:
        """Object ids of all enabled groups that somebody is in, nearest first."""
        return self.memberships.of(object_id)

    def assignments_of(self, object_id: str) -> tuple[RoleAssignment, ...]:
        """The role assignments that somebody holds directly, wherever."""
        keys = self.where.get(object_id, ())
        return tuple(a for key in keys for a in self.held_at(key, object_id))

    def held_at(self, scope_key: str, object_id: str) -> tuple[RoleAssignment, ...]:
        """The role assignments that somebody holds directly at that very scope."""
        held = self.assigned.get(scope_key)
        return () if held is None else held.get(object_id, ())

    def every_assignment(self) -> Iterator[RoleAssignment]:
        """All role assignments, each once."""
        return (a for held in self.assigned.values() for there in held.values() for a in there)

    def reach(self, object_id: str) -> Reach:
        """What reaches somebody at the registry."""
        known = self._reaches.get(object_id)
        if known is None:
            known = self.reach_at(object_id, self.line)
            if len(self._reaches) >= self.remembers:
                self._reaches.clear()
            if known.principal is not None:
                self._reaches[object_id] = known
        return known

    def reach_at(self, object_id: str, line: tuple[str, ...]) -> Reach:
        """What reaches somebody at the scope below which `line` stands, as `line_of` gives it."""
        holders = (object_id, *self.groups_of(object_id))
        levels = [self.assigned[key] for key in line if key in self.assigned]
        grants = []
        for holder in holders:
            through = None if holder == object_id else holder
            for level in levels:
                for assignment in level.get(holder, ()):
                    role = self.roles.get(assignment.role_id)
                    name = assignment.role_id if role is None else role.name
                    grants.append(Grant(assignment, role, name, through))
        has_any = any(holder in self.where for holder in holders)
        return Reach(self.principals.get(object_id), holders, tuple(grants), has_any, {})

    def every_denial(self) -> tuple[DenyAssignment, ...]:
        """All deny assignments, each once."""
        return tuple({d.deny_id: d for named in self.denials.values() for d in named}.values())

    def line_of(self, resource: ResourceScope | None) -> tuple[str, ...]:
        """Keys of the scopes at or above `resource`, or the registry for None, nearest first.

        The registry's line is the only one known; other resources join it where they meet it.
        """
        if resource is None or resource.key == self.line[0]:
            return self.line
        own = tuple(scope.key for scope in resource.ancestors_within_subscription())
        meeting = next((key for key in own if key in self.line), None)
        if meeting is None:
            return (*own, self.line[-1])
        return own[: own.index(meeting)] + self.line[self.line.index(meeting) :]


def scopes_above(registry: RegistryPolicy) -> tuple[ResourceScope, ...]:
    """The registry's own scope and all above it, nearest first, `/` last."""
    return (
        *registry.scope.ancestors_within_subscription(),
        *(ResourceScope.management_group(name) for name in registry.management_groups),
        ResourceScope("/"),
    )


def _line(registry: RegistryPolicy) -> tuple[str, ...]:
    return tuple(dict.fromkeys(scope.key for scope in scopes_above(registry)))
