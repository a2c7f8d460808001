"""Laws that another engine can judge too: nothing in them but what Azure and Cedar share."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random

from tests.law.reading import LEVELS
from tests.law.worlds import NAME, Permissions

from pratique.access import BUILT_IN_ROLES, Law, PermissionSet, Refusal, RoleMode
from pratique.access.known_permissions import (
    DATA_ACTIONS,
    DATA_BY_ACTIONS,
    POWERS,
    REGISTRY_CONTROL,
)
from pratique.testing.law_builder import LawBuilder

PEOPLE = ("ada", "ben", "cleo", "dora")
GROUPS = ("fleet", "ship", "crew", "watch")
REPOSITORIES = ("team/app", "team/app2", "team", "base/image", "base/image/part")
CONTROL_ACTIONS = (
    "Microsoft.ContainerRegistry/registries/read",
    "Microsoft.ContainerRegistry/registries/tokens/write",
    "Microsoft.ContainerRegistry/registries/listCredentials/action",
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/directory/users/read",
)
WORDS = ("pull", "push", "delete", "metadata_read", "metadata_write")
_PATTERNS = (
    *("*", "*/read", "*/write", "*/delete", "Microsoft.Authorization/*"),
    *("Microsoft.ContainerRegistry/*", "Microsoft.ContainerRegistry/registries/repositories/*"),
    *("*/content/read", "*/metadata/*", *DATA_BY_ACTIONS, *DATA_ACTIONS, *CONTROL_ACTIONS),
)
_BUILT_IN = sorted(role.name for role in BUILT_IN_ROLES.values())
_TELLING = (
    *("AcrPull", "AcrPush", "AcrDelete", "Reader", "Contributor", "Owner", "Pilot", "Pilot"),
    *(f"Container Registry Repository {kind}" for kind in ("Reader", "Writer", "Contributor")),
)


@dataclass(frozen=True)
class Bound:
    """A condition on the repository's name.

    Attributes:
        relation: `StringEquals`, `StringStartsWith` or `StringLike`.
    """

    relation: str
    text: str

    @property
    def condition(self) -> str:
        """The condition in Azure's language."""
        return f"{NAME} {self.relation} '{self.text}'"


@dataclass(frozen=True)
class Grant:
    """A role assignment, by names."""

    role: str
    to: str
    level: str
    bound: Bound | None


@dataclass(frozen=True)
class Denial:
    """A deny assignment, by names; for everyone when `to` is None."""

    to: tuple[str, ...] | None
    excluded: tuple[str, ...]
    level: str
    reaches_below: bool
    permissions: Permissions
    bound: Bound | None


@dataclass(frozen=True)
class PlainLaw:
    """The parts of a law, by names.

    Attributes:
        members: of each group; no group holds itself, however deep.
        custom: the permissions of the role `Pilot`.
    """

    mode: RoleMode
    anonymous_pull: bool
    members: dict[str, tuple[str, ...]]
    disabled: frozenset[str]
    custom: Permissions
    grants: tuple[Grant, ...]
    denials: tuple[Denial, ...]

    def law(self) -> Law:
        """The law that these parts make."""
        builder = LawBuilder(
            mode=self.mode,
            anonymous_pull=self.anonymous_pull,
            management_groups=("harbour", "coast"),
        )
        for person in PEOPLE:
            builder.user(person, enabled=person not in self.disabled)
        for group, members in self.members.items():
            builder.group(group, *members, enabled=group not in self.disabled)
        builder.role("Pilot", **self.custom)
        for grant in self.grants:
            condition = grant.bound.condition if grant.bound else None
            builder.assign(grant.role, grant.to, LEVELS[grant.level], condition)
        for denial in self.denials:
            condition = denial.bound.condition if denial.bound else None
            builder.deny(
                "a denial",
                Refusal(PermissionSet(**denial.permissions), condition),
                to=denial.to,
                excluded=denial.excluded,
                at=LEVELS[denial.level],
                reaches_below=denial.reaches_below,
            )
        return builder.build()

    def permissions_of(self, role: str) -> Permissions:
        """What a role carries and what it takes out again."""
        if role == "Pilot":
            return self.custom
        (held,) = next(r.permissions for r in BUILT_IN_ROLES.values() if r.name == role)
        return {
            "actions": held.actions,
            "not_actions": held.not_actions,
            "data_actions": held.data_actions,
            "not_data_actions": held.not_data_actions,
        }


def expanded(permissions: Permissions) -> tuple[frozenset[str], frozenset[str]]:
    """Every permission that exists and is carried: by actions, and by data actions."""
    by_actions = (*POWERS, *REGISTRY_CONTROL, *DATA_BY_ACTIONS)

    def carried(known: tuple[str, ...], given: str, taken: str) -> frozenset[str]:
        return frozenset(
            name
            for name in known
            if _named(name, permissions[given]) and not _named(name, permissions[taken])
        )

    return (
        carried(by_actions, "actions", "not_actions"),
        carried(DATA_ACTIONS, "data_actions", "not_data_actions"),
    )


def _named(permission: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(permission.lower(), pattern.lower()) for pattern in patterns)


def random_law(random: Random) -> PlainLaw:
    """A law in which most rules have to do with most questions."""
    members: dict[str, tuple[str, ...]] = {}
    for number, group in enumerate(GROUPS):
        below = (*PEOPLE, *GROUPS[number + 1 :])
        members[group] = tuple(random.sample(below, random.randint(0, 3)))
    return PlainLaw(
        mode=random.choice(list(RoleMode)),
        anonymous_pull=random.random() < 0.1,
        members=members,
        disabled=frozenset(random.sample((*PEOPLE, *GROUPS), random.choice((0, 0, 0, 1)))),
        custom=_permissions(random),
        grants=tuple(_grant(random) for _ in range(random.randint(3, 9))),
        denials=tuple(_denial(random) for _ in range(random.choice((0, 0, 1, 2)))),
    )


def random_question(random: Random, mode: RoleMode) -> str:
    """A question of the case files; never about every repository where none is granted them."""
    who = random.choice(PEOPLE)
    match random.choice(("repository", "repository", "repository", "catalog", "control")):
        case "repository":
            wild = () if mode is RoleMode.ABAC else ("*",)
            return f"{who} {random.choice(WORDS)} {random.choice((*REPOSITORIES, *wild))}"
        case "catalog":
            return f"{who} catalog registry"
        case _:
            return f"{who} {random.choice(CONTROL_ACTIONS)} {random.choice(sorted(LEVELS))}"


def _permissions(random: Random) -> Permissions:
    def some(most: int) -> tuple[str, ...]:
        return tuple(random.choices(_PATTERNS, k=random.randint(0, most)))

    return {
        "actions": some(4),
        "not_actions": some(2),
        "data_actions": some(4),
        "not_data_actions": some(2),
    }


def _level(random: Random) -> str:
    near = ("registry", "resource-group", "subscription", "coast")
    return random.choice((*near, random.choice(sorted(LEVELS))))


def _bound(random: Random) -> Bound | None:
    texts = {
        "StringEquals": REPOSITORIES,
        "StringStartsWith": ("team", "team/", "base/image", "b"),
        "StringLike": ("*", "team/*", "*image*", "*/app", "b*/p*t", "team/app"),
    }
    relation = random.choice(sorted(texts))
    return random.choice((None, Bound(relation, random.choice(texts[relation]))))


def _grant(random: Random) -> Grant:
    role = random.choice((random.choice(_BUILT_IN), *_TELLING))
    return Grant(role, random.choice((*PEOPLE, *GROUPS)), _level(random), _bound(random))


def _denial(random: Random) -> Denial:
    everybody = (*PEOPLE, *GROUPS)
    return Denial(
        to=random.choice((None, tuple(random.sample(everybody, random.randint(1, 2))))),
        excluded=tuple(random.sample(everybody, random.randint(0, 2))),
        level=_level(random),
        reaches_below=random.random() < 0.7,
        permissions=_permissions(random),
        bound=_bound(random),
    )
