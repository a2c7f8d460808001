"""What changes of deny assignments, attributes, scope maps and tokens refuse, in which words."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.admission.standing import (
    Registry,
    denial,
)

from pratique.access import EVERYONE
from pratique.access.conditions import InvalidCondition
from pratique.admission import AlreadyExists, NotFound, Unacceptable
from pratique.admission.changes import (
    attributes,
    denials,
    people,
    tokens,
)
from pratique.admission.records import PermissionsRecord
from pratique.naming import InvalidName


def test_a_deny_assignment_is_for_somebody_and_not_for_everybody(standing: Registry) -> None:
    """Nobody can be locked out without one who may take it back."""
    for wanted, words in (
        (denial(principals=()), "is for somebody; name principals with --principal, or --everyone"),
        (denial(principals=(), everyone=True), "needs at least one principal that it excludes"),
        (denial(everyone=True, excluded=("ada",)), "name principals, or everyone, not both"),
    ):
        with pytest.raises(Unacceptable, match=words):
            standing.do(denials.create_denial, wanted)
    made = standing.do(
        denials.create_denial, denial(principals=(), everyone=True, excluded=("ada",))
    )
    with pytest.raises(Unacceptable, match="needs at least one principal that it excludes"):
        standing.do(denials.update_denial, made.deny_id, (), ("ada",))
    with pytest.raises(Unacceptable, match="needs at least one principal that it excludes"):
        # Who is named on both sides is concerned.
        standing.do(denials.update_denial, made.deny_id, ("ada", "ben"), ("ben", "ada"))
    changed = standing.do(denials.update_denial, "NO PULL", ("ben",), ("ada",))
    assert changed.excluded == (standing.snapshot.find_principal("ben").object_id,)


def test_who_may_take_a_deny_assignment_back_cannot_be_deleted(standing: Registry) -> None:
    """A deny assignment for everyone goes on to exclude somebody who is there."""
    standing.do(denials.create_denial, denial(principals=(), everyone=True, excluded=("ada",)))
    with pytest.raises(Unacceptable):
        standing.do(people.delete_user, "ada")


def test_deny_assignments_must_make_sense(standing: Registry) -> None:
    """Names are taken once, principals are there, permissions and conditions can be read."""
    made = standing.do(denials.create_denial, denial())
    cases: list[tuple[type[Exception], str, denials.WantedDenial]] = [
        (AlreadyExists, "there is a deny assignment `NO PULL` already", denial("NO PULL")),
        (NotFound, "answers to `eve`", denial("x", principals=("eve",))),
        (NotFound, "answers to `eve`", denial("x", excluded=("eve",))),
        (Unacceptable, "no action and no data", denial("x", permissions=PermissionsRecord())),
        (Unacceptable, "`a` names no", denial("x", permissions=PermissionsRecord(("a",)))),
        (
            InvalidCondition,
            "at line 1, column",
            denial("x", permissions=PermissionsRecord(("*",), condition="true or")),
        ),
        (Unacceptable, "a name has 1 to 256", denial(" ")),
    ]
    for error, words, wanted in cases:
        with pytest.raises(error, match=words):
            standing.do(denials.create_denial, wanted)
    for missing in ("no push", "", made.deny_id[:-1]):
        with pytest.raises(NotFound, match="there is no deny assignment `"):
            standing.do(denials.delete_denial, missing)
        with pytest.raises(NotFound, match="there is no deny assignment `"):
            standing.do(denials.update_denial, missing, (), ())
    assert standing.do(denials.delete_denial, made.deny_id.upper()) == made


def test_deny_assignments_have_limits(standing: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many of them, and so many principals in one."""
    monkeypatch.setattr(denials, "MAX_PRINCIPALS", 2)
    with pytest.raises(Unacceptable, match="names at most 2 principals; use groups"):
        standing.do(denials.create_denial, denial(principals=("ada", "ben"), excluded=("ci",)))
    # Who is named twice counts once.
    standing.do(denials.create_denial, denial(principals=("ada", "ADA"), excluded=("ci", "ci")))
    monkeypatch.setattr(denials, "MAX_DENY_ASSIGNMENTS", 1)
    with pytest.raises(Unacceptable, match="there are 1 deny assignments, and more are not allo"):
        standing.do(denials.create_denial, denial("another"))


@pytest.mark.parametrize("name", ["Project", "_Project", "1Eng_Project", "Eng_", "Eng-x_P", "é_x"])
def test_an_attribute_has_a_set_and_a_name(standing: Registry, name: str) -> None:
    """The words show how one is written."""
    with pytest.raises(Unacceptable, match=r"is no attribute; write .* `Engineering_Project`"):
        standing.do(attributes.set_attribute, "ada", name, ("x",))


@pytest.mark.parametrize("values", [(), ("x",) * 51, ("x" * 257,), (10**257,)])
def test_an_attribute_has_some_short_values(
    standing: Registry, values: tuple[str | int, ...]
) -> None:
    """From 1 to 50, of 256 characters at most."""
    with pytest.raises(Unacceptable, match="1 to 50 values of at most 256 characters"):
        standing.do(attributes.set_attribute, "ada", "Eng_Project", values)


def test_attributes_are_set_and_removed_whatever_their_case(standing: Registry) -> None:
    """The newest spelling and values stand; what is not there cannot be removed."""
    standing.do(attributes.set_attribute, "ada", "Eng_Project", ("x", 1, True))
    record = standing.do(attributes.set_attribute, "ada", "ENG_project", ("y",))
    assert record.values == {"ENG_project": ("y",)}
    with pytest.raises(NotFound, match="`ben` has no attribute `Eng_Project`"):
        standing.do(attributes.remove_attribute, "ben", "Eng_Project")
    assert standing.do(attributes.remove_attribute, "ada", "eng_project").values == {}
    with pytest.raises(NotFound, match="`ada` has no attribute `Eng_Project`"):
        standing.do(attributes.remove_attribute, "ada", "Eng_Project")
    with pytest.raises(NotFound, match="answers to `eve`"):
        standing.do(attributes.set_attribute, "eve", "Eng_Project", ("x",))


def test_a_principal_has_no_end_of_attributes(
    standing: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more than the limit is refused; other values for one are not."""
    monkeypatch.setattr(attributes, "MAX_ATTRIBUTES", 1)
    standing.do(attributes.set_attribute, "ada", "Eng_A", ("x",))
    with pytest.raises(Unacceptable, match="a principal has at most 1 attributes"):
        standing.do(attributes.set_attribute, "ada", "Eng_B", ("x",))
    standing.do(attributes.set_attribute, "ada", "eng_a", ("y",))


def test_scope_maps_and_tokens_must_make_sense(standing: Registry) -> None:
    """Names are well formed and taken once, what they name is there, and what is used stays."""
    actions = ["repositories/team/*/content/read"]
    standing.do(tokens.create_scope_map, "team-map", "", actions)
    standing.do(tokens.create_token, "team-token", "TEAM-map", None)
    other = ["repositories/a/content/read"]
    cases: list[tuple[type[Exception], str, Any, tuple[Any, ...]]] = [
        (Unacceptable, "cannot be a scope map's name", tokens.create_scope_map, ("abcd", "", ())),
        (Unacceptable, "cannot be a token's name", tokens.create_token, ("a b c", "team-map", 1)),
        (AlreadyExists, "a scope map `Team-Map`", tokens.create_scope_map, ("Team-Map", "", ())),
        (AlreadyExists, "signs in as `Team-Token`", tokens.create_token, ("Team-Token", "x", 1)),
        (InvalidName, "scope-map action", tokens.create_scope_map, ("other", "", ["pull"])),
        (NotFound, "no scope map `absent`", tokens.create_token, ("other", "absent", None)),
        (NotFound, "no scope map `absent`", tokens.bind_token, ("team-token", "absent")),
        (NotFound, "no token `absent`", tokens.bind_token, ("absent", "team-map")),
        (NotFound, "does not hold", tokens.update_scope_map, ("team-map", (), other, None)),
        (Unacceptable, "came with the product", tokens.delete_scope_map, ("_REPOSITORIES_pull",)),
        (Unacceptable, "is used by the token `team-token`", tokens.delete_scope_map, ("team-map",)),
        (NotFound, "no password `third`", tokens.new_token_password, ("team-token", "third", 1)),
        (Unacceptable, "a life of 0 days", tokens.create_token, ("other", "team-map", 0)),
        (Unacceptable, "looks like an id", tokens.create_token, (EVERYONE, "x", 1)),
    ]  # fmt: skip
    for error, words, operation, arguments in cases:
        with pytest.raises(error, match=words):
            standing.do(operation, *arguments)
    bound = standing.do(tokens.bind_token, "TEAM-TOKEN", "_repositories_PULL")
    assert bound.scope_map == "_repositories_pull"
    standing.do(tokens.delete_scope_map, "team-map")
