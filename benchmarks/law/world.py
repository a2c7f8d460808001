"""A large organisation, always the same one for the same size."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from pratique.access import (
    BUILT_IN_ROLES,
    DirectoryPrincipal,
    Law,
    Principal,
    PrincipalKind,
    Question,
    RegistryAction,
    RegistryPolicy,
    RoleAssignment,
    RoleMode,
    build_law,
)
from pratique.access.conditions import for_repositories
from pratique.access.known_permissions import repository_data_actions
from pratique.naming import RepositoryName, ResourceScope

AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
REGISTRIES = 500
GROUPS_EACH = 3
TEAMS = 200
# Of the assignments: held by groups, with a condition, above the registry.
BY_GROUPS, CONDITIONED, ABOVE = 0.3, 0.1, 0.2
ASKED = (
    RegistryAction.PULL,
    RegistryAction.PULL,
    RegistryAction.PUSH,
    RegistryAction.METADATA_READ,
    RegistryAction.DELETE,
)

_BY_NAME = {role.name: role for role in BUILT_IN_ROLES.values()}
_ROLES = {
    RoleMode.RBAC: ("AcrPull", "AcrPull", "AcrPush", "AcrDelete", "Reader", "Contributor"),
    RoleMode.ABAC: tuple(
        f"Container Registry Repository {kind}" for kind in ("Reader", "Writer", "Contributor")
    ),
}


@dataclass(frozen=True)
class World:
    """Who is there, what they hold, and the registries that it is about.

    Attributes:
        members: of each group, by the group's object id.
    """

    registries: tuple[RegistryPolicy, ...]
    principals: tuple[Principal, ...]
    assignments: tuple[RoleAssignment, ...]
    members: dict[str, tuple[str, ...]]

    def laws(self) -> dict[str, Law]:
        """The one law, seen from each registry, by the registry's name."""
        first, *_ = self.registries
        law = build_law(first, principals=self.principals, assignments=self.assignments)
        return {registry.name: law.at(registry) for registry in self.registries}


def make_world(assignments: int, principals: int) -> World:
    """An organisation with so many role assignments and users or service principals."""
    random = Random(20260105)  # noqa: S311 - the same world every time, no secret
    people = [Principal(_guid(random), PrincipalKind.USER, f"user {n}") for n in range(principals)]
    crowds: dict[str, list[str]] = {_guid(random): [] for _ in range(max(4, principals // 10))}
    for person in people:
        for group in random.sample(tuple(crowds), GROUPS_EACH):
            crowds[group].append(person.object_id)
    groups = [
        Principal(group, PrincipalKind.GROUP, f"group {n}", members=frozenset(members))
        for n, (group, members) in enumerate(crowds.items())
    ]
    registries = tuple(_registry(number) for number in range(REGISTRIES))
    held = tuple(_assignment(random, registries, people, groups) for _ in range(assignments))
    members = {group: tuple(ids) for group, ids in crowds.items()}
    return World(registries, (*people, *groups), held, members)


def make_questions(world: World, count: int) -> list[tuple[str, Question]]:
    """Questions, each with the registry that it is about; about half of them are allowed."""
    random = Random(7)  # noqa: S311 - likewise
    by_scope = {registry.scope.key: registry for registry in world.registries}
    people = [p.object_id for p in world.principals if p.kind is PrincipalKind.USER]
    asked = []
    for _ in range(count):
        held = random.choice(world.assignments)
        registry = by_scope.get(held.scope.key) or random.choice(world.registries)
        who = held.principal_id
        if who in world.members:
            who = random.choice(world.members[who] or people)
        if random.random() < 0.3:
            registry = random.choice(world.registries)
        name = RepositoryName(f"team{random.randrange(TEAMS)}/app")
        question = Question(DirectoryPrincipal(who), random.choice(ASKED), name)
        asked.append((registry.name, question))
    return asked


def _registry(number: int) -> RegistryPolicy:
    scope = (
        f"/subscriptions/{uuid.UUID(int=number % 20)}/resourceGroups/group{number % 100}"
        f"/providers/Microsoft.ContainerRegistry/registries/registry{number}"
    )
    mode = RoleMode.ABAC if number % 2 else RoleMode.RBAC
    return RegistryPolicy(f"registry{number}", ResourceScope(scope), mode, ("harbour",))


def _assignment(
    random: Random,
    registries: tuple[RegistryPolicy, ...],
    people: list[Principal],
    groups: list[Principal],
) -> RoleAssignment:
    registry = random.choice(registries)
    holder = random.choice(groups if random.random() < BY_GROUPS else people)
    conditioned = random.random() < CONDITIONED
    mode = RoleMode.ABAC if conditioned else registry.mode
    role = _BY_NAME[random.choice(_ROLES[mode])]
    condition = None
    if conditioned:
        pattern = f"team{random.randrange(TEAMS)}/*"
        condition = for_repositories([pattern], repository_data_actions(role)).text
    parts = registry.scope.split("/")
    above = random.random()
    length = 3 if above < ABOVE / 2 else 5 if above < ABOVE else len(parts)
    scope = ResourceScope("/".join(parts[:length]))
    return RoleAssignment(_guid(random), role.role_id, holder.object_id, scope, AT, condition)


def _guid(random: Random) -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))
