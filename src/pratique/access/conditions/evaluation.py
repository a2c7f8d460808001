"""The one evaluator: a tree becomes a function of the facts, once, and is asked many times.

Every node keeps its own function, made from those of its parts; so a part that is asked by itself
answers exactly as it did inside the whole.
"""

from __future__ import annotations

from pratique.access.conditions.comparisons import (
    FALSE,
    TRUE,
    UNKNOWN,
    Judge,
    judge_of_comparison,
    values_of,
)
from pratique.access.conditions.expressions import (
    ActionMatches,
    And,
    Comparison,
    Exists,
    Expression,
    Not,
    Or,
    SubOperationMatches,
)
from pratique.access.conditions.facts import Facts
from pratique.access.conditions.truth import Truth
from pratique.access.conditions.values import fold
from pratique.access.permissions import permission_matches

_MOST_PERMISSIONS = 16


def evaluate(expression: Expression, facts: Facts) -> Truth:
    """What `expression` is under `facts`, by Kleene's rules.

    A comparison, plain or negated, is UNKNOWN where it cannot be made: an attribute is missing,
    has several values without a cross product, or holds what the operator cannot read. `Exists`,
    `ActionMatches` and `SubOperationMatches` are never unknown: what is not there is FALSE.
    """
    return _judge(expression)(facts)


def _judge(expression: Expression) -> Judge:
    try:
        return expression.judge
    except AttributeError:
        judge = _make_judge(expression)
        # INVARIANT: the slot decides nothing but speed, so the frozen value stays what it was.
        object.__setattr__(expression, "judge", judge)
        return judge


def _make_judge(expression: Expression) -> Judge:  # noqa: PLR0911 - one per kind of node
    match expression:
        case And(terms):
            return _remembered(expression, _all_of(tuple(map(_judge, terms))))
        case Or(terms):
            return _remembered(expression, _any_of(tuple(map(_judge, terms))))
        case Not(term):
            return _remembered(expression, _not(_judge(term)))
        case ActionMatches(pattern):
            return lambda facts: TRUE if permission_matches(pattern, facts.permission) else FALSE
        case SubOperationMatches(name):
            return _suboperation(fold(name))
        case Exists(attribute):
            values = values_of(attribute)
            return lambda facts: TRUE if values(facts) else FALSE
        case Comparison():
            return judge_of_comparison(expression)
        case _:
            return lambda _: UNKNOWN


def _remembered(expression: Expression, judge: Judge) -> Judge:
    """`judge`, asked once for each permission where only the permission has a say.

    The conditions that Azure's portal writes begin with such a part, the longest one.
    """
    if not _asks_for_permission_only(expression):
        return judge
    known: dict[str, Truth] = {}

    def remembered(facts: Facts) -> Truth:
        found = known.get(facts.permission)
        if found is None:
            found = judge(facts)
            # Anybody may ask about any permission; the usual ones come first.
            if len(known) < _MOST_PERMISSIONS:
                known[facts.permission] = found
        return found

    return remembered


def _asks_for_permission_only(expression: Expression) -> bool:
    match expression:
        case And(terms) | Or(terms):
            return all(map(_asks_for_permission_only, terms))
        case Not(term):
            return _asks_for_permission_only(term)
        case _:
            return isinstance(expression, ActionMatches)


def _all_of(judges: tuple[Judge, ...]) -> Judge:
    def judge(facts: Facts) -> Truth:
        verdict = TRUE
        for each in judges:
            found = each(facts)
            if found is FALSE:
                return FALSE
            if found is UNKNOWN:
                verdict = UNKNOWN
        return verdict

    return judge


def _any_of(judges: tuple[Judge, ...]) -> Judge:
    def judge(facts: Facts) -> Truth:
        verdict = FALSE
        for each in judges:
            found = each(facts)
            if found is TRUE:
                return TRUE
            if found is UNKNOWN:
                verdict = UNKNOWN
        return verdict

    return judge


def _not(part: Judge) -> Judge:
    def judge(facts: Facts) -> Truth:
        found = part(facts)
        if found is UNKNOWN:
            return UNKNOWN
        return FALSE if found is TRUE else TRUE

    return judge


def _suboperation(name: str) -> Judge:
    def judge(facts: Facts) -> Truth:
        asked = facts.suboperation
        return TRUE if asked is not None and fold(asked) == name else FALSE

    return judge
