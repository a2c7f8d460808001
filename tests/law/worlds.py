"""Random laws and questions, for what must hold whatever the law says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from hypothesis import strategies as st
from tests.law.reading import LEVELS, NOON, bound_to, read_question

from pratique.access import (
    BUILT_IN_ROLES,
    Law,
    PermissionSet,
    Question,
    Refusal,
    RegistryAction,
    RoleMode,
)
from pratique.testing.law_builder import LawBuilder, role_id

PEOPLE = ("ada", "ben", "cleo")
GROUPS = ("crew", "fleet", "staff")
TOKENS = ("deploy", "leaf")
SCOPE_MAPS = ("mine", "mine", "yours", "_repositories_pull", "_repositories_admin", "missing")
CUSTOM_ROLES = ("Harbour Master", "Pilot")
REPOSITORIES = ("team/app", "team/app2", "team", "base/image")
ASSIGNING = "Microsoft.Authorization/roleAssignments/write"
CONTROL_ACTIONS = (
    "Microsoft.ContainerRegistry/registries/write",
    ASSIGNING,
    "microsoft.containerregistry/registries/READ",
)
_ASSIGNED = ("AcrPull", "Owner")
LATER = NOON + timedelta(days=30)

NAME = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]"
DECK = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Ship_Deck]"
CONDITIONS = {
    "below team": f"{NAME} StringStartsWith 'team/'",
    "pushes to team/app": (
        "( !(ActionMatches{'*/content/WRITE'}) AND !(ActionMatches{'*/push/write'}) )"
        f" OR {NAME} StringEquals 'team/app'"
    ),
    "bound to base": bound_to("Container Registry Repository Contributor", "base/*"),
    "until later": "@Environment[UtcNow] DateTimeLessThan '2026-07-01T00:00:00Z'",
    "upper deck": f"{DECK} StringEquals 'upper'",
    "no upper deck": f"NOT {DECK} StringEquals 'upper'",
    "of AcrPull": (
        "!(ActionMatches{'Microsoft.Authorization/roleAssignments/*'}) OR @Request[Microsoft."
        f"Authorization/roleAssignments:RoleDefinitionId] GuidEquals {role_id('AcrPull')}"
    ),
    "unknown": "@Environment[isPrivateLink] BoolEquals true",
    "unreadable": f"{NAME} StringStarts 'team/'",
}
_PIECES = (
    *("*", "/", "Microsoft.ContainerRegistry/registries/", "pull/read", "push/write"),
    *("artifacts/delete", "repositories/", "content/", "metadata/", "READ", "write", "delete"),
    *("catalog/read", "Microsoft.Authorization/"),
)

Permissions = dict[str, tuple[str, ...]]
"""The four kinds of permissions, as keyword arguments of `PermissionSet`."""


@dataclass(frozen=True)
class Assigned:
    """A role assignment, by names; none of them need exist in the world.

    Attributes:
        condition: a key of `CONDITIONS`, or None.
    """

    role: str
    to: str
    level: str
    condition: str | None = None


@dataclass(frozen=True)
class DeniedTo:
    """A deny assignment, by names.

    Attributes:
        to: names, or None for everyone.
        condition: a key of `CONDITIONS`, or None.
    """

    to: frozenset[str] | None
    excluded: frozenset[str]
    level: str
    reaches_below: bool
    permissions: Permissions
    condition: str | None = None


@dataclass(frozen=True)
class World:
    """The parts of a law, by names.

    Attributes:
        members: of each group that exists; a group may hold itself.
        decks: of people who have the attribute that conditions ask for.
        disabled: people, groups and tokens.
        roles: custom ones.
        tokens: the scope map of each token that exists.
    """

    mode: RoleMode
    admin_enabled: bool
    anonymous_pull: bool
    people: frozenset[str]
    members: dict[str, frozenset[str]]
    decks: dict[str, tuple[str, ...]]
    disabled: frozenset[str]
    roles: dict[str, Permissions]
    assignments: tuple[Assigned, ...]
    denials: tuple[DeniedTo, ...]
    tokens: dict[str, str]
    scope_maps: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def law(self) -> Law:
        """The law that these parts make."""
        builder = LawBuilder(
            mode=self.mode,
            admin_enabled=self.admin_enabled,
            anonymous_pull=self.anonymous_pull,
            management_groups=("harbour", "coast"),
        )
        for person in sorted(self.people):
            attributes = {"Ship_Deck": self.decks[person]} if person in self.decks else None
            builder.user(person, enabled=person not in self.disabled, attributes=attributes)
        for group, members in self.members.items():
            builder.group(group, *members, enabled=group not in self.disabled)
        for role, permissions in self.roles.items():
            builder.role(role, **permissions)
        for one in self.assignments:
            condition = CONDITIONS[one.condition] if one.condition else None
            builder.assign(one.role, one.to, LEVELS[one.level], condition)
        for denial in self.denials:
            condition = CONDITIONS[denial.condition] if denial.condition else None
            builder.deny(
                "a denial",
                Refusal(PermissionSet(**denial.permissions), condition),
                to=denial.to,
                excluded=denial.excluded,
                at=LEVELS[denial.level],
                reaches_below=denial.reaches_below,
            )
        for name, actions in self.scope_maps.items():
            builder.scope_map(name, *actions)
        for token, scope_map in self.tokens.items():
            builder.token(token, scope_map, enabled=token not in self.disabled)
        return builder.build()

    def without(self, index: int) -> World:
        """This world less one assignment."""
        left = self.assignments[:index] + self.assignments[index + 1 :]
        return replace(self, assignments=left)


@dataclass(frozen=True)
class Asked:
    """A question, in the words of the case files.

    Attributes:
        scopes: of the access token that carries it; None when nothing narrows it.
        about: the role that would be assigned to ben, for a control action on assignments.
        at: when it is asked.
    """

    who: str
    action: str
    where: str
    scopes: tuple[str, ...] | None = None
    about: str | None = None
    at: datetime = NOON

    @property
    def question(self) -> Question:
        """The question itself."""
        about = f" about {self.about} to ben as User" if self.about else ""
        holding = f" holding {' '.join(self.scopes)}" if self.scopes else ""
        return read_question(f"{self.who} {self.action} {self.where}{about}{holding}")


def _some_permissions(random: Random) -> Permissions:
    def patterns() -> tuple[str, ...]:
        return tuple(
            "".join(random.choices(_PIECES, k=random.randint(1, 4)))
            for _ in range(random.randint(0, 3))
        )

    kinds = ("actions", "not_actions", "data_actions", "not_data_actions")
    return {kind: patterns() for kind in kinds}


def _some_rules(random: Random) -> tuple[str, ...]:
    names = (*REPOSITORIES, "*", "team/*", "base/*")
    verbs = ("content/read", "content/write", "content/delete", "metadata/read", "metadata/write")
    return tuple(
        f"repositories/{random.choice(names)}/{random.choice(verbs)}"
        for _ in range(random.randint(1, 6))
    )


def _some_assignment(random: Random) -> Assigned:
    repository = "Container Registry Repository"
    telling = (
        *("AcrPull", "AcrPush", "AcrDelete", "Reader", "Contributor", "Owner"),
        *(f"{repository} Reader", f"{repository} Contributor", *CUSTOM_ROLES),
    )
    built_in = sorted(role.name for role in BUILT_IN_ROLES.values())
    role = random.choice(random.choice((telling, telling, built_in)))
    holder = random.choice((*PEOPLE, *GROUPS))
    return Assigned(role, holder, _some_level(random), _some_condition(random))


def _some_denial(random: Random) -> DeniedTo:
    everything: tuple[Permissions, ...] = ({"actions": ("*",)}, {"data_actions": ("*/content/*",)})
    named = frozenset(random.sample((*PEOPLE, *GROUPS), random.randint(1, 2)))
    return DeniedTo(
        to=random.choice((None, named, named)),
        excluded=frozenset(random.sample((*PEOPLE, *GROUPS), random.randint(0, 2))),
        level=_some_level(random),
        reaches_below=random.random() < 0.7,
        permissions=random.choice((*everything, _some_permissions(random))),
        condition=_some_condition(random),
    )


def _some_level(random: Random) -> str:
    near = ("registry", "registry", "subscription", "coast")
    return random.choice(random.choice((near, near, tuple(sorted(LEVELS)))))


def _some_condition(random: Random) -> str | None:
    return random.choice((None, random.choice(sorted(CONDITIONS))))


# Whole things are drawn from pools: drawn part by part, most would be the simplest there are, and
# each would take many draws.
_SEED = Random(4)  # noqa: S311 - nothing secret is made of it
_PERMISSION_SETS = st.sampled_from([_some_permissions(_SEED) for _ in range(150)])
_RULES = st.sampled_from([_some_rules(_SEED) for _ in range(100)])
_CROWDS = st.sampled_from(
    [frozenset(_SEED.sample((*PEOPLE, *GROUPS), _SEED.randint(0, 4))) for _ in range(60)]
)
_ASSIGNMENTS = st.sampled_from([_some_assignment(_SEED) for _ in range(600)])
_DENIALS = st.sampled_from([_some_denial(_SEED) for _ in range(300)])


def assignments() -> st.SearchStrategy[Assigned]:
    """A role, its holder, the level and a condition; any of them may not exist in the world."""
    return _ASSIGNMENTS


def denials() -> st.SearchStrategy[DeniedTo]:
    """A deny assignment of some permissions, or of everything in one plane."""
    return _DENIALS


def worlds() -> st.SearchStrategy[World]:
    """Small worlds in which most questions have something to do with most rules."""
    scope_map = st.sampled_from(SCOPE_MAPS)
    decks = st.sampled_from((("upper",), ("lower",), ("upper", "lower")))
    nobody = frozenset[str]()
    named = [frozenset({name}) for name in (*PEOPLE, *GROUPS, *TOKENS)]
    return st.builds(
        World,
        mode=st.sampled_from(RoleMode),
        admin_enabled=st.booleans(),
        anonymous_pull=st.sampled_from((False, False, False, True)),
        people=st.sampled_from((PEOPLE, PEOPLE, PEOPLE, PEOPLE[1:])).map(frozenset),
        members=st.fixed_dictionaries(
            {"crew": _CROWDS}, optional={"fleet": _CROWDS, "staff": _CROWDS}
        ),
        decks=st.dictionaries(st.sampled_from(PEOPLE), decks),
        disabled=st.sampled_from((*(nobody,) * 12, *named, frozenset({"ada", "crew"}))),
        roles=st.fixed_dictionaries({}, optional=dict.fromkeys(CUSTOM_ROLES, _PERMISSION_SETS)),
        assignments=st.lists(_ASSIGNMENTS, min_size=3, max_size=8).map(tuple),
        denials=st.lists(_DENIALS, max_size=2).map(tuple),
        tokens=st.fixed_dictionaries({"deploy": scope_map}, optional={"leaf": scope_map}),
        scope_maps=st.fixed_dictionaries({"mine": _RULES}, optional={"yours": _RULES}),
    )


def _wheres(action: str) -> st.SearchStrategy[str]:
    if "/" in action:
        return st.sampled_from(sorted(LEVELS))
    if action == "catalog":
        return st.just("registry")
    return st.sampled_from((*REPOSITORIES, "*"))


def _token_scopes(action: str, where: str) -> st.SearchStrategy[tuple[str, ...]]:
    name = st.just(where) | st.sampled_from((*REPOSITORIES, "*"))
    known = ("pull", "push", "delete", "metadata_read", "deleted_read", "*")
    word = st.sampled_from((action, *known) if action in known else known)
    words = st.lists(word, min_size=1, max_size=3, unique=True).map(",".join)
    repository = st.builds("repository:{}:{}".format, name, words)
    scope = st.one_of(repository, st.just("registry:catalog:*"))
    return st.lists(scope, min_size=1, max_size=3).map(tuple)


@st.composite
def questions(draw: st.DrawFn, *, narrowed: bool | None = None) -> Asked:
    """A question; with an access token always, never, or (None) sometimes."""
    tokens = tuple(f"token:{token}" for token in TOKENS)
    subjects = (*PEOPLE, *PEOPLE, *PEOPLE, *tokens, *tokens, "admin-user", "anonymous")
    words = [action.name.lower() for action in RegistryAction]
    action = draw(st.sampled_from((*words, *words, *words, *CONTROL_ACTIONS)))
    who, where = draw(st.sampled_from(subjects)), draw(_wheres(action))
    if narrowed is None:
        narrowed = draw(st.sampled_from((True, False, False)))
    scopes = draw(_token_scopes(action, where)) if narrowed else None
    roles = st.sampled_from((None, *_ASSIGNED))
    about = draw(roles) if action == ASSIGNING else None
    return Asked(who, action, where, scopes, about, draw(st.sampled_from((NOON, LATER))))


def every_question(who: str) -> list[Asked]:
    """Everything that somebody can ask in these worlds, without an access token."""
    words = [action.name.lower() for action in RegistryAction]
    on_repositories = [
        (word, where) for word in words if word != "catalog" for where in (*REPOSITORIES, "*")
    ]
    on_levels = [(action, where) for action in CONTROL_ACTIONS for where in LEVELS]
    asked = [
        Asked(who, action, where)
        for action, where in (*on_repositories, ("catalog", "registry"), *on_levels)
    ]
    about = [
        replace(one, about=role) for one in asked if one.action == ASSIGNING for role in _ASSIGNED
    ]
    return [replace(one, at=at) for one in (*asked, *about) for at in (NOON, LATER)]
