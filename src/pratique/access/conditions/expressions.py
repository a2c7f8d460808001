"""The tree of a condition, and its canonical text.

A tree that exists is valid: operators fit their literals, texts can be written. `str(node)` is the
canonical text, and reading it gives an equal tree as long as it keeps the bounds of the language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from pratique.access.conditions.facts import UTC_NOW, Facts
from pratique.access.conditions.operators import Operator, Quantifier
from pratique.access.conditions.truth import Truth
from pratique.access.conditions.values import (
    Literal,
    attribute_key,
    canonical,
    quote,
    wanted,
    write,
)

MAX_VALUES = 500
"""How many values a list in braces may hold."""

# Blanks stand in tag names of Azure, brackets and quotes nowhere.
_ATTRIBUTE_NAME = re.compile(r"[!-&(-Z\\^-z|~](?:[ -&(-Z\\^-z|~]*[!-&(-Z\\^-z|~])?")


class Source(StrEnum):
    """Where an attribute is looked up."""

    REQUEST = "@Request"
    RESOURCE = "@Resource"
    PRINCIPAL = "@Principal"
    ENVIRONMENT = "@Environment"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of one source. Names compare without case.

    Attributes:
        name: as written.
        key: the name as a key of the mappings in `Facts`.

    Raises:
        ValueError: the name cannot be written in brackets.
    """

    source: Source
    name: str = field(compare=False)
    key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if _ATTRIBUTE_NAME.fullmatch(self.name) is None:
            raise ValueError(
                "the name of an attribute is made of printable ASCII characters without quotes, "
                "brackets and braces, and of no blanks at its ends"
            )
        object.__setattr__(self, "key", attribute_key(self.name))

    @property
    def is_now(self) -> bool:
        """Whether this is the moment of the request, `@Environment[UtcNow]`."""
        return self.source is Source.ENVIRONMENT and self.key == attribute_key(UTC_NOW)

    def __str__(self) -> str:
        return f"{self.source}[{self.name}]"


class Expression:
    """A node of a condition's tree.

    Attributes:
        judge: how to evaluate this node, filled by `evaluate` at its first need. No part of the
            value: it decides nothing in comparisons, and copies begin without it.
    """

    __slots__ = ("judge",)
    judge: Callable[[Facts], Truth]


@dataclass(frozen=True, slots=True)
class And(Expression):
    """All terms hold. There are at least two."""

    terms: tuple[Expression, ...]

    def __post_init__(self) -> None:
        _need_two(self.terms)

    def __str__(self) -> str:
        return " AND ".join(_operand(term) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Or(Expression):
    """Some term holds. There are at least two."""

    terms: tuple[Expression, ...]

    def __post_init__(self) -> None:
        _need_two(self.terms)

    def __str__(self) -> str:
        return " OR ".join(_operand(term) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """The term does not hold."""

    term: Expression

    def __str__(self) -> str:
        return f"!({self.term})"


@dataclass(frozen=True, slots=True)
class ActionMatches(Expression):
    """The permission that is asked is one that `pattern` names, as in a role."""

    pattern: str

    def __post_init__(self) -> None:
        _need_text(self.pattern)

    def __str__(self) -> str:
        return f"ActionMatches{{{quote(self.pattern)}}}"


@dataclass(frozen=True, slots=True)
class SubOperationMatches(Expression):
    """The part of the action that is asked has this name, without regard to case."""

    name: str

    def __post_init__(self) -> None:
        _need_text(self.name)

    def __str__(self) -> str:
        return f"SubOperationMatches{{{quote(self.name)}}}"


@dataclass(frozen=True, slots=True)
class Exists(Expression):
    """The attribute has a value."""

    attribute: Attribute

    def __str__(self) -> str:
        return f"Exists {self.attribute}"


@dataclass(frozen=True, slots=True)
class Comparison(Expression):
    """An attribute stands so to values or to another attribute.

    Attributes:
        quantifier: None for a plain comparison, which needs one value on either side.
        operand: literals in canonical form, exactly one without a quantifier; or an attribute.

    Raises:
        ValueError: operator, quantifier and operand do not go together.
    """

    attribute: Attribute
    operator: Operator
    quantifier: Quantifier | None
    operand: Attribute | tuple[Literal, ...]

    def __post_init__(self) -> None:
        if self.quantifier is not None and not self.operator.crossed:
            raise ValueError(f"`{self.operator}` has no cross-product form")
        if isinstance(self.operand, Attribute):
            return
        if not 1 <= len(self.operand) <= (MAX_VALUES if self.quantifier else 1):
            raise ValueError(f"`{self.operator}` does not compare with {len(self.operand)} values")
        literals = []
        for literal in self.operand:
            found = canonical(self.operator.kind, literal)
            if found is None:
                raise ValueError(
                    f"`{self.operator}` compares with {wanted(self.operator.kind)}, "
                    f"not with {literal!r}"
                )
            literals.append(found)
        object.__setattr__(self, "operand", tuple(literals))

    def __str__(self) -> str:
        prefix = f"{self.quantifier}:" if self.quantifier else ""
        return f"{self.attribute} {prefix}{self.operator} {self._written_operand()}"

    def _written_operand(self) -> str:
        if isinstance(self.operand, Attribute):
            return str(self.operand)
        literals = ", ".join(write(self.operator.kind, literal) for literal in self.operand)
        return f"{{{literals}}}" if self.quantifier else literals


def _operand(term: Expression) -> str:
    return f"({term})" if isinstance(term, And | Or) else str(term)


def _need_two(terms: tuple[Expression, ...]) -> None:
    if len(terms) < 2:
        raise ValueError("`AND` and `OR` join at least two terms")


def _need_text(text: str) -> None:
    if not text or not text.isprintable():
        raise ValueError("a text of printable characters is needed, and at least one")
