"""What a change of the law would mean, told by differences."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.law.reading import NOON, bound_to

from pratique.access import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    AdminUser,
    Anonymous,
    ControlAction,
    DirectoryPrincipal,
    Law,
    PermissionSet,
    Reason,
    Refusal,
    RegistryAction,
    RepositoryToken,
    Resource,
    RoleMode,
    Subject,
)
from pratique.access.amendments import Amendment, amended
from pratique.access.comparison import ROOT, Difference, compare
from pratique.naming import RepositoryName
from pratique.testing import law_builder
from pratique.testing.law_builder import LawBuilder, object_id

_READER = "Container Registry Repository Reader"
_NAMES = tuple(map(RepositoryName, ("web/shop", "web/blog", "team/app")))
_DEV = DirectoryPrincipal(object_id("dev"))
Told = dict[tuple[Subject, str, bool], tuple[Resource, ...]]


def _told(before: Law, after: Law) -> Told:
    return {
        (d.subject, _word(d), d.gains): d.resources for d in compare(before, after, NOON, _NAMES)
    }


def _word(difference: Difference) -> str:
    action = difference.action
    return action.permission if isinstance(action, ControlAction) else action.word


def test_the_same_law_makes_no_difference() -> None:
    """Neither compared with itself nor with one that was built of the same parts."""
    builder = LawBuilder(anonymous_pull=True).user("dev").assign("Owner", "dev")
    assert _told(builder.build(), builder.build()) == {}


def test_a_right_on_all_repositories_is_told_once() -> None:
    """Those to come are among them, so no name is needed."""
    builder = LawBuilder().user("dev").user("ben").assign("AcrPull", "ben")
    before = builder.build()
    assert _told(before, builder.assign("AcrPull", "dev").build()) == {
        (_DEV, "pull", True): (EVERY_REPOSITORY,),
        (_DEV, "metadata_read", True): (EVERY_REPOSITORY,),
        (_DEV, "catalog", True): (THE_REGISTRY,),
    }


def test_a_right_under_a_condition_is_told_by_repositories() -> None:
    """Where rights differ from name to name, those names are told on which they change."""
    builder = LawBuilder(mode=RoleMode.ABAC).user("dev").group("crew", "dev")
    before = builder.build()
    after = builder.assign(_READER, "crew", condition=bound_to(_READER, "web/*")).build()
    assert _told(before, after) == {
        (_DEV, "pull", True): _NAMES[:2],
        (_DEV, "metadata_read", True): _NAMES[:2],
    }


def test_a_refusal_under_a_condition_is_told_by_repositories() -> None:
    """So it is when a deny assignment for everyone tells names apart."""
    builder = LawBuilder(mode=RoleMode.ABAC).user("dev").assign(_READER, "dev")
    before = builder.build()
    refusal = Refusal(
        PermissionSet(data_actions=("*/content/read",)), bound_to(_READER, "team/app")
    )
    assert _told(before, builder.deny("night", refusal).build()) == {
        (_DEV, "pull", False): (_NAMES[2],)
    }


@pytest.mark.parametrize("comes", [True, False])
def test_one_assignment_more_or_less_is_told_of_its_holder(*, comes: bool) -> None:
    """In a law that is otherwise the very same."""
    builder = LawBuilder().user("dev").user("ben").assign("AcrPull", "ben")
    law = builder.build()
    granting = builder.assign("AcrPull", "dev").build()
    assignments = granting.assignments_of(_DEV.object_id)
    granted = amended(law, Amendment(assignments=assignments))
    taken = amended(granted, Amendment(gone_assignments=assignments))
    before, after = (law, granted) if comes else (granted, taken)
    assert set(_told(before, after)) == {
        (_DEV, word, comes) for word in ("pull", "metadata_read", "catalog")
    }


@pytest.mark.parametrize("comes", [True, False])
def test_one_refusal_more_or_less_is_told_of_those_it_names(*, comes: bool) -> None:
    """In a law that is otherwise the very same; whom it does not name is passed over."""
    builder = LawBuilder().user("dev").user("ben").assign("AcrPull", "dev").assign("AcrPull", "ben")
    law = builder.build()
    refusal = Refusal(PermissionSet(actions=("*/pull/read",)))
    denials = builder.deny("night", refusal, to=["dev"]).build().every_denial()
    refusing = amended(law, Amendment(denials=denials))
    open_again = amended(refusing, Amendment(gone_denials=denials))
    before, after = (law, refusing) if comes else (refusing, open_again)
    gains = not comes
    assert _told(before, after) == {
        (_DEV, "pull", gains): (EVERY_REPOSITORY,),
        (_DEV, "metadata_read", gains): (EVERY_REPOSITORY,),
        (_DEV, "catalog", gains): (THE_REGISTRY,),
    }


def test_a_switch_of_mode_tells_whom_it_cuts_off() -> None:
    """The documentation of ACR warns of it; here it is told by name, losses and gains apart."""
    law = (
        LawBuilder().user("dev").user("ben").assign("AcrPull", "dev").assign(_READER, "ben").build()
    )
    after = law.at(replace(law.registry, mode=RoleMode.ABAC))
    ben = DirectoryPrincipal(object_id("ben"))
    assert _told(law, after) == {
        (_DEV, "pull", False): (EVERY_REPOSITORY,),
        (_DEV, "metadata_read", False): (EVERY_REPOSITORY,),
        (_DEV, "catalog", False): (THE_REGISTRY,),
        (ben, "pull", True): (EVERY_REPOSITORY,),
        (ben, "metadata_read", True): (EVERY_REPOSITORY,),
    }


def test_opening_the_registry_is_told_of_everybody() -> None:
    """People, tokens and nobody in particular gain what is open to all."""
    law = LawBuilder().user("dev").scope_map("mine").token("leaf", "mine").build()
    opened = law.at(replace(law.registry, anonymous_pull=True))
    assert {subject for subject, _, _ in _told(law, opened)} == {
        _DEV,
        RepositoryToken("leaf"),
        Anonymous(),
    }
    switched = law.at(replace(law.registry, admin_enabled=True))
    assert {subject for subject, _, _ in _told(law, switched)} == {AdminUser()}


def test_tokens_are_told_by_their_scope_maps() -> None:
    """One whose map names repositories is told by name, one whose map names all is not."""

    def law(*actions: str) -> Law:
        return LawBuilder().scope_map("mine", *actions).token("leaf", "mine").build()

    leaf = RepositoryToken("leaf")
    named = law("repositories/web/*/content/read", "repositories/team/app/content/write")
    everything = law("repositories/*/content/read")
    assert _told(law(), everything) == {(leaf, "pull", True): (EVERY_REPOSITORY,)}
    assert _told(law(), named) == {
        (leaf, "pull", True): _NAMES[:2],
        (leaf, "push", True): _NAMES[2:],
    }
    assert _told(named, everything) == {
        (leaf, "pull", True): _NAMES[2:],
        (leaf, "push", False): _NAMES[2:],
    }


def test_a_token_that_comes_or_is_disabled_is_told() -> None:
    """Its own state counts as its map does."""
    none = LawBuilder().build()
    there = LawBuilder().token("leaf", "_repositories_pull").build()
    off = LawBuilder().token("leaf", "_repositories_pull", enabled=False).build()
    gained = {(RepositoryToken("leaf"), "pull", True): (EVERY_REPOSITORY,)}
    lost = {(RepositoryToken("leaf"), "pull", False): (EVERY_REPOSITORY,)}
    assert _told(none, there) == _told(off, there) == gained
    assert _told(there, none) == _told(there, off) == lost


def test_control_rights_are_told_where_they_are_asked() -> None:
    """The directory stands at the root, everything else of a registry at the registry."""
    builder = LawBuilder().user("dev")
    before = builder.build()
    at_root = _told(before, builder.assign("Reader", "dev", law_builder.ROOT).build())
    directory = "Microsoft.Authorization/directory/users/read"
    registry = "Microsoft.ContainerRegistry/registries/tokens/read"
    assert at_root[_DEV, directory, True] == (ROOT,)
    assert at_root[_DEV, registry, True] == (THE_REGISTRY,)
    below = _told(before, LawBuilder().user("dev").assign("Reader", "dev").build())
    assert (_DEV, directory, True) not in below
    assert below[_DEV, registry, True] == (THE_REGISTRY,)


def test_a_difference_holds_both_verdicts() -> None:
    """Why it was so before, and why it is otherwise after."""
    builder = LawBuilder().user("dev").assign("AcrPull", "dev")
    before = builder.build()
    after = builder.deny("night", Refusal(PermissionSet(("*/pull/read",)))).build()
    found = compare(before, after, NOON, _NAMES)
    assert {d.action for d in found} == {
        RegistryAction.PULL,
        RegistryAction.METADATA_READ,
        RegistryAction.CATALOG,
    }
    for difference in found:
        was, will_be = difference.verdicts
        assert (was.reason, will_be.reason) == (Reason.ROLE_ASSIGNMENT, Reason.DENY_ASSIGNMENT)
        assert not difference.gains


def test_a_group_that_changes_is_told_of_its_members() -> None:
    """Who joins gains, who leaves loses, and whoever stays is not told."""

    def law(*members: str) -> Law:
        builder = LawBuilder().user("dev").user("ben").user("cleo").group("crew", *members)
        return builder.assign("AcrDelete", "crew").build()

    told = _told(law("dev", "cleo"), law("ben", "cleo"))
    assert told == {
        (_DEV, "delete", False): (EVERY_REPOSITORY,),
        (DirectoryPrincipal(object_id("ben")), "delete", True): (EVERY_REPOSITORY,),
    }
