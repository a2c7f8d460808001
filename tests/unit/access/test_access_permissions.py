"""Permission strings and the patterns that name them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.naming.bounded_work import passes_over

from pratique.access.permissions import is_pattern, is_permission, permission_matches

_unhurried = settings(deadline=None)
_PULL = "Microsoft.ContainerRegistry/registries/pull/read"


@pytest.mark.parametrize(
    "pattern",
    [
        _PULL,
        _PULL.upper(),
        _PULL.lower(),
        "*",
        "**",
        "*/read",
        "*/READ",
        "Microsoft.ContainerRegistry/*",
        "Microsoft.*/pull/*",
        "*pull*",
        f"*{_PULL}*",
        "M*t.C*y/r*s/p*l/r*d",
    ],
)
def test_pattern_names_the_permission(pattern: str) -> None:
    """`*` stands for any run, empty ones and slashes included; case does not matter."""
    assert permission_matches(pattern, _PULL)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "pull/read",
        "/pull/read",
        _PULL.removesuffix("/read"),
        f"{_PULL}/extra",
        f" {_PULL}",
        f"{_PULL}\n",
        f"{_PULL}?",
        _PULL.replace(".", "-"),
        ".*",
        "*/write",
        "*/read/*",
        "Microsoft.ContainerRegistry/registries/pull/re*ead",
        "*pull*pull*",
        _PULL.replace("s", "\u017f"),
        _PULL.replace("p", "\uff50"),
        "*/pull/rea\N{COMBINING ACUTE ACCENT}d",
    ],
)
def test_pattern_does_not_name_the_permission(pattern: str) -> None:
    """A pattern is the whole permission: no part, no other character, no look-alike."""
    assert not permission_matches(pattern, _PULL)


def test_letters_fold_within_ascii_only() -> None:
    """The Kelvin sign is no `k`, though Unicode folds one into the other."""
    assert permission_matches("Tasks/K", "tasks/k")
    assert not permission_matches("tas\u212as/*", "tasks/read")
    assert not permission_matches("tasks/*", "tas\u212as/read")


@_unhurried
@given(st.lists(st.text("abC/.", max_size=4), min_size=1, max_size=5), st.data())
def test_pattern_names_whatever_fills_its_stars(parts: list[str], data: st.DataObject) -> None:
    """Any texts in the places of the stars make a permission that the pattern names."""
    permission = parts[0]
    for part in parts[1:]:
        permission += data.draw(st.text("abC/.*", max_size=4)) + part
    assert permission_matches("*".join(parts), permission)


def test_many_stars_cost_little() -> None:
    """A pattern of two hundred stars on a long permission is judged in a few looks at it."""
    permission = "a" * 20_000
    pattern = "*a" * 200 + "b"
    matches = permission_matches.__wrapped__
    assert not matches(pattern, permission)
    assert passes_over(permission, lambda: matches(pattern, permission)) < 50


@pytest.mark.parametrize(
    "text",
    [
        *(_PULL, _PULL.upper(), "a/b/action", "Contoso.Ships/decks-2/sub_deck/delete", "a/write"),
        "a/" + "x" * 505 + "/read",
    ],
)
def test_permission_has_its_form(text: str) -> None:
    """Segments of letters and digits, the last one a verb; at most 512 characters."""
    assert is_permission(text)
    assert is_pattern(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "read", "/read", "a//read", "/a/read", "a/read/", "a/list", "a/reads", "a/b/pull"),
        *("a/-b/read", "a/.b/read", "a b/read", "a/read\n", "\u212a/read", "a/rea\u017f"),
        "a/" + "x" * 506 + "/read",
    ],
)
def test_other_text_is_no_permission(text: str) -> None:
    """What has not the form names no action, and cannot stand in a role either."""
    assert not is_permission(text)
    assert not is_pattern(text)


@pytest.mark.parametrize(
    "text",
    ["*", "*/read", "Microsoft.ContainerRegistry/*", "a/*/b/*", "*a*", "a/b*", "*" * 512],
)
def test_pattern_may_stand_in_a_role(text: str) -> None:
    """A `*` may stand anywhere; such a text is no permission."""
    assert is_pattern(text)
    assert not is_permission(text)


@pytest.mark.parametrize(
    "text", ["/*", "a//*", "*//b", "a b*", "*?", "*\n", "\u212a*", "*" * 513, "a/{read,write}*"]
)
def test_pattern_that_would_match_nothing_is_refused(text: str) -> None:
    """It is a mistake rather than a rule."""
    assert not is_pattern(text)
