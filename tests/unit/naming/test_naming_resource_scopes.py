"""Resource scopes: where roles are assigned."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.naming import InvalidName, ResourceScope

_SUBSCRIPTION = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/my-group_1.(x)"
_REGISTRY = f"{_GROUP}/providers/Microsoft.ContainerRegistry/registries/demo1"
_MANAGEMENT = "/providers/Microsoft.Management/managementGroups/corp"
_unhurried = settings(deadline=None)


@pytest.mark.parametrize("text", ["/", _MANAGEMENT, _SUBSCRIPTION, _GROUP, _REGISTRY])
def test_good_scope_is_kept(text: str) -> None:
    """The five levels are read, and print as they were written."""
    assert ResourceScope(text) == text


@pytest.mark.parametrize("text", [_MANAGEMENT, _SUBSCRIPTION, _GROUP, _REGISTRY])
def test_one_trailing_slash_is_left_behind(text: str) -> None:
    """One slash at the end means nothing; two are no scope."""
    assert ResourceScope(f"{text}/") == text
    with pytest.raises(InvalidName):
        ResourceScope(f"{text}//")


@pytest.mark.parametrize("text", [_MANAGEMENT, _SUBSCRIPTION, _GROUP, _REGISTRY])
def test_case_is_kept_and_does_not_count(text: str) -> None:
    """Spellings that differ in case have one key."""
    assert ResourceScope(text.upper()) == text.upper()
    assert ResourceScope(text.upper()).key == ResourceScope(text.lower()).key


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "//",
        "///",
        "subscriptions/x",
        "//subscriptions/x",
        "/subscriptions",
        "/subscriptions/",
        "/subscriptions//resourceGroups/g",
        "/subscriptions/x/y",
        "/subscriptions/.",
        "/subscriptions/..",
        "/subscriptions/x/resourceGroups",
        "/subscriptions/x/resourceGroups/..",
        "/subscriptions/x/resourceGroups/g/providers",
        "/subscriptions/x/resourceGroups/g/providers/Microsoft.ContainerRegistry",
        "/subscriptions/x/resourceGroups/g/providers/Microsoft.Compute/registries/demo1",
        "/subscriptions/x/resourceGroups/g/providers/Microsoft-ContainerRegistry/registries/demo1",
        f"{_REGISTRY}/repositories/app",
        f"{_REGISTRY}\n",
        f"{_SUBSCRIPTION}\n",
        "/\n",
        "/subscriptions/a b",
        "/subscriptions/a%2fb",
        "/subscriptions/*",
        "/subscriptions/\u212a",
        "/\u017fubscriptions/x",
        "/subscriptions/x\u0661",
        "/subscriptions/\ud800",
        "/subscriptions/\x00",
        "/subscriptions/" + "a" * 91,
        "/providers/Microsoft.Management/managementGroups/",
        "/providers/Microsoft.Management/managementGroups/a/b",
        "/managementGroups/corp",
    ],
)
def test_bad_scope_is_refused(text: str) -> None:
    """What is no level, or only looks like one, is no scope; above all, it is not the root."""
    with pytest.raises(InvalidName, match="is not a scope"):
        ResourceScope(text)


def test_scope_knows_what_is_above_it() -> None:
    """A registry lies in its group, and the group in its subscription, whatever the case."""
    levels = (_REGISTRY, _GROUP, _SUBSCRIPTION)
    assert ResourceScope(_REGISTRY).ancestors_within_subscription() == levels
    assert ResourceScope(_GROUP).ancestors_within_subscription() == levels[1:]
    assert ResourceScope(_SUBSCRIPTION).ancestors_within_subscription() == levels[2:]
    upper = tuple(level.upper() for level in levels)
    assert ResourceScope(_REGISTRY.upper()).ancestors_within_subscription() == upper


@pytest.mark.parametrize("text", ["/", _MANAGEMENT])
def test_what_is_above_a_subscription_is_not_in_its_name(text: str) -> None:
    """The root and management groups know only themselves."""
    assert ResourceScope(text).ancestors_within_subscription() == (text,)


def test_management_group_is_written_by_its_name() -> None:
    """A management group's scope is made from its name, or refused."""
    assert ResourceScope.management_group("corp") == _MANAGEMENT
    with pytest.raises(InvalidName):
        ResourceScope.management_group("a/b")


_names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._()-]{0,20}", fullmatch=True)


@_unhurried
@given(_names, _names, _names)
def test_names_make_a_registry_scope(subscription: str, group: str, registry: str) -> None:
    """Any three names make a scope whose ancestors are its own beginnings."""
    text = (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.ContainerRegistry/registries/{registry}"
    )
    scope = ResourceScope(text)
    assert scope == text
    assert all(text.startswith(above) for above in scope.ancestors_within_subscription())
    assert len(set(scope.ancestors_within_subscription())) == 3
