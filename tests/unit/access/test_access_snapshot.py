"""The snapshot that the law is: how its parts are indexed, and what reaches what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pratique.access import BUILT_IN_ROLES, Law, PermissionSet, RegistryPolicy
from pratique.access.law import scopes_above
from pratique.naming import ResourceScope
from pratique.testing import law_builder
from pratique.testing.law_builder import LawBuilder, object_id

_POLICY = RegistryPolicy("demoregistry", law_builder.REGISTRY, management_groups=("near", "far"))


def _groups_of(law: Law, name: str) -> tuple[str, ...]:
    return law.groups_of.get(object_id(name), ())


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
    assert Law.build(_POLICY, principals=[crew]).groups_of != {}
    pretender = replace(user, members=crew.members)
    assert Law.build(_POLICY, principals=[pretender]).groups_of == {}


def test_built_in_role_cannot_be_replaced() -> None:
    """A stored role with the id of a built-in one does not take its place."""
    built_in = next(iter(BUILT_IN_ROLES.values()))
    forged = replace(built_in, permissions=(PermissionSet(actions=("*",)),))
    law = Law.build(_POLICY, roles=[forged])
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


@pytest.mark.parametrize("lower", range(6))
@pytest.mark.parametrize("upper", range(6))
def test_a_level_covers_itself_and_what_is_below(lower: int, upper: int) -> None:
    """What is assigned at a level reaches that level and every lower one, and no higher one."""
    levels = scopes_above(_POLICY)
    law = Law.build(_POLICY)
    assert law.covers(levels[upper], levels[lower]) == (upper >= lower)
    assert law.covers(ResourceScope(levels[upper].upper()), levels[lower]) == (upper >= lower)
    assert law.covers(levels[upper], None)
