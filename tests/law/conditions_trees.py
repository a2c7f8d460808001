"""Random conditions and facts, for what must hold whatever a condition says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from pratique.access.conditions import (
    OPERATORS,
    ActionMatches,
    And,
    Attribute,
    Comparison,
    Exists,
    Expression,
    Facts,
    Kind,
    Literal,
    Not,
    Operator,
    Or,
    Quantifier,
    Relation,
    Source,
    SubOperationMatches,
    Value,
    attribute_key,
)

PERMISSIONS = ("a/content/read", "a/content/write", "A/metadata/READ", "b/delete")
_NAMES = ("name", "Name", "tags:Project Key<$x$>", "UtcNow")
_KEYS = tuple(sorted({attribute_key(name) for name in _NAMES}))
_GUIDS = (
    "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "7F951DDA-4ED3-4680-A7CA-43FE172D538D",
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
)
_DATES = (
    "2027-01-01T00:00:00Z",
    "2027-01-01T00:00:00.0000001Z",
    "2027-01-01T00:00:00.000001Z",
    "2027-06-30T23:59:59.9999999Z",
    "0001-01-01T00:00:00.0Z",
    "9999-12-31T23:59:59.9999999Z",
)
_MOMENTS = (
    datetime(2027, 1, 1, tzinfo=UTC),
    datetime(2027, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(2027, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
    datetime(2027, 7, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
)
_MALFORMED = (
    *("2027-02-30T00:00:00Z", "2027-1-1T00:00:00Z", "2027-01-01T00:00:00", "tomorrow"),
    *("2027-01-01T00:00:00.Z", "2027-01-01T00:00:00.12345678Z", "2027-01-01T24:00:00Z"),
    *("7f951dda-4ed3-4680-a7ca-43fe172d538", "{7f951dda-4ed3-4680-a7ca-43fe172d538d}"),
)

# Look-alikes, quotes, wildcards and what escapes them.
_TEXT = st.text("aAkK/*?\\' \u212a\u00e9", max_size=5)
_LITERALS: dict[Kind, st.SearchStrategy[Literal]] = {
    Kind.STRING: _TEXT,
    Kind.NUMERIC: st.integers(-2, 2) | st.sampled_from((2**63 - 1, 1 - 2**63)),
    Kind.DATE: st.sampled_from(_DATES),
    Kind.GUID: st.sampled_from(_GUIDS),
    Kind.BOOL: st.booleans(),
}
_NAIVE = _MOMENTS[0].replace(tzinfo=None)
_VALUES: st.SearchStrategy[Value] = st.one_of(
    *_LITERALS.values(), st.sampled_from((*_MOMENTS, _NAIVE)), st.sampled_from(_MALFORMED)
)

attributes = st.builds(Attribute, st.sampled_from(Source), st.sampled_from(_NAMES))
_mappings = st.dictionaries(
    st.sampled_from(_KEYS), st.lists(_VALUES, max_size=3).map(tuple), max_size=3
)
facts = st.builds(
    Facts,
    st.sampled_from(PERMISSIONS),
    st.sampled_from(_MOMENTS),
    *[_mappings] * 4,
    st.none() | st.sampled_from(("Blob.List", "blob.list", "other")),
)


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    """Comparisons of every operator, with literals and with attributes."""
    operator: Operator = draw(st.sampled_from(sorted(OPERATORS.values(), key=str)))
    quantifier = draw(st.none() | st.sampled_from(Quantifier)) if operator.crossed else None
    literals = st.lists(_LITERALS[operator.kind], min_size=1, max_size=3 if quantifier else 1)
    operand = draw(literals.map(tuple) | attributes)
    return Comparison(draw(attributes), operator, quantifier, operand)


@st.composite
def compared(draw: st.DrawFn) -> tuple[Comparison, Facts]:
    """A comparison, and facts in which its attributes mostly hold what its operator can read."""
    comparison = draw(comparisons())
    kind = comparison.operator.kind
    values = st.lists(st.one_of(*[_LITERALS[kind]] * 5, _VALUES), min_size=1, max_size=3).map(tuple)
    single = values.map(lambda several: several[:1])
    right = comparison.operand
    held: dict[str, dict[str, tuple[Value, ...]]] = {source.name: {} for source in Source}
    for attribute in (comparison.attribute, right):
        if isinstance(attribute, Attribute):
            several = comparison.quantifier is not None or draw(st.integers(0, 9)) == 0
            held[attribute.source.name][attribute.key] = draw(values if several else single)
    moment = draw(st.sampled_from(_MOMENTS))
    return comparison, Facts(
        PERMISSIONS[0],
        moment,
        held["REQUEST"],
        held["RESOURCE"],
        held["PRINCIPAL"],
        held["ENVIRONMENT"],
    )


actions = st.builds(
    ActionMatches,
    st.sampled_from(("*/read", "a/*", "A/CONTENT/write", "a/c*/?ead", "*it's*", *PERMISSIONS)),
)
suboperations = st.builds(SubOperationMatches, st.sampled_from(("Blob.List", "it's")))
_leaves: st.SearchStrategy[Expression] = st.one_of(
    comparisons(), actions, suboperations, attributes.map(Exists)
)


def _joined(terms: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(terms, min_size=2, max_size=3).map(tuple)
    return several.map(And) | several.map(Or) | terms.map(Not)


expressions: st.SearchStrategy[Expression] = st.recursive(_leaves, _joined, max_leaves=10)

_NOW = Attribute(Source.ENVIRONMENT, "utcnow")
_deadlines: st.SearchStrategy[Expression] = st.builds(
    Comparison,
    st.just(_NOW),
    st.sampled_from((Relation.LESS_THAN, Relation.LESS_THAN_EQUALS)).map(
        lambda relation: Operator(Kind.DATE, relation)
    ),
    st.none(),
    st.sampled_from(_DATES).map(lambda date: (date,)),
)


def _guarded(terms: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    guards = st.lists(actions.map(Not), min_size=1, max_size=2)
    return st.builds(
        lambda guard, term: Or((guard[0] if len(guard) == 1 else And(tuple(guard)), term)),
        guards,
        terms,
    )


timed: st.SearchStrategy[Expression] = st.recursive(
    _deadlines | _deadlines | comparisons() | actions,
    lambda terms: st.one_of(_joined(terms), _guarded(terms), _guarded(terms)),
    max_leaves=8,
)
"""Conditions in which time often decides, without suboperations."""
