"""What holds for every condition and all facts."""

from __future__ import annotations

import pickle
from datetime import timedelta

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.law import conditions_model as model
from tests.law.conditions_trees import (
    PERMISSIONS,
    compared,
    expressions,
    facts,
    timed,
)

from pratique.access.conditions import (
    ActionMatches,
    And,
    Comparison,
    Condition,
    Exists,
    Expression,
    Facts,
    InvalidCondition,
    Not,
    Or,
    Source,
    Truth,
    attributes_of,
    depends_on_time,
    ends_at,
    evaluate,
    failing_part,
    untargeted,
)
from pratique.access.conditions.facts import Attributes
from pratique.access.permissions import permission_matches

_law = settings(deadline=None, max_examples=200)
_TRUTHS = (Truth.FALSE, Truth.UNKNOWN, Truth.TRUE)
_FRAGMENTS = (
    *("@Request[a]", "@Environment[UtcNow]", "StringEquals", "ForAnyOfAnyValues:", "NumericEquals"),
    *("'x'", "''", "'", "{", "}", ",", "(", ")", "!", "NOT", "AND", "OR", "&&", "||", "Exists"),
    *("ActionMatches{'*'}", "SubOperationMatches{'x'}", "7", "-1", "true", "[", "]", "@", "\\"),
    *("7f951dda-4ed3-4680-a7ca-43fe172d538d", "\n", "\t", "\u212a", "\ud800", "\x00", "é", " "),
)


def _read(text: str) -> tuple[InvalidCondition | None, Condition | None]:
    """How a text is refused, or the condition that it is."""
    try:
        return None, Condition.parse(text)
    except InvalidCondition as refusal:
        return refusal, None


def _parts(expression: Expression) -> list[Expression]:
    match expression:
        case And(terms) | Or(terms):
            return [expression, *(part for term in terms for part in _parts(term))]
        case Not(term):
            return [expression, *_parts(term)]
        case _:
            return [expression]


def _only(
    mentioned: set[tuple[Source, str]], source: Source, given_values: Attributes
) -> Attributes:
    return {key: given_values[key] for key in given_values if (source, key) in mentioned}


@settings(_law, max_examples=500)
@given(expressions)
def test_canonical_text_means_the_same_tree(expression: Expression) -> None:
    """Reading what was printed gives an equal tree, which prints and hashes alike."""
    text = str(expression)
    again = Condition.parse(text)
    assert again.expression == expression
    assert str(again) == text
    assert hash(again.expression) == hash(expression)


@settings(_law, max_examples=500)
@given(expressions, facts)
def test_evaluator_agrees_with_the_model(expression: Expression, given_facts: Facts) -> None:
    """True, false or unknown exactly where the plainly written language says so."""
    verdict = evaluate(expression, given_facts)
    event(verdict.value)
    assert verdict is _TRUTHS[model.judge(expression, given_facts)]


@settings(_law, max_examples=1000)
@given(compared())
def test_every_comparison_agrees_with_the_model(case: tuple[Comparison, Facts]) -> None:
    """Every operator, with every prefix, mostly on values that it can read."""
    comparison, given_facts = case
    verdict = evaluate(comparison, given_facts)
    event(f"{comparison.operator.kind} {verdict.value}")
    assert verdict is _TRUTHS[model.judge(comparison, given_facts)]


@_law
@given(st.lists(expressions, min_size=2, max_size=3).map(tuple), facts)
def test_negation_goes_inside(terms: tuple[Expression, ...], given_facts: Facts) -> None:
    """De Morgan's laws hold, UNKNOWN included, and a double negation changes nothing."""
    negated = tuple(map(Not, terms))
    assert evaluate(Not(And(terms)), given_facts) is evaluate(Or(negated), given_facts)
    assert evaluate(Not(Or(terms)), given_facts) is evaluate(And(negated), given_facts)
    assert evaluate(Not(negated[0]), given_facts) is evaluate(terms[0], given_facts)


@_law
@given(expressions, facts)
def test_what_failed_is_a_part_that_is_not_true(expression: Expression, given_facts: Facts) -> None:
    """The failing part stands in the tree, is not true by itself, and explains itself."""
    if evaluate(expression, given_facts) is not Truth.TRUE:
        part = failing_part(expression, given_facts)
        assert part in _parts(expression)
        assert evaluate(part, given_facts) is not Truth.TRUE
        assert failing_part(part, given_facts) == part


@_law
@given(expressions, facts)
def test_what_passes_untargeted_passes_with_any_attributes(
    expression: Expression, given_facts: Facts
) -> None:
    """A permission that is reported as untargeted is true under all facts that there are."""
    passing = untargeted(expression, PERMISSIONS)
    asked = given_facts._replace(suboperation=None)
    if asked.permission in passing:
        assert evaluate(expression, asked) is Truth.TRUE


@_law
@given(expressions, facts)
def test_what_no_attribute_decides_is_told_by_targets_alone(
    expression: Expression, given_facts: Facts
) -> None:
    """A condition without attributes passes exactly the permissions reported as untargeted."""
    if not attributes_of(expression):
        asked = given_facts._replace(suboperation=None)
        passes = evaluate(expression, asked) is Truth.TRUE
        assert passes == (untargeted(expression, [asked.permission]) == (asked.permission,))


@settings(_law, max_examples=500)
@given(timed, facts, st.integers(0, 2))
def test_nothing_targeted_passes_after_the_end(
    expression: Expression, given_facts: Facts, microseconds: int
) -> None:
    """From its end on, a condition is true only for permissions that no target names."""
    end = ends_at(expression)
    event(f"ends: {end is not None}")
    targets = [part for part in _parts(expression) if isinstance(part, ActionMatches)]
    named = any(permission_matches(t.pattern, given_facts.permission) for t in targets)
    if end is not None and end.year < 9999 and (named or not targets):
        later = given_facts._replace(at=end + timedelta(microseconds=microseconds))
        assert evaluate(expression, later) is not Truth.TRUE


@_law
@given(expressions, facts)
def test_only_attributes_that_are_mentioned_decide(
    expression: Expression, given_facts: Facts
) -> None:
    """Facts without the attributes that a condition does not mention give the same verdict."""
    mentioned = {(attribute.source, attribute.key) for attribute in attributes_of(expression)}
    parts = _parts(expression)
    assert mentioned >= {
        (part.attribute.source, part.attribute.key)
        for part in parts
        if isinstance(part, Exists | Comparison)
    }
    fewer = given_facts._replace(
        request=_only(mentioned, Source.REQUEST, given_facts.request),
        resource=_only(mentioned, Source.RESOURCE, given_facts.resource),
        principal=_only(mentioned, Source.PRINCIPAL, given_facts.principal),
        environment=_only(mentioned, Source.ENVIRONMENT, given_facts.environment),
    )
    assert evaluate(expression, fewer) is evaluate(expression, given_facts)


@_law
@given(expressions, facts, st.integers(1, 10**12))
def test_time_decides_only_where_it_is_mentioned(
    expression: Expression, given_facts: Facts, seconds: int
) -> None:
    """A condition that does not depend on time gives the same verdict at another time."""
    if not depends_on_time(expression):
        earlier = given_facts._replace(at=given_facts.at - timedelta(seconds=seconds % 10**10))
        assert evaluate(expression, earlier) is evaluate(expression, given_facts)


@_law
@given(expressions, facts)
def test_copies_are_judged_alike(expression: Expression, given_facts: Facts) -> None:
    """A tree that was judged can be pickled; the copy is equal and gives the same verdict."""
    verdict = evaluate(expression, given_facts)
    copy = pickle.loads(pickle.dumps(expression))  # noqa: S301 - made a moment ago
    assert copy == expression
    assert evaluate(copy, given_facts) is verdict


@settings(_law, max_examples=1000)
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(_FRAGMENTS), max_size=20).map("".join)
    | st.lists(st.sampled_from(_FRAGMENTS), max_size=20).map(" ".join)
)
def test_any_text_is_a_condition_or_is_refused_at_a_place(text: str) -> None:
    """No text raises anything but the refusal, whose place is in the text or just after it."""
    refusal, condition = _read(text)
    if condition is not None:
        assert Condition.parse(str(condition)).expression == condition.expression
    if refusal is not None:
        lines = text.split("\n")
        assert 1 <= refusal.line <= len(lines)
        assert 1 <= refusal.column <= len(lines[refusal.line - 1]) + 1
        sentence, excerpt, caret = str(refusal).split("\n")
        assert sentence == refusal.message
        assert sentence.isprintable()
        assert excerpt.isprintable()
        assert caret.strip() == "^"


@_law
@given(expressions, st.data())
def test_a_damaged_condition_is_another_or_is_refused(
    expression: Expression, data: st.DataObject
) -> None:
    """One character less, more or other gives a condition that round-trips, or the refusal."""
    text = str(expression)
    place = data.draw(st.integers(0, len(text)))
    other = data.draw(st.sampled_from(("", "'", "(", ")", "{", "}", "!", " ", ",", "A", "[", "]")))
    refusal, damaged = _read(text[:place] + other + text[place + 1 :])
    if damaged is not None:
        assert Condition.parse(str(damaged)).expression == damaged.expression
    if refusal is not None:
        assert (refusal.line, refusal.column <= len(text) + 2) == (1, True)
