"""The comparison operators and the cross-product prefixes (reference 5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from pratique.access.conditions.values import Kind


class Relation(StrEnum):
    """How left and right must stand to each other; the middle part of an operator's name."""

    EQUALS = "Equals"
    STARTS_WITH = "StartsWith"
    LIKE = "Like"
    LESS_THAN = "LessThan"
    LESS_THAN_EQUALS = "LessThanEquals"
    GREATER_THAN = "GreaterThan"
    GREATER_THAN_EQUALS = "GreaterThanEquals"


_ORDER = (
    Relation.LESS_THAN,
    Relation.LESS_THAN_EQUALS,
    Relation.GREATER_THAN,
    Relation.GREATER_THAN_EQUALS,
)
_CROSSED_KINDS = frozenset({Kind.STRING, Kind.NUMERIC, Kind.GUID})


@dataclass(frozen=True, slots=True)
class Operator:
    """One comparison operator.

    Attributes:
        kind: what it compares.
        negated: whether it is the `Not` form.
        ignores_case: whether letters A to Z compare without case.
    """

    kind: Kind
    relation: Relation
    negated: bool = False
    ignores_case: bool = False

    @property
    def crossed(self) -> bool:
        """Whether the reference lists it for cross products; `StartsWith` it does not."""
        return self.kind in _CROSSED_KINDS and self.relation is not Relation.STARTS_WITH

    def __str__(self) -> str:
        negation = "Not" if self.negated else ""
        case = "IgnoreCase" if self.ignores_case else ""
        return f"{self.kind}{negation}{self.relation}{case}"


def _all_operators() -> Iterator[Operator]:
    for relation in (Relation.EQUALS, Relation.STARTS_WITH, Relation.LIKE):
        for negated in (False, True):
            yield Operator(Kind.STRING, relation, negated)
            yield Operator(Kind.STRING, relation, negated, ignores_case=True)
    for kind in (Kind.NUMERIC, Kind.DATE, Kind.GUID, Kind.BOOL):
        yield Operator(kind, Relation.EQUALS)
        yield Operator(kind, Relation.EQUALS, negated=True)
    for kind in (Kind.NUMERIC, Kind.DATE):
        for relation in _ORDER:
            yield Operator(kind, relation)


OPERATORS: Mapping[str, Operator] = {str(operator): operator for operator in _all_operators()}


class Quantifier(Enum):
    """A cross-product prefix: how many left values must stand so to how many right ones.

    Attributes:
        any_left: whether one value on the left is enough.
        any_right: whether one value on the right is enough, for each value on the left.
    """

    ANY_OF_ANY = ("ForAnyOfAnyValues", True, True)
    ALL_OF_ANY = ("ForAllOfAnyValues", False, True)
    ANY_OF_ALL = ("ForAnyOfAllValues", True, False)
    ALL_OF_ALL = ("ForAllOfAllValues", False, False)

    def __init__(self, prefix: str, any_left: bool, any_right: bool) -> None:  # noqa: FBT001 - the rows above
        self.prefix = prefix
        self.any_left = any_left
        self.any_right = any_right

    def __str__(self) -> str:
        return self.prefix
