"""Texts that are conditions, and texts that are refused: where, and in which words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import count

import pytest
from tests.unit.naming.bounded_work import passes_over

from pratique.access.conditions import (
    MAX_BYTES,
    MAX_VALUES,
    OPERATORS,
    ActionMatches,
    And,
    Attribute,
    Comparison,
    Condition,
    Exists,
    InvalidCondition,
    Kind,
    Literal,
    Not,
    Operator,
    Or,
    Quantifier,
    Relation,
    Source,
    SubOperationMatches,
)

_YES = (True,)
_RED = "@Request[color] StringEquals 'red'"


def _comparison(name: str) -> Comparison:
    color = Attribute(Source.REQUEST, name)
    return Comparison(color, OPERATORS["StringEquals"], None, ("red",))


def _of(name: str, quantifier: Quantifier | None, *literals: Literal) -> Comparison:
    return Comparison(Attribute(Source.REQUEST, "a"), OPERATORS[name], quantifier, literals)


def _refusal(text: str) -> InvalidCondition:
    with pytest.raises(InvalidCondition) as refusal:
        Condition.parse(text)
    return refusal.value


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("@request[color]stringequals'red'", "@request[color]"),
        ("  (\n\t@REQUEST [ color ]\r\nSTRINGEQUALS 'red' )  ", "@Request[color]"),
        ("((@Request[color] StringEquals 'red'))", "@Request[color]"),
    ],
)
def test_blanks_parentheses_and_case_of_words_do_not_matter(text: str, canonical: str) -> None:
    """The same tree is meant, and printed in one way."""
    condition = Condition.parse(text)
    assert condition.text == text
    assert condition.expression == _comparison("color")
    assert str(condition) == _RED
    assert str(condition).lower().startswith(canonical.lower())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{0} AND {0}", And((_comparison("color"),) * 2)),
        ("{0} && {0} and {0}", And((_comparison("color"),) * 3)),
        ("{0} OR {0}", Or((_comparison("color"),) * 2)),
        ("{0}||{0} or {0}", Or((_comparison("color"),) * 3)),
        ("NOT {0}", Not(_comparison("color"))),
        ("!{0}", Not(_comparison("color"))),
        ("not(!({0}))", Not(Not(_comparison("color")))),
        ("!{0} AND {0}", And((Not(_comparison("color")), _comparison("color")))),
        ("({0} OR {0}) AND {0}", And((Or((_comparison("color"),) * 2), _comparison("color")))),
        ("({0} AND {0}) AND {0}", And((And((_comparison("color"),) * 2), _comparison("color")))),
        ("Exists @Request[Color]", Exists(Attribute(Source.REQUEST, "color"))),
        ("NOT EXISTS @Request[color]", Not(Exists(Attribute(Source.REQUEST, "color")))),
    ],
)
def test_words_and_signs_join_terms(text: str, expected: object) -> None:
    """Synonyms mean the same, negation binds closest, and grouping is kept."""
    assert Condition.parse(text.format(_RED)).expression == expected


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=str)
def test_every_operator_is_read_in_any_case(operator: Operator) -> None:
    """Each operator of the reference stands in a condition, before a literal and an attribute."""
    written = {
        Kind.STRING: "'a*'",
        Kind.NUMERIC: "-7",
        Kind.DATE: "'2027-01-01T00:00:00.0Z'",
        Kind.GUID: "7F951DDA-4ed3-4680-a7ca-43fe172d538d",
        Kind.BOOL: "FALSE",
    }[operator.kind]
    for operand in (written, "@Resource[x]"):
        condition = Condition.parse(f"@Request[a] {str(operator).upper()} {operand}")
        assert isinstance(condition.expression, Comparison)
        assert condition.expression.operator == operator


def test_the_operators_are_those_of_the_reference() -> None:
    """Twelve for texts, six for numbers, six for dates, two for GUIDs and two for truth values."""
    counts = {kind: sum(o.kind is kind for o in OPERATORS.values()) for kind in Kind}
    assert counts == {
        Kind.STRING: 12,
        Kind.NUMERIC: 6,
        Kind.DATE: 6,
        Kind.GUID: 2,
        Kind.BOOL: 2,
    }
    assert {"StringNotStartsWithIgnoreCase", "NumericGreaterThanEquals"} <= OPERATORS.keys()


@pytest.mark.parametrize("quantifier", Quantifier, ids=str)
@pytest.mark.parametrize("operator", OPERATORS.values(), ids=str)
def test_cross_products_are_those_of_the_reference(
    quantifier: Quantifier, operator: Operator
) -> None:
    """Equality, order of numbers and patterns have them; prefixes, dates and truth values not."""
    listed = operator.relation is not Relation.STARTS_WITH and operator.kind in {
        Kind.STRING,
        Kind.NUMERIC,
        Kind.GUID,
    }
    literal = {Kind.NUMERIC: "1", Kind.GUID: "'7f951dda-4ed3-4680-a7ca-43fe172d538d'"}.get(
        operator.kind, "'a'"
    )
    text = f"@Request[a] {str(quantifier).lower()} : {operator} {{{literal}, {literal}}}"
    if not listed:
        assert f"`{operator}` has no cross-product form" in _refusal(text).message
        return
    expression = Condition.parse(text).expression
    assert isinstance(expression, Comparison)
    assert (expression.quantifier, expression.operator) == (quantifier, operator)


@pytest.mark.parametrize(
    ("literal", "canonical"),
    [
        ("StringEquals 'it''s'", "StringEquals 'it''s'"),
        ("StringEquals ''''", "StringEquals ''''"),
        ("StringEquals ''", "StringEquals ''"),
        (r"StringLike 'a\*\b'", r"StringLike 'a\*\b'"),
        ("NumericEquals -007", "NumericEquals -7"),
        ("NumericEquals -9223372036854775808", "NumericEquals -9223372036854775808"),
        ("NumericEquals 9223372036854775807", "NumericEquals 9223372036854775807"),
        ("BoolEquals TRUE", "BoolEquals true"),
        (
            "DateTimeEquals '2027-01-01T00:00:00Z'",
            "DateTimeEquals '2027-01-01T00:00:00.0000000Z'",
        ),
        (
            "DateTimeEquals '2027-01-01T00:00:00.1234567Z'",
            "DateTimeEquals '2027-01-01T00:00:00.1234567Z'",
        ),
        (
            "GuidEquals '7F951DDA-4ED3-4680-A7CA-43FE172D538D'",
            "GuidEquals 7f951dda-4ed3-4680-a7ca-43fe172d538d",
        ),
        (
            "ForAnyOfAnyValues:NumericEquals{1,2 ,3}",
            "ForAnyOfAnyValues:NumericEquals {1, 2, 3}",
        ),
    ],
)
def test_literals_have_one_canonical_form(literal: str, canonical: str) -> None:
    """However a literal is written, it is printed in one way."""
    assert str(Condition.parse(f"@Request[a] {literal}")) == f"@Request[a] {canonical}"


@pytest.mark.parametrize(
    "text",
    [
        "{0} AND {0} OR {0}",
        "{0} OR {0} AND {0}",
        "({0} || {0} && {0})",
        "!({0} AND !{0} OR {0})",
        "{0} AND {0} AND {0} OR {0}",
    ],
)
def test_and_and_or_are_never_mixed_at_one_level(text: str) -> None:
    """Neither binds closer, so parentheses must say which terms belong together."""
    refusal = _refusal(text.format(_RED))
    assert "`AND` and `OR` are mixed without parentheses" in refusal.message


def test_caret_stands_below_the_fault() -> None:
    """The line of the fault is shown with a caret under it."""
    assert str(_refusal(f"({_RED})\nAND @Request[b] StringEqual 'x'\nAND x")) == (
        "`StringEqual` is not an operator at line 2, column 17; "
        "expected `StringEquals` or `StringNotEquals`\n"
        "  AND @Request[b] StringEqual 'x'\n"
        "                  ^"
    )


def test_long_line_is_cut_around_the_fault() -> None:
    """A line longer than a terminal is shown in part, and the caret still stands below."""
    text = " AND ".join([_RED] * 9) + " AND x AND " + _RED + " AND " + _RED
    sentence, excerpt, caret = str(_refusal(text)).split("\n")
    assert sentence.startswith(f"unexpected `x` at line 1, column {text.index(' x ') + 2};")
    assert excerpt.startswith("  …")
    assert excerpt.endswith("…")
    assert len(excerpt) == 2 + 1 + 76 + 1
    assert excerpt[caret.index("^")] == "x"
    assert excerpt[caret.index("^") - 5 :][:6] == " AND x"


def test_tabs_do_not_move_the_caret() -> None:
    """What is not one character wide is shown as one."""
    _, excerpt, caret = str(_refusal("\t(\t!\tx)")).split("\n")
    assert excerpt == "   ( ! x)"
    assert excerpt[caret.index("^")] == "x"


def test_length_is_bounded_in_bytes() -> None:
    """8 KB of UTF-8 are read, one byte more is refused; a letter may be several bytes."""
    text = "@Request[a] StringEquals '{}'"
    room = MAX_BYTES - len(text.format(""))
    assert Condition.parse(text.format("x" * room)).text
    assert Condition.parse(text.format("é" * (room // 2))).text
    for filling in ("x" * (room + 1), "é" * (room // 2 + 1), "x" * 10_000_000):
        refusal = _refusal(text.format(filling))
        assert refusal.message == "the condition is longer than 8192 bytes at line 1, column 1"
        assert len(str(refusal)) < 200


@pytest.mark.parametrize(
    ("opening", "closing", "levels"),
    [("(", ")", 1), ("!", "", 1), ("!(", ")", 1), ("!!(", ")", 2), ("NOT NOT NOT(", ")", 3)],
)
def test_depth_is_bounded(opening: str, closing: str, levels: int) -> None:
    """64 levels of parentheses and negations are read, and printed; one more is refused."""
    fits = 64 // levels
    condition = Condition.parse(opening * fits + _RED + closing * fits)
    assert Condition.parse(str(condition)).expression == condition.expression
    refusal = _refusal(opening * (fits + 1) + _RED + closing * (fits + 1))
    assert "nested more than 64 deep" in refusal.message


def test_depth_counts_what_stands_inside_not_beside() -> None:
    """Parentheses that were closed again count no more."""
    assert Condition.parse(" AND ".join([f"(!({_RED}))"] * 70)).text


def test_lists_are_bounded() -> None:
    """500 values are read, one more is refused at its place."""
    text = "@Request[a] ForAnyOfAnyValues:NumericEquals {{{}}}"
    assert Condition.parse(text.format(",".join(["1"] * MAX_VALUES))).text
    refusal = _refusal(text.format(",".join(["1"] * (MAX_VALUES + 1))))
    assert refusal.message.startswith("a list holds more than 500 values")
    assert refusal.column == len("@Request[a] ForAnyOfAnyValues:NumericEquals {") + 2 * 500 + 1


@pytest.mark.parametrize(
    "text",
    [
        "(" * 8000,
        ")" * 8000,
        "!" * 8000,
        "'" * 8000,
        "@Request[a] StringEquals " + "'" * 7901,
        "@Request[" + "a " * 3900,
        "@Request[" + "a " * 3900 + "] BoolEquals true",
        "@Request[a] NumericEquals " + "9" * 7900,
        "@Request[a] NumericEquals " + "0" * 7900,
        "@Request[a] a" + " " * 7900 + "x",
        "@Request[a] " + "StringEqual" * 700 + " 'a'",
        "@Request[a] StringLike '" + "*a" * 3900 + "'",
        "@Request[a] ForAnyOfAnyValues:NumericEquals {" + ",".join(["1"] * 3900) + "}",
        " AND ".join([f"({_RED} OR {_RED})"] * 100),
        "x" * 1_000_000,
    ],
    ids=lambda text: f"{text[:40]}, {len(text)}",
)
def test_hostile_text_costs_little(text: str) -> None:
    """No text of the longest length costs more than a steady price for each character."""
    # Blanks behind it make each a text that was not read before.
    blanks = count()

    def read() -> None:
        try:
            Condition.parse(text + " " * next(blanks))
        except InvalidCondition:
            return

    assert passes_over(text, read) < 1500


def test_same_text_is_one_tree() -> None:
    """Ten thousand assignments with the same condition share one tree."""
    text = f"({_RED})"
    assert Condition.parse(text) is Condition.parse(text[:5] + text[5:])
    assert Condition.parse(text) == Condition.parse(text)
    assert Condition.parse(text) != Condition.parse(_RED)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: And((_comparison("a"),)), "at least two"),
        (lambda: Or(()), "at least two"),
        (lambda: ActionMatches(""), "at least one"),
        (lambda: SubOperationMatches("a\nb"), "printable"),
        (lambda: Attribute(Source.REQUEST, "a]"), "printable ASCII"),
        (lambda: Attribute(Source.REQUEST, ""), "printable ASCII"),
        (lambda: Attribute(Source.REQUEST, " a"), "printable ASCII"),
        (lambda: _of("BoolEquals", None, "x"), "`true` or `false`, not with 'x'"),
        (lambda: _of("StringEquals", None, "a\nb"), "a text in single quotes"),
        (lambda: _of("NumericEquals", None, *_YES), "an integer"),
        (lambda: _of("NumericEquals", None, 2**63), "an integer"),
        (lambda: _of("NumericEquals", None, -(2**63) - 1), "an integer"),
        (lambda: _of("NumericEquals", None), "does not compare with 0 values"),
        (lambda: _of("NumericEquals", None, 1, 2), "does not compare with 2 values"),
        (lambda: _of("NumericEquals", Quantifier.ANY_OF_ANY), "does not compare with 0 values"),
        (lambda: _of("BoolEquals", Quantifier.ANY_OF_ANY, *_YES), "no cross-product form"),
    ],
)
def test_tree_that_cannot_be_written_cannot_be_made(make: Callable[[], object], words: str) -> None:
    """Whoever builds trees without a text keeps to what a text can say."""
    with pytest.raises(ValueError, match=words):
        make()


def test_the_law_comes_without_the_parser() -> None:
    """Whoever imports the conditions and reads none loads neither the parser nor a log."""
    code = (
        "import sys; from pratique.access.conditions import Condition, InvalidCondition\n"
        "assert not {'lark', 'logging'} & sys.modules.keys()\n"
        "Condition.parse('Exists @Request[a]')\n"
        "assert 'lark' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
