"""Conditions that are written from patterns of repositories."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.access.conditions import (
    REPOSITORY_NAME,
    Condition,
    Facts,
    InvalidCondition,
    Truth,
    attribute_key,
    evaluate,
    for_repositories,
    untargeted,
)
from pratique.naming import InvalidName

_PREFIX = "Microsoft.ContainerRegistry/registries/repositories/"
_READ, _WRITE = f"{_PREFIX}content/read", f"{_PREFIX}content/write"
_NAME = f"@Request[{REPOSITORY_NAME}]"


def _may(condition: Condition, repository: str, permission: str = _READ) -> bool:
    facts = Facts(
        permission,
        datetime(2026, 1, 1, tzinfo=UTC),
        {attribute_key(REPOSITORY_NAME): (repository,)},
    )
    return evaluate(condition.expression, facts) is Truth.TRUE


def test_condition_is_one_guarded_block() -> None:
    """One target for each data action, one comparison for each pattern, as Azure writes it."""
    condition = for_repositories(["team/*", "base/alpine", "*/dev"], [_READ, _WRITE])
    assert condition.text == (
        f"((!(ActionMatches{{'{_READ}'}}) AND !(ActionMatches{{'{_WRITE}'}})) OR "
        f"({_NAME} StringStartsWith 'team/' OR {_NAME} StringEquals 'base/alpine' "
        f"OR {_NAME} StringLike '*/dev'))"
    )


def test_one_pattern_and_one_action_need_no_list() -> None:
    """The shortest condition of this form."""
    condition = for_repositories(["team/app"], [_READ])
    assert condition.text == (
        f"((!(ActionMatches{{'{_READ}'}})) OR ({_NAME} StringEquals 'team/app'))"
    )


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("team/app", ["team/app"], ["team/app2", "team/app/x", "team", "xteam/app"]),
        ("team/*", ["team/app", "team/app/x"], ["team", "teams/app", "x/team/app"]),
        ("team*", ["team", "teams/app"], ["tea", "x/team"]),
        ("*", ["team/app", "x"], []),
        ("**", ["team/app", "x"], []),
        ("*/app", ["team/app", "a/b/app"], ["app", "team/app2"]),
        ("team/*/app", ["team/x/app", "team/x/y/app"], ["team/app", "team/x/app2"]),
        ("a" * 254 + "*", ["a" * 255], ["a" * 253]),
        ("team/v1.*-x", ["team/v1.0-x"], ["team/v1x0-x"]),
    ],
)
def test_pattern_means_what_people_mean(
    pattern: str, inside: list[str], outside: list[str]
) -> None:
    """Exact names, subtrees and wildcards; a dot is a dot."""
    condition = for_repositories([pattern], [_READ])
    assert [name for name in (*inside, *outside) if _may(condition, name)] == inside


def test_only_the_named_actions_are_held_back() -> None:
    """What is not among the data actions passes: the caller names all that the role grants."""
    condition = for_repositories(["team/*"], [_READ])
    assert untargeted(condition.expression, [_READ, _WRITE]) == (_WRITE,)
    assert not _may(condition, "other", _READ)
    assert _may(condition, "other", _WRITE)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "empty"),
        ("Team/app", "lower case"),
        ("team/É*", "lower case"),
        ("team/é*", "lower-case letters, digits"),
        ("team app", "lower-case letters, digits"),
        ("team/app:v1", "lower-case letters, digits"),
        ("team/?", "lower-case letters, digits"),
        ("team/'*", "lower-case letters, digits"),
        ("team\n*", "lower-case letters, digits"),
        ("team/", r"write `team/\*`"),
        ("/team/*", "no name begins"),
        ("team//*", "two of them in a row"),
        ("team/.app", "lower-case letters and digits, joined"),
        ("a" * 256, "longer than 255"),
        ("a" * 255 + "*", "longer than 255"),
    ],
)
def test_pattern_that_matches_no_name_is_refused(pattern: str, words: str) -> None:
    """The refusal says what to write instead."""
    with pytest.raises(InvalidName, match=words):
        for_repositories(["fine/*", pattern], [_READ])


def test_something_must_be_named() -> None:
    """No pattern and no data action would say nothing, or let everything pass."""
    with pytest.raises(InvalidName, match="at least one"):
        for_repositories([], [_READ])
    with pytest.raises(ValueError, match="without a target"):
        for_repositories(["team/*"], [])


def test_too_many_patterns_are_refused() -> None:
    """More patterns than 8 KB can hold are refused as any long condition is."""
    with pytest.raises(InvalidCondition, match="longer than 8192 bytes"):
        for_repositories([f"team{number}/*" for number in range(100)], [_READ])


@settings(deadline=None)
@given(st.lists(st.text("ab/*.", min_size=1, max_size=8), min_size=1, max_size=3))
def test_what_is_accepted_reads_again(patterns: list[str]) -> None:
    """Every condition that is written can be read, and asks for as much as its patterns."""
    try:
        condition = for_repositories(patterns, [_READ])
    except InvalidName:
        assert any(not pattern.strip("ab*/.") and _is_malformed(pattern) for pattern in patterns)
    else:
        assert Condition.parse(condition.text) == condition
        assert condition.text.count(_NAME) == len(patterns)


def _is_malformed(pattern: str) -> bool:
    """Slashes at an end or in a row, or a name without a star whose dots join nothing."""
    neighbours = [a + b for a, b in pairwise(f"/{pattern}/")]
    dots = "*" not in pattern and any(pair in {"/.", "./", ".."} for pair in neighbours)
    return "//" in neighbours or dots
