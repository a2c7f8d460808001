"""The snapshot that the law is: how its parts are indexed, and what reaches what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pratique.access import BUILT_IN_ROLES, Law, PermissionSet, RegistryPolicy, build_law
from pratique.access.law import scopes_above
from pratique.naming import ResourceScope
from pratique.testing import law_builder
from pratique.testing.law_builder import LawBuilder, object_id

_POLICY = RegistryPolicy("demoregistry", law_builder.REGISTRY, management_groups=("near", "far"))


def _groups_of(law: Law, name: str) -> tuple[str, ...]:
    return law.groups_of(object_id(name))


def _ids(*names: str) -> tuple[str, ...]:
    return tuple(object_id(name) for name in names)


def test_groups_are_found_nearest_first_then_by_id() -> None:
    """The order of looking does not hang on the order of storing."""
    near = sorted(("bow", "crew", "deck", "galley", "night-watch", "staff", "stern"), key=object_id)
    for order in (near, near[::-1]):
        builder = LawBuilder().user("dev").group("fleet", *near)
        for group in order:
            builder.group(group, "dev")
        assert _groups_of(builder.build(), "dev") == _ids(*near, "fleet")


def test_group_in_a_ring_is_not_its_own_member() -> None:
    """Groups that hold each other are found once each, and nobody is found above itself."""
    law = LawBuilder().group("port", "starboard").group("starboard", "port", "starboard").build()
    assert _groups_of(law, "port") == _ids("starboard")
    assert _groups_of(law, "starboard") == _ids("port")


def test_only_groups_have_members() -> None:
    """Members noted on another kind of principal make no group of it."""
    law = LawBuilder().group("crew", "dev").build()
    crew = law.principals[object_id("crew")]
    user = LawBuilder().user("crew").build().principals[object_id("crew")]
    assert _groups_of(build_law(_POLICY, principals=[crew]), "dev") == _ids("crew")
    pretender = replace(user, members=crew.members)
    assert _groups_of(build_law(_POLICY, principals=[pretender]), "dev") == ()


def test_built_in_role_cannot_be_replaced() -> None:
    """A stored role with the id of a built-in one does not take its place."""
    built_in = next(iter(BUILT_IN_ROLES.values()))
    forged = replace(built_in, permissions=(PermissionSet(actions=("*",)),))
    law = build_law(_POLICY, roles=[forged])
    assert law.roles[built_in.role_id] is built_in


def test_levels_above_a_registry_are_known_in_order() -> None:
    """From the registry to its group, its subscription, its management groups and the root."""
    assert scopes_above(_POLICY) == (
        law_builder.REGISTRY,
        law_builder.RESOURCE_GROUP,
        law_builder.SUBSCRIPTION,
        ResourceScope.management_group("near"),
        ResourceScope.management_group("far"),
        law_builder.ROOT,
    )


@pytest.mark.parametrize("number", range(6))
def test_the_line_of_a_level_begins_with_it_and_goes_up(number: int) -> None:
    """What reaches a level is what stands at it and at every higher one, nearest first."""
    levels = scopes_above(_POLICY)
    law = build_law(_POLICY)
    keys = tuple(level.key for level in levels[number:])
    assert law.line_of(levels[number]) == keys
    assert law.line_of(ResourceScope(levels[number].upper())) == keys


def test_the_registry_stands_at_the_beginning_of_its_line() -> None:
    """Asking about no scope is asking about the registry itself."""
    law = build_law(_POLICY)
    assert law.line_of(None) == law.line_of(law_builder.REGISTRY) == law.line


@pytest.mark.parametrize(
    ("beside", "meets"),
    [
        (f"{law_builder.RESOURCE_GROUP}/providers/Microsoft.ContainerRegistry/registries/x", 1),
        (f"{law_builder.SUBSCRIPTION}/resourceGroups/yard", 2),
        ("/subscriptions/quay2", 5),
        ("/providers/Microsoft.Management/managementGroups/inland", 5),
    ],
)
def test_what_stands_beside_the_registry_joins_its_line(beside: str, meets: int) -> None:
    """Another resource has its own levels up to where they meet the registry's, or the root."""
    law = build_law(_POLICY)
    own = ResourceScope(beside)
    assert law.line_of(own) == (own.key, *law.line[meets:])


def test_another_registry_of_another_group_brings_its_group_along() -> None:
    """Every level below the meeting point belongs to the line."""
    law = build_law(_POLICY)
    group = f"{law_builder.SUBSCRIPTION}/resourceGroups/yard"
    registry = ResourceScope(f"{group}/providers/Microsoft.ContainerRegistry/registries/x")
    assert law.line_of(registry) == (registry.key, group.casefold(), *law.line[2:])


def test_a_level_that_is_its_own_parent_stands_once() -> None:
    """A management group that is named twice is looked at once."""
    policy = replace(_POLICY, management_groups=("near", "NEAR"))
    assert len(build_law(policy).line) == 5
