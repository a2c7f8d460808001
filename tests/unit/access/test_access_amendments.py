"""Changes of the law, one at a time."""

from __future__ import annotations

from dataclasses import replace

from tests.law.reading import NOON, read_question

from pratique.access import (
    BUILT_IN_ROLES,
    EVERYONE,
    SYSTEM_SCOPE_MAPS,
    Allowed,
    Amendment,
    Law,
    PermissionSet,
    Refusal,
    RoleMode,
    ScopeMap,
    amended,
    decide,
)
from pratique.testing import law_builder
from pratique.testing.law_builder import LawBuilder, object_id

_DEV = object_id("dev")
_EVERYTHING = Refusal(PermissionSet(("*",)))


def _may(law: Law, asked: str = "dev pull team/app") -> bool:
    return isinstance(decide(read_question(asked), law, NOON), Allowed)


def test_the_law_that_was_amended_stays() -> None:
    """An amendment makes another law, and shares with the old one what it does not touch."""
    before = LawBuilder().user("dev").assign("AcrPull", "dev").build()
    (held,) = before.every_assignment()
    after = amended(before, Amendment(gone_assignments=(held,)))
    assert (_may(before), _may(after)) == (True, False)
    assert after.principals is before.principals
    assert after.roles is before.roles
    assert after.tokens is before.tokens
    assert after.scope_maps is before.scope_maps
    assert after.memberships is before.memberships


def test_what_is_gone_leaves_nothing_behind() -> None:
    """A law from which everything was taken is the empty one."""
    law = (
        LawBuilder()
        .user("dev")
        .group("crew", "dev")
        .role("Pilot", actions=("*",))
        .assign("Pilot", "dev")
        .assign("AcrPull", "crew", law_builder.ROOT)
        .deny("night", _EVERYTHING)
        .deny("day", _EVERYTHING, to=["dev", "crew"])
        .token("leaf", "mine")
        .scope_map("mine")
        .build()
    )
    custom = law.roles.keys() - BUILT_IN_ROLES.keys()
    emptied = amended(
        law,
        Amendment(
            principals=dict.fromkeys(law.principals),
            roles=dict.fromkeys(custom),
            gone_assignments=tuple(law.every_assignment()),
            gone_denials=law.every_denial(),
            tokens={"leaf": None},
            scope_maps={"mine": None},
        ),
    )
    assert emptied == Law.empty(law.registry)


def test_what_was_never_there_can_be_taken_away() -> None:
    """Taking what the law does not hold changes nothing."""
    law = LawBuilder().user("dev").assign("AcrPull", "dev").build()
    other = (
        LawBuilder()
        .user("ben")
        .assign("x", "ben")
        .assign("AcrPull", "ben")
        .assign("AcrPull", "dev")
        .deny("night", _EVERYTHING)
        .build()
    )
    nothing = Amendment(
        principals={object_id("ben"): None},
        roles={"no role": None},
        gone_assignments=tuple(other.every_assignment()),
        gone_denials=other.every_denial(),
        tokens={"leaf": None},
        scope_maps={"mine": None},
    )
    assert amended(law, nothing) == law


def test_an_assignment_takes_the_place_of_its_former_self() -> None:
    """The same id, holder and scope: the newer one stands, once."""
    law = LawBuilder().user("dev").assign("AcrPull", "dev").assign("AcrDelete", "dev").build()
    first, second = law.assignments_of(_DEV)
    changed = replace(first, role_id=law_builder.role_id("AcrPush"))
    after = amended(law, Amendment(assignments=(changed,)))
    assert after.assignments_of(_DEV) == (changed, second)
    assert after.where == {_DEV: (changed.scope.key,)}
    assert _may(after, "dev push team/app")


def test_where_somebody_holds_something_is_known() -> None:
    """Each scope once, in order, and no scope once the last assignment there is gone."""
    law = (
        LawBuilder()
        .assign("AcrPull", "dev")
        .assign("AcrPull", "dev", law_builder.ROOT)
        .assign("AcrPull", "ben")
        .build()
    )
    registry = law_builder.REGISTRY.key
    assert law.where == {_DEV: ("/", registry), object_id("ben"): (registry,)}
    at_root = law.held_at("/", _DEV)
    after = amended(law, Amendment(gone_assignments=at_root))
    assert after.where == {_DEV: (registry,), object_id("ben"): (registry,)}
    assert after.held_at("/", _DEV) == ()
    assert "/" not in after.assigned


def test_rules_of_one_place_stand_in_the_order_of_their_ids() -> None:
    """The order of coming does not matter."""
    law = LawBuilder().assign("a", "dev").assign("b", "dev").deny("c", _EVERYTHING).build()
    first, second = law.assignments_of(_DEV)
    (denial,) = law.every_denial()
    later = replace(denial, deny_id="ffffffff-0000-0000-0000-000000000000")
    empty = Law.empty(law.registry)
    one = amended(empty, Amendment(assignments=(second, first), denials=(later, denial)))
    two = amended(empty, Amendment(assignments=(first,), denials=(denial,)))
    two = amended(two, Amendment(assignments=(second,), denials=(later,)))
    assert one == two
    assert one.assignments_of(_DEV) == (first, second)
    assert one.denials[EVERYONE] == (denial, later)


def test_what_came_with_the_product_stays_as_it_is() -> None:
    """Built-in roles and system-defined scope maps are neither changed nor taken away."""
    law = LawBuilder().user("dev").build()
    built_in, system = next(iter(BUILT_IN_ROLES)), next(iter(SYSTEM_SCOPE_MAPS))
    forged = replace(BUILT_IN_ROLES[built_in], name="forged")
    changed = Amendment(
        roles={built_in: forged, law_builder.role_id("Owner"): None},
        scope_maps={system: ScopeMap(system, "", ())},
    )
    assert amended(law, changed) == law


def test_memberships_follow_the_groups() -> None:
    """A group that gains and loses members passes on its rights to those who are in it."""
    law = LawBuilder().user("dev").group("crew").assign("AcrPull", "crew").build()
    crew = law.principals[object_id("crew")]
    joined = amended(
        law, Amendment(principals={crew.object_id: replace(crew, members=frozenset({_DEV}))})
    )
    disabled = replace(joined.principals[crew.object_id], enabled=False)
    off = amended(joined, Amendment(principals={crew.object_id: disabled}))
    left = amended(joined, Amendment(principals={crew.object_id: crew}))
    assert [_may(each) for each in (law, joined, off, left)] == [False, True, False, False]
    assert left == law


def test_a_new_policy_moves_the_line() -> None:
    """A registry that stands elsewhere, or judges otherwise, keeps everything else."""
    law = LawBuilder().user("dev").assign("AcrPull", "dev", law_builder.SUBSCRIPTION).build()
    moved = replace(law.registry, scope=type(law.registry.scope)("/subscriptions/other"))
    assert not _may(amended(law, Amendment(registry=moved)))
    switched = replace(law.registry, mode=RoleMode.ABAC)
    assert not _may(amended(law, Amendment(registry=switched)))
    assert amended(law, Amendment(registry=law.registry)) == law
