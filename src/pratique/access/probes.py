"""Names of repositories that rules themselves name: where rights may differ between repositories.

A law says nothing of which repositories exist. To see what a change means, it is asked about a name
that fits each rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from pratique.access.conditions import (
    REPOSITORY_NAME,
    And,
    Attribute,
    Comparison,
    Condition,
    Expression,
    InvalidCondition,
    Not,
    Or,
    Relation,
    attribute_key,
)
from pratique.access.law import Law
from pratique.access.scope_maps import SYSTEM_SCOPE_MAPS
from pratique.naming import InvalidName, RepositoryName

_NAME = attribute_key(REPOSITORY_NAME)
_FILLING = "any"


def names_in(law: Law, *, denials: bool, scope_maps: bool) -> frozenset[RepositoryName]:
    """A repository's name for each rule of `law` that names one, or a pattern of names.

    Args:
        law: whose rules are looked at.
        denials: whether the asker may read deny assignments; without, their names are left out.
        scope_maps: likewise of scope maps, but for those that came with the product.
    """
    texts = {a.condition for a in law.every_assignment() if a.condition is not None}
    for denial in law.every_denial() if denials else ():
        texts.update(r.condition for r in denial.refusals if r.condition is not None)
    found = {name for text in texts for name in _in_condition(text)}
    for scope_map in law.scope_maps.values() if scope_maps else SYSTEM_SCOPE_MAPS.values():
        for rule in scope_map.rules:
            found.update(_filled(rule.prefix if rule.exact else f"{rule.prefix}*"))
    return frozenset(found)


def _in_condition(text: str) -> Iterator[RepositoryName]:
    try:
        expression = Condition.parse(text).expression
    except InvalidCondition:
        return
    for comparison in _comparisons(expression):
        operand = comparison.operand
        if comparison.attribute.key == _NAME and not isinstance(operand, Attribute):
            rest = "*" if comparison.operator.relation is Relation.STARTS_WITH else ""
            for literal in operand:
                yield from _filled(f"{literal}{rest}")


def _comparisons(expression: Expression) -> Iterator[Comparison]:
    match expression:
        case And(terms) | Or(terms):
            for term in terms:
                yield from _comparisons(term)
        case Not(term):
            yield from _comparisons(term)
        case Comparison():
            yield expression
        case _:
            return


def _filled(pattern: str) -> Iterator[RepositoryName]:
    """A name that a pattern fits; nothing when it makes none."""
    try:
        yield RepositoryName(pattern.replace("*", _FILLING).replace("?", "x").lower())
    except InvalidName:
        return
