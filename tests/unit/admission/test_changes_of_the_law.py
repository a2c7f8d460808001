"""What changes of roles and their assignments refuse, in which words, and what they leave."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.admission.snapshot_changes import SCOPE
from tests.unit.admission.standing import (
    ELSEWHERE,
    GROUP,
    NAMED,
    READER,
    REGISTRIES,
    ROOT,
    Registry,
    role,
)

from pratique.access import RoleMode
from pratique.access.conditions import Condition, InvalidCondition
from pratique.admission import AlreadyExists, NotFound, Unacceptable
from pratique.admission.changes import (
    applications,
    custom_roles,
    registry,
    roles,
)
from pratique.admission.changes.roles import WhenPresent
from pratique.naming import InvalidName, ResourceScope


def test_roles_and_principals_must_be_there(standing: Registry) -> None:
    """The words name what is missing and the command that lists what is there."""
    with pytest.raises(NotFound, match=r"^there is no role `AcrPul`; `pratique role definitions`"):
        standing.assign("AcrPul")
    with pytest.raises(NotFound, match="no user, group or service principal answers to `eve`"):
        standing.assign("AcrPull", "eve")
    for _ in range(2):
        standing.do(applications.create, "twin", 30)
    with pytest.raises(NotFound, match=r"^2 groups and service principals are called `twin`; give"):
        standing.assign("AcrPull", "twin")
    with pytest.raises(NotFound, match=r"^`ada` does not have the role `AcrPull` at `/`; `"):
        standing.do(roles.unassign, "acrpull", "ada", ROOT)
    with pytest.raises(NotFound, match=r"^there is no role assignment `nonsense`"):
        standing.do(roles.remove, "nonsense")


def test_control_characters_of_a_name_do_not_reach_the_words(standing: Registry) -> None:
    """Whatever was typed is shown so that a terminal stays as it is."""
    for name, principal in (("\x1b[31m", "ada"), ("Owner", "\x1b[31m")):
        with pytest.raises(NotFound) as caught:
            standing.assign(name, principal)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("path", ["", f"{ROOT}providers/Microsoft.Authorization/roleDefinitions/"])
def test_a_role_answers_to_its_name_and_its_id(standing: Registry, path: str) -> None:
    """In any case; the id also at the end of Azure's path."""
    acr_pull = "7F951DDA-4ed3-4680-a7ca-43fe172d538d"
    made = standing.assign(f"{path}{acr_pull}")
    assert made.role_id == acr_pull.lower()
    assert standing.do(roles.unassign, "acrPULL", "ADA", SCOPE) == made


def test_a_path_that_is_no_role_definition_is_no_role(standing: Registry) -> None:
    """A slip of the pen must not assign another role than the one that is written."""
    with pytest.raises(NotFound):
        standing.assign("team/Owner")


def test_a_present_assignment_is_refused_replaced_or_widened(standing: Registry) -> None:
    """By what was asked; the assignment keeps its id and the day on which it was made."""
    first, second = f"{NAMED} StringEquals 'one'", f"{NAMED} StringEquals 'two'"
    made = standing.assign("AcrPull", condition=first)
    with pytest.raises(AlreadyExists) as caught:
        standing.assign("AcrPull", condition=second)
    assert str(caught.value) == (
        f"`ada` has the role `AcrPull` at `{SCOPE}` already, under a condition; `--replace` gives "
        "it another condition or none, `--also` lets it grant under one more"
    )
    also = standing.assign("AcrPull", condition=second, when_present=WhenPresent.ALSO)
    assert also.condition == f"({first}) OR ({second})"
    replaced = standing.assign("AcrPull", condition=second, when_present=WhenPresent.REPLACE)
    assert replaced.condition == second
    plain = standing.assign("AcrPull", when_present=WhenPresent.REPLACE)
    with pytest.raises(AlreadyExists, match=r"` already; `--replace` gives"):
        standing.assign("AcrPull")
    assert standing.held() == [(None, str(SCOPE))]
    assert {(made.assignment_id, made.created_at)} == {
        (a.assignment_id, a.created_at) for a in (also, replaced, plain)
    }


def test_one_more_condition_takes_nothing_from_an_unconditional_assignment(
    standing: Registry,
) -> None:
    """What grants always goes on to."""
    standing.assign("AcrPull")
    condition = f"{NAMED} StringEquals 'one'"
    standing.assign("AcrPull", condition=condition, when_present=WhenPresent.ALSO)
    assert standing.held() == [(None, str(SCOPE))]


@pytest.mark.parametrize("when", WhenPresent)
def test_an_assignment_that_is_not_there_is_made(standing: Registry, when: WhenPresent) -> None:
    """Whatever should become of a present one; the same role elsewhere is none."""
    condition = f"{NAMED} StringEquals 'one'"
    standing.assign("AcrPull", scope=ROOT)
    standing.assign("AcrPull", condition=condition, when_present=when)
    assert set(standing.held()) == {(None, "/"), (condition, str(SCOPE))}


def test_widening_needs_a_condition_and_adds_it_once(standing: Registry) -> None:
    """Without one nothing is widened; one that stands already changes nothing."""
    condition = f"{NAMED} StringEquals 'one'"
    standing.assign("AcrPull", condition=condition)
    standing.assign("AcrPull", condition=condition, when_present=WhenPresent.ALSO)
    with pytest.raises(Unacceptable, match="`also` widens a condition; give one"):
        standing.assign("AcrPull", when_present=WhenPresent.ALSO)
    assert standing.held() == [(condition, str(SCOPE))]


def test_a_condition_that_grew_too_long_is_refused(standing: Registry) -> None:
    """8 KiB are the most; the assignment that stands stays."""
    condition, other = (f"{NAMED} StringEquals '{letter * 5000}'" for letter in "ab")
    standing.assign("AcrPull", condition=condition)
    with pytest.raises(InvalidCondition, match="longer than 8192 bytes"):
        standing.assign("AcrPull", condition=other, when_present=WhenPresent.ALSO)
    assert standing.held() == [(condition, str(SCOPE))]


def test_a_condition_must_be_one(standing: Registry) -> None:
    """The words say where it breaks."""
    with pytest.raises(InvalidCondition, match=r"at line 1, column \d+"):
        standing.assign("AcrPull", condition=f"{NAMED} StringLikes 'a'")
    with pytest.raises(Unacceptable, match="give a condition, or repositories from which"):
        standing.assign("AcrPull", condition=f"{NAMED} StringLike 'a'", repositories=("a",))
    assert standing.held() == []


def test_repositories_in_a_registry_that_judges_by_actions_name_both_ways_out(
    standing: Registry,
) -> None:
    """The other mode, with the question who would lose by it, or a token with a scope map."""
    for name in ("AcrPull", READER, "Owner"):
        with pytest.raises(Unacceptable) as caught:
            standing.assign(name, repositories=("team/*", "base"))
        words = str(caught.value)
        assert words.startswith(f"the role `{name}` cannot be limited to repositories while ")
        for way_out in (
            "`pratique registry update --role-mode abac`",
            f"`{READER}`",
            "--repository",
            "`pratique access what-if --mode abac`",
            "`pratique scope-map create MAP --allow 'team/*:content/read'`",
            "`pratique token create TOKEN --scope-map MAP`",
        ):
            assert way_out in words
    assert standing.held() == []


def test_repositories_in_a_registry_that_judges_by_data_actions_write_the_condition(
    standing: Registry,
) -> None:
    """It targets each data action of the role, so no hole is left."""
    standing.do(registry.update, mode=RoleMode.ABAC)
    made = standing.assign(READER, repositories=("team/*", "base"))
    text = str(made.condition)
    for part in ("content/read", "metadata/read", "'team/'", "'base'"):
        assert part in text
    assert Condition.parse(text).text == text
    assert roles.holes(standing.snapshot, made) == ()
    with pytest.raises(Unacceptable, match=f"the roles `{READER}`, `Writer` and `Contributor` do"):
        standing.assign("AcrPull", repositories=("team/*",))
    for pattern in ("", "Team/*", "team/", "a//b"):
        with pytest.raises(InvalidName):
            standing.assign(READER, repositories=(pattern,), when_present=WhenPresent.REPLACE)


def test_a_condition_with_a_hole_tells_what_passes(standing: Registry) -> None:
    """The data rights of the role that the condition does not target, in the registry's mode."""
    text = (
        f"(!(ActionMatches{{'{REGISTRIES}repositories/content/read'}}) OR {NAMED} StringEquals 'a')"
    )
    rbac = standing.assign("AcrPush", condition=text)
    granted = (f"{REGISTRIES}pull/read", f"{REGISTRIES}push/write")
    assert roles.holes(standing.snapshot, rbac) == granted
    standing.do(registry.update, mode=RoleMode.ABAC)
    abac = standing.assign(READER, condition=text)
    assert roles.holes(standing.snapshot, abac) == (f"{REGISTRIES}repositories/metadata/read",)
    assert roles.holes(standing.snapshot, replace(abac, condition=None)) == ()


def test_a_custom_role_is_assigned_where_its_scopes_reach_only(standing: Registry) -> None:
    """At and below them; a built-in one anywhere."""
    standing.do(custom_roles.create_role, role("Pilot", GROUP))
    for scope in (GROUP, SCOPE):
        standing.assign("Pilot", scope=scope)
    for scope in (ROOT, ELSEWHERE, ResourceScope("/subscriptions/quay")):
        with pytest.raises(Unacceptable, match=f"can be assigned at `{GROUP}` and below, which"):
            standing.assign("Pilot", scope=scope)
        standing.assign("Owner", scope=scope)


def test_a_principal_has_no_end_of_assignments(
    standing: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more than the limit is refused; changing one that stands is not."""
    monkeypatch.setattr(roles, "MAX_ASSIGNMENTS_OF_ONE", 2)
    standing.assign("AcrPull")
    standing.assign("AcrPush", scope=ELSEWHERE)
    with pytest.raises(Unacceptable, match="`ada` has 2 role assignments, and more are not allo"):
        standing.assign("AcrDelete")
    standing.assign("AcrPull", when_present=WhenPresent.REPLACE)
    standing.assign("AcrDelete", "ben")


def test_role_names_are_taken_once(standing: Registry) -> None:
    """Whatever their case, the built-in ones included; what looks like an id is no name."""
    made = standing.do(custom_roles.create_role, role("Pilot"))
    standing.do(custom_roles.create_role, role("Other"))
    for name in ("pilot", " Pilot ", "ACRPULL"):
        with pytest.raises(AlreadyExists, match="already; choose another name"):
            standing.do(custom_roles.create_role, role(name))
        with pytest.raises(AlreadyExists):
            standing.do(custom_roles.update_role, "Other", role(name))
    with pytest.raises(Unacceptable, match="cannot be a role's name"):
        standing.do(custom_roles.create_role, role(made.role_id))
    standing.do(custom_roles.update_role, "Pilot", role("PILOT"))
    assert standing.snapshot.law.roles[made.role_id].name == "PILOT"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (role(not_actions=("*",)), "the role would hold no action and no data action"),
        (role(actions=("pull",)), "`pull` names no permission; write for example"),
        (role(actions=("*",), not_data_actions=("a//b/read",)), "`a//b/read` names no permission"),
        (role(actions=("a/b/read\x1b",)), "names no permission"),
        (role(actions=("*",) * 501), "the role holds 501 actions; at most 500 fit"),
        (role(""), "a name has 1 to 256 printable characters"),
        (role("a\nb"), "a name has 1 to 256 printable characters"),
        (role("a" * 257), "a name has 1 to 256 printable characters"),
        (
            replace(role(), assignable_scopes=()),
            "a role has 1 to 100 assignable scopes; this one 0",
        ),
    ],
)
def test_a_role_that_makes_no_sense_is_refused(
    standing: Registry, wanted: custom_roles.WantedRole, words: str
) -> None:
    """When it is made, and when another is made into it."""
    standing.do(custom_roles.create_role, role("Other"))
    for operation, arguments in (
        (custom_roles.create_role, (wanted,)),
        (custom_roles.update_role, ("Other", wanted)),
    ):
        with pytest.raises(Unacceptable) as caught:
            standing.do(operation, *arguments)
        assert words in str(caught.value)
        assert str(caught.value).isprintable()


def test_built_in_roles_stay_as_they_are(standing: Registry) -> None:
    """Neither changed nor deleted."""
    for operation, arguments in (
        (custom_roles.update_role, ("acrpull", role())),
        (custom_roles.delete_role, ("acrpull",)),
    ):
        with pytest.raises(Unacceptable, match="`AcrPull` is built in and cannot be changed"):
            standing.do(operation, *arguments)
    with pytest.raises(NotFound, match="there is no role `Pilot`"):
        standing.do(custom_roles.delete_role, "Pilot")


def test_a_role_that_somebody_has_keeps_its_place(standing: Registry) -> None:
    """It is not deleted, nor moved from under an assignment."""
    standing.do(custom_roles.create_role, role("Pilot", GROUP))
    standing.assign("Pilot", scope=GROUP)
    with pytest.raises(Unacceptable, match=f"is assigned at `{GROUP}`, which the new assignable"):
        standing.do(custom_roles.update_role, "Pilot", role("Pilot", SCOPE))
    with pytest.raises(Unacceptable, match="the role `Pilot` is assigned 1 time; `pratique role"):
        standing.do(custom_roles.delete_role, "Pilot")
    standing.assign("Pilot", "ben")
    with pytest.raises(Unacceptable, match="is assigned 2 times"):
        standing.do(custom_roles.delete_role, "Pilot")
    standing.do(custom_roles.update_role, "Pilot", role("Pilot", ROOT))
    standing.do(roles.unassign, "Pilot", "ada", GROUP)
    standing.do(roles.unassign, "Pilot", "ben", SCOPE)
    standing.do(custom_roles.delete_role, "Pilot")


def test_there_is_no_end_of_custom_roles(
    standing: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more than the limit is refused; changing one is not."""
    monkeypatch.setattr(custom_roles, "MAX_CUSTOM_ROLES", 1)
    standing.do(custom_roles.create_role, role("Pilot"))
    with pytest.raises(Unacceptable, match="there are 1 custom roles, and more are not allowed"):
        standing.do(custom_roles.create_role, role("Other"))
    standing.do(custom_roles.update_role, "Pilot", role("Other"))


def test_a_role_is_found_by_the_name_that_it_was_given(standing: Registry) -> None:
    """A name that an address could not carry is refused; blanks and dots are found again."""
    with pytest.raises(Unacceptable, match="no `/`"):
        standing.do(custom_roles.create_role, role("team/Pilot"))
    standing.do(custom_roles.create_role, role("Pilot v1.2 (night)"))
    standing.assign("pilot V1.2 (night)")
