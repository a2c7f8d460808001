"""Names of repositories that a law's rules name."""

from __future__ import annotations

import pytest
from tests.law.reading import bound_to

from pratique.access import PermissionSet, Refusal
from pratique.access.probes import names_in
from pratique.testing.law_builder import LawBuilder

_NAME = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]"
_OTHER = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Ship_Deck]"


# System-defined scope maps speak of every repository.
_ALWAYS = {"any"}


def _in(condition: str) -> set[str]:
    law = LawBuilder().assign("AcrPull", "dev", condition=condition).build()
    return set(map(str, names_in(law, denials=False, scope_maps=False))) - _ALWAYS


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (f"{_NAME} StringEquals 'team/app'", {"team/app"}),
        (f"{_NAME.replace('name', 'NAME')} StringEqualsIgnoreCase 'TEAM/App'", {"team/app"}),
        (f"{_NAME} StringStartsWith 'web/'", {"web/any"}),
        (f"{_NAME} StringNotStartsWith 'web'", {"webany"}),
        (f"{_NAME} StringLike 'lts/?.?/*'", {"lts/x.x/any"}),
        (f"{_NAME} ForAnyOfAnyValues:StringLike {{'a/*', '*/b'}}", {"a/any", "any/b"}),
        (f"{_NAME} StringEquals 'a' AND NOT {_NAME} StringEquals 'b'", {"a", "b"}),
        (f"ActionMatches{{'*/read'}} OR {_NAME} StringEquals 'a'", {"a"}),
        # Nothing that could be a name, another attribute, no literal, no condition.
        (f"{_NAME} StringEquals 'not a name'", set()),
        (f"{_OTHER} StringEquals 'upper'", set()),
        (f"{_NAME} StringEquals {_OTHER}", set()),
        (f"Exists {_NAME}", set()),
        (f"{_NAME} StringEquals", set()),
    ],
)
def test_conditions_name_repositories(condition: str, names: set[str]) -> None:
    """A name for each literal that the repository's name is compared with."""
    assert _in(condition) == names


_LAW = (
    LawBuilder()
    .assign("AcrPull", "dev", condition=bound_to("Container Registry Repository Reader", "a/*"))
    .assign("AcrPull", "dev")
    .deny("night", Refusal(PermissionSet(("*",)), f"{_NAME} StringEquals 'b'"))
    .deny("day", Refusal(PermissionSet(("*",))))
    .scope_map("mine", "repositories/c/content/read", "repositories/d/*/content/read")
    .build()
)


@pytest.mark.parametrize(
    ("denials", "scope_maps", "names"),
    [
        (True, True, {"a/any", "b", "c", "d/any"}),
        (True, False, {"a/any", "b"}),
        (False, True, {"a/any", "c", "d/any"}),
        (False, False, {"a/any"}),
    ],
)
def test_only_rules_that_the_asker_may_read_are_looked_at(
    *, denials: bool, scope_maps: bool, names: set[str]
) -> None:
    """Role assignments always; deny assignments and people's own scope maps where they may."""
    assert names_in(_LAW, denials=denials, scope_maps=scope_maps) == names | _ALWAYS
