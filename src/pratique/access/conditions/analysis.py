"""Questions about a condition besides its truth: what failed, what it needs, what it leaves open.

None of them judges by itself: whoever asks what failed is answered by `evaluate` on the parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pratique.access.conditions.evaluation import evaluate
from pratique.access.conditions.expressions import (
    ActionMatches,
    And,
    Attribute,
    Comparison,
    Exists,
    Expression,
    Not,
    Or,
    SubOperationMatches,
)
from pratique.access.conditions.facts import Facts
from pratique.access.conditions.operators import Relation
from pratique.access.conditions.truth import Truth
from pratique.access.conditions.values import Kind, read_instant

_SOME_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def failing_part(expression: Expression, facts: Facts) -> Expression:
    """The smallest part of `expression` that explains why it is not TRUE under `facts`.

    Of an AND, it is in the first term that is not TRUE. Of an OR, it is in the one alternative
    that is more than a guard, since a guard that is not TRUE only says that the action is
    targeted; where there are several, or none, the whole OR explains it. A double negation is
    looked through; any other negation explains itself.

    Raises:
        ValueError: `expression` is TRUE under `facts`.
    """
    if evaluate(expression, facts) is Truth.TRUE:
        raise ValueError("a condition that is true has no part that fails")
    part = expression
    while (smaller := _failing_term(part, facts)) is not None:
        part = smaller
    return part


def _failing_term(expression: Expression, facts: Facts) -> Expression | None:
    match expression:
        case And(terms):
            return next(term for term in terms if evaluate(term, facts) is not Truth.TRUE)
        case Or(terms):
            alternatives = [term for term in terms if any(attributes_of(term))]
            return alternatives[0] if len(alternatives) == 1 else None
        case Not(Not(term)):
            return term
        case _:
            return None


def attributes_of(expression: Expression) -> tuple[Attribute, ...]:
    """Every attribute that `expression` mentions, each once, in order of first mention."""
    found: dict[Attribute, None] = {}
    for leaf in _leaves(expression):
        match leaf:
            case Exists(attribute):
                found[attribute] = None
            case Comparison(attribute=left, operand=right):
                found[left] = None
                if isinstance(right, Attribute):
                    found[right] = None
    return tuple(found)


def depends_on_time(expression: Expression) -> bool:
    """Whether `expression` mentions `@Environment[UtcNow]`."""
    return any(attribute.is_now for attribute in attributes_of(expression))


def untargeted(expression: Expression, permissions: Iterable[str]) -> tuple[str, ...]:
    """Those of `permissions` that pass whatever the attributes are (reference 5.2, rule 2).

    That is how an action passes which no `ActionMatches` targets: all guards are true for it.
    Found by evaluating with every comparison and `Exists` UNKNOWN: where the whole is TRUE all
    the same, no attribute can change it. Asked without a suboperation. A permission that passes
    because its comparisons exhaust all cases (`a OR NOT a`) is not found, since Kleene's rules
    do not see that.
    """
    shape = _without_attributes(expression)
    return tuple(
        permission
        for permission in permissions
        if evaluate(shape, Facts(permission, _SOME_MOMENT)) is Truth.TRUE
    )


def ends_at(expression: Expression) -> datetime | None:
    """The moment from which on `expression` is TRUE for no action that it targets, if told simply.

    Told are: `@Environment[UtcNow] DateTimeLessThan(Equals)` a literal; an AND with such a term;
    an OR of nothing else; a block, which is an OR of such things and of guards
    `!(ActionMatches...)`; and an AND of blocks that all end, when the last of them does. Anything
    else gives None, also where a closer look could find an end. What is listed as expired by this
    can no longer be used; what is not listed may be expired all the same.
    """
    try:
        return _end(expression) or _end_of_blocks(expression)
    except OverflowError:
        # One microsecond past the last moment that a date can name.
        return None


def _end(expression: Expression) -> datetime | None:
    """From when on `expression` is not TRUE, whatever the action and the other attributes are."""
    match expression:
        case Comparison(attribute=attribute, operator=operator, operand=(str() as literal,)):
            if attribute.is_now and operator.kind is Kind.DATE:
                return _end_of_comparison(operator.relation, literal)
            return None
        case And(terms):
            return min(filter(None, map(_end, terms)), default=None)
        case Or(terms):
            return _last(map(_end, terms))
        case _:
            return None


def _end_of_comparison(relation: Relation, literal: str) -> datetime | None:
    instant = read_instant(literal)
    if instant is None or relation not in {Relation.LESS_THAN, Relation.LESS_THAN_EQUALS}:
        return None
    moment, tenth = instant
    # Moments are whole microseconds: the first one that is not before, or not up to, the literal.
    return moment if relation is Relation.LESS_THAN and not tenth else moment + _TICK


def _end_of_blocks(expression: Expression) -> datetime | None:
    match expression:
        case Or(terms):
            guards = [term for term in terms if _is_guard(term)]
            others = [term for term in terms if not _is_guard(term)]
            return _last(map(_end, others)) if guards else None
        case And(terms):
            # A term without a target only takes away; it cannot keep a block from ending.
            return _last(map(_end_of_blocks, filter(_mentions_action, terms)))
        case _:
            return None


def _last(ends: Iterable[datetime | None]) -> datetime | None:
    """The last of `ends`; None when one of them, or all, are missing."""
    known = list(ends)
    found = [end for end in known if end is not None]
    return max(found) if found and len(found) == len(known) else None


def _is_guard(expression: Expression) -> bool:
    """Whether it is `!(ActionMatches...)`, perhaps with suboperations, or an AND of such."""
    match expression:
        case Not(term):
            return _is_target(term)
        case And(terms):
            return all(map(_is_guard, terms))
        case _:
            return False


def _is_target(expression: Expression) -> bool:
    match expression:
        case ActionMatches():
            return True
        case And(terms):
            return any(map(_is_target, terms)) and all(
                _is_target(term) or _is_suboperation(term) for term in terms
            )
        case _:
            return False


def _is_suboperation(expression: Expression) -> bool:
    return isinstance(
        expression.term if isinstance(expression, Not) else expression, SubOperationMatches
    )


def _mentions_action(expression: Expression) -> bool:
    return any(
        isinstance(leaf, ActionMatches | SubOperationMatches) for leaf in _leaves(expression)
    )


def _leaves(expression: Expression) -> Iterator[Expression]:
    match expression:
        case And(terms) | Or(terms):
            for term in terms:
                yield from _leaves(term)
        case Not(term):
            yield from _leaves(term)
        case _:
            yield expression


@dataclass(frozen=True, slots=True)
class _Undetermined(Expression):
    """What only attributes could determine; the evaluator answers UNKNOWN."""


def _without_attributes(expression: Expression) -> Expression:
    match expression:
        case And(terms):
            return And(tuple(map(_without_attributes, terms)))
        case Or(terms):
            return Or(tuple(map(_without_attributes, terms)))
        case Not(term):
            return Not(_without_attributes(term))
        case Comparison() | Exists():
            return _Undetermined()
        case _:
            return expression
