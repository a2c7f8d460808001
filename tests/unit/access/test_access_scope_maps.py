"""Actions of scope maps: written, read and applied (reference 6.3)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.naming.bounded_work import MEGABYTE, passes_over

from pratique.access import RegistryAction, ScopeMapRule
from pratique.naming import InvalidName

_unhurried = settings(deadline=None)

_GOOD = [
    "repositories/app/content/read",
    "repositories/team/app/content/write",
    "repositories/team/app/content/delete",
    "repositories/team/app/metadata/read",
    "repositories/team/app/metadata/write",
    "repositories/team/*/content/read",
    "repositories/team/part/*/metadata/write",
    "repositories/*/content/read",
    "repositories/content/read/content/read",
    "repositories/repositories/content/read",
]


@pytest.mark.parametrize("text", _GOOD)
def test_rule_prints_as_it_was_written(text: str) -> None:
    """A well-formed action is read, and printed the same."""
    assert str(ScopeMapRule.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "repositories/app",
        "repositories/app/content",
        "repositories/app/content/",
        "repositories//content/read",
        "repositories/content/read",
        "repositories/app/contentRead",
        "repositories/app/content/pull",
        "repositories/app/content/READ",
        "repositories/app/metadata/delete",
        "repositories/app/gateway/read",
        "repositories/App/content/read",
        "repositories/app/content/read/",
        "repositories/app/content/read\n",
        "repositories/app\n/content/read",
        "/repositories/app/content/read",
        "registries/app/content/read",
        "repositories/**/content/read",
        "repositories/*/*/content/read",
        "repositories/team*/content/read",
        "repositories/*team/content/read",
        "repositories/team/*/app/content/read",
        "repositories/team/*app/content/read",
        "repositories/team//*/content/read",
        "repositories//*/content/read",
        "repositories/../content/read",
        "repositories/te\u212aam/content/read",
        "repositories/\ud800/content/read",
        "repositories/a\x00b/content/read",
    ],
)
def test_other_text_is_refused(text: str) -> None:
    """A `*` that is not last after a slash, an unknown verb, another form: no rule."""
    with pytest.raises(InvalidName):
        ScopeMapRule.parse(text)


@_unhurried
@given(st.text() | st.from_regex(r"repositories/.*/(content|metadata)/[a-z]+"))
def test_any_text_is_a_rule_or_no_name(text: str) -> None:
    """No text brings about another failure; what is read prints the same."""
    try:
        rule = ScopeMapRule.parse(text)
    except InvalidName:
        return
    assert str(rule) == text


@pytest.mark.parametrize(
    "text", ["repositories/" + "a/" * (MEGABYTE // 2), "repositories/" + "/content/read" * 80_000]
)
def test_long_text_is_refused_in_bounded_work(text: str) -> None:
    """A megabyte of almost an action costs no more than a few looks at it."""

    def refuse() -> None:
        with pytest.raises(InvalidName):
            ScopeMapRule.parse(text)

    assert passes_over(text, refuse) < 5


@pytest.mark.parametrize(
    ("text", "covered", "not_covered"),
    [
        ("repositories/team/app/content/read", ["team/app"], ["team", "team/app2", "team/app/x"]),
        ("repositories/team/*/content/read", ["team/app", "team/a/b"], ["team", "team2/app"]),
        ("repositories/*/content/read", ["app", "team/app"], []),
    ],
)
def test_rule_covers_its_repositories(
    text: str, covered: list[str], not_covered: list[str]
) -> None:
    """A name is itself, a prefix ends at its slash, and the root is everything."""
    rule = ScopeMapRule.parse(text)
    assert all(rule.covers(RegistryAction.PULL, name) for name in covered)
    assert not any(rule.covers(RegistryAction.PULL, name) for name in not_covered)
    assert not any(rule.covers(RegistryAction.PUSH, name) for name in covered)
