"""Random laws and questions, for what must hold whatever the law says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st
from tests.law.reading import LEVELS, read_question

from pratique.access import BUILT_IN_ROLES, Law, Question, RegistryAction, RoleMode
from pratique.testing.law_builder import LawBuilder

PEOPLE = ("ada", "ben", "cleo")
GROUPS = ("crew", "fleet", "staff")
TOKENS = ("deploy", "leaf")
SCOPE_MAPS = ("mine", "mine", "yours", "_repositories_pull", "_repositories_admin", "missing")
CUSTOM_ROLES = ("Harbour Master", "Pilot")
REPOSITORIES = ("team/app", "team/app2", "team", "base/image")
CONTROL_ACTIONS = (
    "Microsoft.ContainerRegistry/registries/write",
    "Microsoft.Authorization/roleAssignments/write",
    "microsoft.containerregistry/registries/READ",
)
_PIECES = (
    *("*", "/", "Microsoft.ContainerRegistry/registries/", "pull/read", "push/write"),
    *("artifacts/delete", "repositories/", "content/", "metadata/", "READ", "write", "delete"),
    *("catalog/read", "Microsoft.Authorization/"),
)


@dataclass(frozen=True)
class World:
    """The parts of a law, by names.

    Attributes:
        members: of each group that exists; a group may hold itself.
        disabled: people, groups and tokens.
        roles: custom ones, as keyword arguments of `LawBuilder.role`.
        assignments: role, holder and level.
        tokens: the scope map of each token that exists.
    """

    mode: RoleMode
    admin_enabled: bool
    anonymous_pull: bool
    people: frozenset[str]
    members: dict[str, frozenset[str]]
    disabled: frozenset[str]
    roles: dict[str, dict[str, tuple[str, ...]]]
    assignments: tuple[tuple[str, str, str], ...]
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
            builder.user(person, enabled=person not in self.disabled)
        for group, members in self.members.items():
            builder.group(group, *members, enabled=group not in self.disabled)
        for role, permissions in self.roles.items():
            builder.role(role, **permissions)
        for role, holder, level in self.assignments:
            builder.assign(role, holder, LEVELS[level])
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
    """

    who: str
    action: str
    where: str
    scopes: tuple[str, ...] | None = None

    @property
    def question(self) -> Question:
        """The question itself."""
        holding = f" holding {' '.join(self.scopes)}" if self.scopes else ""
        return read_question(f"{self.who} {self.action} {self.where}{holding}")


def _permission_sets() -> st.SearchStrategy[dict[str, tuple[str, ...]]]:
    pattern = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=4).map("".join)
    patterns = st.lists(pattern, max_size=3).map(tuple)
    kinds = ("actions", "not_actions", "data_actions", "not_data_actions")
    return st.fixed_dictionaries(dict.fromkeys(kinds, patterns))


def _scope_map_actions() -> st.SearchStrategy[tuple[str, ...]]:
    name = st.sampled_from((*REPOSITORIES, "*", "team/*", "base/*"))
    verb = st.sampled_from(
        ("content/read", "content/write", "content/delete", "metadata/read", "metadata/write")
    )
    action = st.builds("repositories/{}/{}".format, name, verb)
    return st.lists(action, min_size=1, max_size=6).map(tuple)


def assignments() -> st.SearchStrategy[tuple[str, str, str]]:
    """A role, its holder and the level; any of them may not exist in the world."""
    repository = "Container Registry Repository"
    telling = ("AcrPull", "AcrPush", "AcrDelete", "Reader", "Contributor", f"{repository} Reader")
    built_in = sorted(role.name for role in BUILT_IN_ROLES.values())
    role = st.sampled_from(telling) | st.sampled_from(CUSTOM_ROLES) | st.sampled_from(built_in)
    level = st.sampled_from(("registry", "subscription", "coast")) | st.sampled_from(sorted(LEVELS))
    return st.tuples(role, st.sampled_from((*PEOPLE, *GROUPS)), level)


def worlds() -> st.SearchStrategy[World]:
    """Small worlds in which most questions have something to do with most rules."""
    crowd = st.frozensets(st.sampled_from((*PEOPLE, *GROUPS)))
    scope_map = st.sampled_from(SCOPE_MAPS)
    rules = _scope_map_actions()
    return st.builds(
        World,
        mode=st.sampled_from(RoleMode),
        admin_enabled=st.booleans(),
        anonymous_pull=st.integers(0, 3).map(lambda n: n == 0),
        people=st.sampled_from((PEOPLE, PEOPLE, PEOPLE[1:])).map(frozenset),
        members=st.fixed_dictionaries({"crew": crowd}, optional={"fleet": crowd, "staff": crowd}),
        disabled=st.just(frozenset[str]())
        | st.frozensets(st.sampled_from((*PEOPLE, *GROUPS, *TOKENS)), max_size=2),
        roles=st.dictionaries(st.sampled_from(CUSTOM_ROLES), _permission_sets()),
        assignments=st.lists(assignments(), min_size=3, max_size=8).map(tuple),
        tokens=st.fixed_dictionaries({"deploy": scope_map}, optional={"leaf": scope_map}),
        scope_maps=st.fixed_dictionaries({"mine": rules}, optional={"yours": rules}),
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
    return Asked(who, action, where, draw(_token_scopes(action, where)) if narrowed else None)
