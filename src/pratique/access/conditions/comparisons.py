"""How a comparison is made: values are read as the operator needs them, then related."""

from __future__ import annotations

import operator as relate
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from pratique.access.conditions.expressions import Attribute, Comparison, Source
from pratique.access.conditions.facts import Facts
from pratique.access.conditions.operators import Operator, Quantifier, Relation
from pratique.access.conditions.patterns import like
from pratique.access.conditions.truth import Truth
from pratique.access.conditions.values import READERS, Value, read_folded

# An enum's members are looked up on each use; the module's own names are cheaper.
TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN

Judge = Callable[[Facts], Truth]
Values = Callable[[Facts], tuple[Value, ...] | None]
_Read = Callable[[Value], Any]
# Whether a value that was read stands as it should to one on the right.
_Holds = Callable[[Any], bool]
# What the left is tested against; None for a value that the operator cannot read.
_Tests = Callable[[Facts], tuple[_Holds | None, ...]]


def values_of(attribute: Attribute) -> Values:
    """How the values of an attribute are found; `@Environment[UtcNow]` is the facts' moment."""
    if attribute.is_now:
        return lambda facts: (facts.at,)
    key = attribute.key
    match attribute.source:
        case Source.REQUEST:
            return lambda facts: facts.request.get(key)
        case Source.RESOURCE:
            return lambda facts: facts.resource.get(key)
        case Source.PRINCIPAL:
            return lambda facts: facts.principal.get(key)
        case Source.ENVIRONMENT:
            return lambda facts: facts.environment.get(key)


def judge_of_comparison(comparison: Comparison) -> Judge:
    """How a comparison is evaluated: UNKNOWN where it cannot be made."""
    read = _reader(comparison.operator)
    left = values_of(comparison.attribute)
    if comparison.quantifier is not None:
        return _crossed(comparison.quantifier, left, read, _tests(comparison, read))
    if isinstance(comparison.operand, Attribute):
        return _with_attribute(left, read, _tests(comparison, read))
    return _with_literal(left, read, _holds(comparison.operator, read(comparison.operand[0])))


def _with_literal(left: Values, read: _Read, holds: _Holds) -> Judge:
    def judge(facts: Facts) -> Truth:
        values = left(facts)
        if not values or len(values) != 1:
            return UNKNOWN
        value = read(values[0])
        if value is None:
            return UNKNOWN
        return TRUE if holds(value) else FALSE

    return judge


def _with_attribute(left: Values, read: _Read, right: _Tests) -> Judge:
    def judge(facts: Facts) -> Truth:
        values, tests = left(facts), right(facts)
        if not values or len(values) != 1 or len(tests) != 1:
            return UNKNOWN
        return _test(read(values[0]), tests[0])

    return judge


def _crossed(quantifier: Quantifier, left: Values, read: _Read, right: _Tests) -> Judge:
    over_left = _some if quantifier.any_left else _every
    over_right = _some if quantifier.any_right else _every

    def judge(facts: Facts) -> Truth:
        values, tests = left(facts), right(facts)
        # Of no values everything could be said; that is no ground to grant anything.
        if not values or not tests:
            return UNKNOWN
        return over_left(
            over_right(_test(value, holds) for holds in tests) for value in map(read, values)
        )

    return judge


def _tests(comparison: Comparison, read: _Read) -> _Tests:
    operator, operand = comparison.operator, comparison.operand
    if isinstance(operand, Attribute):
        right = values_of(operand)
        return lambda facts: tuple(
            None if value is None else _holds(operator, value)
            for value in map(read, right(facts) or ())
        )
    literals = tuple(_holds(operator, read(literal)) for literal in operand)
    return lambda _: literals


def _test(value: Any, holds: _Holds | None) -> Truth:
    if value is None or holds is None:
        return UNKNOWN
    return TRUE if holds(value) else FALSE


def _some(truths: Iterable[Truth]) -> Truth:
    verdict = FALSE
    for truth in truths:
        if truth is TRUE:
            return TRUE
        if truth is UNKNOWN:
            verdict = UNKNOWN
    return verdict


def _every(truths: Iterable[Truth]) -> Truth:
    verdict = TRUE
    for truth in truths:
        if truth is FALSE:
            return FALSE
        if truth is UNKNOWN:
            verdict = UNKNOWN
    return verdict


def _reader(operator: Operator) -> _Read:
    return read_folded if operator.ignores_case else READERS[operator.kind]


def _starts_with(prefix: str) -> _Holds:
    return lambda text: text.startswith(prefix)


# Given the right side, each makes the test of the left; so `LESS_THAN` asks whether right > left.
_RELATIONS: Mapping[Relation, Callable[[Any], _Holds]] = {
    Relation.EQUALS: lambda right: partial(relate.eq, right),
    Relation.STARTS_WITH: _starts_with,
    Relation.LIKE: like,
    Relation.LESS_THAN: lambda right: partial(relate.gt, right),
    Relation.LESS_THAN_EQUALS: lambda right: partial(relate.ge, right),
    Relation.GREATER_THAN: lambda right: partial(relate.lt, right),
    Relation.GREATER_THAN_EQUALS: lambda right: partial(relate.le, right),
}


def _holds(operator: Operator, right: Any) -> _Holds:
    holds = _RELATIONS[operator.relation](right)
    return (lambda value: not holds(value)) if operator.negated else holds
