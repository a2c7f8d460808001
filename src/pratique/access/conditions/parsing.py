"""From text to tree. Loads the parser generator, so it is loaded only to read a condition."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple, TypeVar

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedToken
from lark.lark import PostLex

from pratique.access.conditions.errors import InvalidCondition
from pratique.access.conditions.expressions import (
    MAX_VALUES,
    ActionMatches,
    And,
    Attribute,
    Comparison,
    Exists,
    Expression,
    Not,
    Or,
    Source,
    SubOperationMatches,
)
from pratique.access.conditions.faults import (
    Fault,
    fault_of_character,
    fault_of_token,
    place_of,
)
from pratique.access.conditions.grammar import GRAMMAR
from pratique.access.conditions.operators import OPERATORS, Operator, Quantifier
from pratique.access.conditions.values import (
    Kind,
    Literal,
    canonical,
    fold,
    read_digits,
    wanted,
)
from pratique.naming.errors import printable

_T = TypeVar("_T")

MAX_DEPTH = 64
"""How many parentheses and negations may stand inside each other."""

_SOURCES = {fold(source): source for source in Source}
_OPERATORS = {fold(name): operator for name, operator in OPERATORS.items()}
_QUANTIFIERS = {fold(str(quantifier)): quantifier for quantifier in Quantifier}


def parse_expression(text: str) -> Expression:
    """The tree that `text` spells; the caller has bounded its length.

    Raises:
        InvalidCondition: it spells none.
    """
    try:
        return _parse(text)
    except Fault as fault:
        raise InvalidCondition(fault.wrong, text, fault.position, fault.expected) from None


def _parse(text: str) -> Expression:
    try:
        # The transformer makes the tree while it is read, so what comes back is its root.
        return _parser().parse(text)  # type: ignore[return-value]
    except UnexpectedToken as error:
        raise fault_of_token(text, error) from None
    except UnexpectedCharacters as error:
        raise fault_of_character(text, error) from None


@cache
def _parser() -> Lark:
    return Lark(
        GRAMMAR,
        parser="lalr",
        lexer="contextual",
        postlex=_BoundedDepth(),
        transformer=_Trees(),
        maybe_placeholders=False,
    )


class _BoundedDepth(PostLex):
    """Refuses the parenthesis or negation that goes too deep, before any tree is made of it.

    Depth is counted as the canonical text has it, where a negation stands before a parenthesis.
    """

    always_accept = ()

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """The tokens as they come."""
        levels: list[int] = []
        depth = negations = 0
        for token in stream:
            if token.type == "NOT":
                negations += 1
            elif token.type == "LPAR":
                levels.append(max(negations, 1))
                depth += levels[-1]
                negations = 0
            else:
                negations = 0
                if token.type == "RPAR" and levels:
                    depth -= levels.pop()
            if depth + negations > MAX_DEPTH:
                raise Fault(
                    f"parentheses and negations are nested more than {MAX_DEPTH} deep",
                    place_of(token),
                )
            yield token


class _Written(NamedTuple):
    """A literal, and where it stands."""

    value: Literal
    token: Token


class _Trees(Transformer[Token, Expression]):
    """Makes the nodes of the tree, from the leaves up."""

    def conjunction(self, children: list[Expression | Token]) -> And:
        return And(_terms(children))

    def disjunction(self, children: list[Expression | Token]) -> Or:
        return Or(_terms(children))

    def negation(self, children: tuple[Token, Expression]) -> Not:
        return Not(children[1])

    def group(self, children: tuple[Token, Expression, Token]) -> Expression:
        return children[1]

    def exists(self, children: tuple[Token, Attribute]) -> Exists:
        return Exists(children[1])

    def action(self, children: tuple[Token, ...]) -> ActionMatches:
        return ActionMatches(_name(children[2], "a permission such as '*/read'"))

    def suboperation(self, children: tuple[Token, ...]) -> SubOperationMatches:
        return SubOperationMatches(_name(children[2], "the name of a suboperation"))

    def plain(
        self, children: tuple[Attribute, Token, Attribute | _Written | list[_Written]]
    ) -> Comparison:
        attribute, word, operand = children
        operator = _operator(word)
        if isinstance(operand, list):
            raise Fault(
                f"`{operator}` compares with one value, not with a list",
                place_of(operand[0].token),
                f"a prefix such as `{Quantifier.ANY_OF_ANY}:` before an operator that has one",
            )
        if isinstance(operand, Attribute):
            return Comparison(attribute, operator, None, operand)
        return Comparison(attribute, operator, None, (_literal(operator, operand),))

    def crossed(
        self, children: tuple[Attribute, Token, Token, Attribute | list[_Written]]
    ) -> Comparison:
        attribute, prefix, word, operand = children
        quantifier = _known(_QUANTIFIERS, prefix, "a cross-product prefix")
        operator = _operator(word)
        if not operator.crossed:
            raise Fault(
                f"`{operator}` has no cross-product form",
                place_of(word),
                "an equality, an order of numbers or `StringLike`",
            )
        if isinstance(operand, Attribute):
            return Comparison(attribute, operator, quantifier, operand)
        literals = tuple(_literal(operator, written) for written in operand)
        return Comparison(attribute, operator, quantifier, literals)

    def attribute(self, children: tuple[Token, Token]) -> Attribute:
        word, name = children
        source = _known(_SOURCES, word, "a source of attributes")
        try:
            return Attribute(source, name[1:-1].strip(" \t"))
        except ValueError:
            raise Fault(
                f"`{printable(name)}` names no attribute",
                place_of(name),
                "printable ASCII characters without quotes and braces",
            ) from None

    def values(self, children: list[Token | _Written]) -> list[_Written]:
        literals = [child for child in children if isinstance(child, _Written)]
        if len(literals) > MAX_VALUES:
            raise Fault(
                f"a list holds more than {MAX_VALUES} values",
                place_of(literals[MAX_VALUES].token),
            )
        return literals

    def literal(self, children: tuple[Token]) -> _Written:
        token = children[0]
        match token.type:
            case "STRING":
                return _Written(_unquote(token), token)
            case "INTEGER":
                value = read_digits(token)
                if value is None:
                    raise Fault("the integer is too large", place_of(token), "at most 64 bits")
                return _Written(value, token)
            case "GUID":
                return _Written(str(token), token)
            case _:
                return _Written(token.type == "TRUE", token)


def _terms(children: list[Expression | Token]) -> tuple[Expression, ...]:
    return tuple(child for child in children if isinstance(child, Expression))


def _unquote(token: Token) -> str:
    return token[1:-1].replace("''", "'")


def _name(token: Token, expected: str) -> str:
    name = _unquote(token)
    if not name:
        raise Fault("the text in quotes is empty", place_of(token), expected)
    return name


def _operator(word: Token) -> Operator:
    return _known(_OPERATORS, word, "an operator")


def _known(choices: Mapping[str, _T], word: Token, what: str) -> _T:
    """What `word` names, in any case.

    Raises:
        Fault: nothing; the names that look like it are suggested.
    """
    name = word.rstrip(": \t\r\n")
    found = choices.get(fold(name))
    if found is not None:
        return found
    alike = difflib.get_close_matches(fold(name), choices, n=3, cutoff=0.7) or list(choices)[:4]
    names = [f"`{choices[key]}`" for key in alike]
    raise Fault(
        f"`{printable(name)}` is not {what}",
        place_of(word),
        f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0],
    )


def _literal(operator: Operator, written: _Written) -> Literal:
    bare = written.token.type == "GUID" and operator.kind is not Kind.GUID
    literal = None if bare else canonical(operator.kind, written.value)
    if literal is None:
        raise Fault(
            f"`{operator}` does not compare with `{printable(written.token)}`",
            place_of(written.token),
            wanted(operator.kind),
        )
    return literal
