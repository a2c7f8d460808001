"""Questions about conditions: what they mention, what they leave open, when they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pratique.access.conditions import (
    REPOSITORY_NAME,
    Attribute,
    Condition,
    Expression,
    Facts,
    Source,
    Truth,
    attribute_key,
    attributes_of,
    depends_on_time,
    ends_at,
    evaluate,
    failing_part,
    untargeted,
)

_PREFIX = "Microsoft.ContainerRegistry/registries/repositories/"
_SIX = tuple(
    f"{_PREFIX}{thing}/{verb}"
    for thing in ("content", "metadata")
    for verb in ("read", "write", "delete")
)
_WRITES = (f"{_PREFIX}content/write", f"{_PREFIX}metadata/write")
_DELETES = (f"{_PREFIX}content/delete", f"{_PREFIX}metadata/delete")
_READ, _WRITE = (f"!(ActionMatches{{'*/{verb}'}})" for verb in ("read", "write"))
_NAMED = f"@Request[{REPOSITORY_NAME}] StringStartsWith 'web/'"
_MAY = "@Environment[UtcNow] DateTimeLessThan '2027-05-01T00:00:00Z'"
_JUNE = "@Environment[UtcNow] DateTimeLessThan '2027-06-01T00:00:00Z'"
_FIRST_OF_MAY = datetime(2027, 5, 1, tzinfo=UTC)
_FIRST_OF_JUNE = datetime(2027, 6, 1, tzinfo=UTC)


def _tree(text: str) -> Expression:
    return Condition.parse(text).expression


def test_a_truth_is_not_taken_for_one_of_two() -> None:
    """Asking a truth for yes or no fails, for every one of the three."""
    for truth in Truth:
        with pytest.raises(TypeError, match="three values"):
            bool(truth)


def test_nothing_fails_in_what_is_true() -> None:
    """Asking what failed in a true condition is a mistake of the caller."""
    facts = Facts("x/read", _FIRST_OF_MAY)
    with pytest.raises(ValueError, match="no part that fails"):
        failing_part(_tree(_WRITE), facts)


def test_a_moment_without_a_time_zone_is_unknown() -> None:
    """A naive moment is compared with nothing, rather than raising."""
    facts = Facts("x/read", _FIRST_OF_MAY.replace(tzinfo=None))
    assert evaluate(_tree(_JUNE), facts) is Truth.UNKNOWN


def test_attributes_are_listed_once_in_order() -> None:
    """Left, right and `Exists`, inside every kind of node, each attribute once."""
    tree = _tree(
        "!(Exists @Principal[b]) AND (@Resource[a] StringEquals @Request[c] OR @Request[C] "
        "NumericLessThan 3 OR ActionMatches{'*'} OR @principal[B] BoolEquals true)"
    )
    assert attributes_of(tree) == (
        Attribute(Source.PRINCIPAL, "b"),
        Attribute(Source.RESOURCE, "a"),
        Attribute(Source.REQUEST, "c"),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_MAY, True),
        (f"{_READ} OR ({_NAMED} AND @environment[UTCNOW] DateTimeGreaterThan @Resource[x])", True),
        ("@Resource[x] DateTimeEquals @Environment[UtcNow]", True),
        ("Exists @Environment[UtcNow]", True),
        ("@Request[UtcNow] DateTimeLessThan '2027-05-01T00:00:00Z'", False),
        (_NAMED, False),
        (_READ, False),
    ],
)
def test_time_matters_where_it_is_mentioned(text: str, *, expected: bool) -> None:
    """A condition depends on time when it mentions the moment of the request, on any side."""
    assert depends_on_time(_tree(text)) is expected


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        (f"{_READ} OR {_NAMED}", (*_WRITES, *_DELETES)),
        (f"({_READ} OR {_NAMED}) AND ({_WRITE} OR {_NAMED})", _DELETES),
        (f"({_READ} AND {_WRITE}) OR {_NAMED}", _DELETES),
        ("!(ActionMatches{'*/REPOSITORIES/*'}) OR Exists @Request[x]", ()),
        (_NAMED, ()),
        ("ActionMatches{'*/content/read'} AND " + _NAMED, ()),
        ("ActionMatches{'*/content/read'} OR " + _NAMED, (f"{_PREFIX}content/read",)),
        ("!(ActionMatches{'*'} AND SubOperationMatches{'x'}) OR " + _NAMED, _SIX),
        (f"!({_NAMED}) OR {_NAMED}", ()),
        (_MAY, ()),
    ],
)
def test_holes_are_the_permissions_that_no_attribute_decides(
    text: str, passing: tuple[str, ...]
) -> None:
    """What passes for lack of a target is told, in the order of asking."""
    found = untargeted(_tree(text), _SIX)
    assert set(found) == set(passing)
    assert found == tuple(permission for permission in _SIX if permission in found)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        (_MAY, _FIRST_OF_MAY),
        (_MAY.replace("LessThan", "LessThanEquals"), _FIRST_OF_MAY + timedelta(microseconds=1)),
        (_MAY.replace("00Z", "00.0000001Z"), _FIRST_OF_MAY + timedelta(microseconds=1)),
        (f"{_NAMED} AND {_MAY} AND {_JUNE}", _FIRST_OF_MAY),
        (f"{_MAY} OR {_JUNE}", _FIRST_OF_JUNE),
        (f"({_NAMED} AND {_JUNE}) OR ({_MAY} AND {_NAMED})", _FIRST_OF_JUNE),
        (f"{_READ} OR {_MAY}", _FIRST_OF_MAY),
        (f"{_READ} OR ({_NAMED} AND {_MAY})", _FIRST_OF_MAY),
        (f"({_READ} AND {_WRITE}) OR ({_NAMED} AND {_MAY})", _FIRST_OF_MAY),
        (f"({_READ} OR {_MAY}) AND ({_WRITE} OR {_JUNE})", _FIRST_OF_JUNE),
        (f"({_READ} OR {_NAMED}) AND {_MAY}", _FIRST_OF_MAY),
        (f"({_READ} OR {_MAY}) AND {_NAMED}", _FIRST_OF_MAY),
        ("!(ActionMatches{'*'} AND NOT SubOperationMatches{'x'}) OR " + _MAY, _FIRST_OF_MAY),
        (f"ActionMatches{{'*/read'}} AND {_MAY}", _FIRST_OF_MAY),
    ],
)
def test_end_is_when_the_last_branch_ends(text: str, end: datetime) -> None:
    """All that is targeted needs a time that passes; the last of them is the end."""
    assert ends_at(_tree(text)) == end


@pytest.mark.parametrize(
    "text",
    [
        _NAMED,
        _READ,
        f"{_READ} OR {_NAMED}",
        f"{_NAMED} OR {_MAY}",
        f"{_READ} OR {_NAMED} OR {_MAY}",
        f"({_READ} OR {_MAY}) AND ({_WRITE} OR {_NAMED})",
        f"({_READ} OR {_MAY}) AND {_WRITE}",
        f"ActionMatches{{'*/read'}} OR {_MAY}",
        f"!({_READ}) OR {_MAY}",
        "!(ActionMatches{'*/read'} AND Exists @Request[x]) OR " + _MAY,
        f"!({_MAY})",
        _MAY.replace("LessThan", "GreaterThan"),
        _MAY.replace("LessThan", "Equals"),
        _MAY.replace("@Environment", "@Request"),
        "@Environment[UtcNow] DateTimeLessThan @Resource[end]",
        "@Environment[UtcNow] StringEquals '2027-05-01T00:00:00Z'",
        "@Environment[UtcNow] DateTimeLessThanEquals '9999-12-31T23:59:59.999999Z'",
    ],
)
def test_end_is_not_told_where_some_branch_may_go_on(text: str) -> None:
    """Without certainty, no end is told."""
    assert ends_at(_tree(text)) is None


def test_keys_of_attributes_are_without_case() -> None:
    """Names differ only by more than the case of A to Z."""
    assert attribute_key("UtcNow") == attribute_key("utcNOW") == "utcnow"
    assert attribute_key("\u212aey") == "\u212aey"
