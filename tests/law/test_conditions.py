"""Conditions as they stand in `conditions.toml`, each judged by the facts given there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.access.conditions import (
    REPOSITORY_NAME,
    Condition,
    Facts,
    InvalidCondition,
    Truth,
    Value,
    attribute_key,
    evaluate,
    failing_part,
)

_FILE = Path(__file__).parent / "conditions.toml"
_ASK = re.compile(
    r"(?P<permission>\S+)(?: on (?P<repository>\S+))?(?: at (?P<at>\S+))?(?: part (?P<part>\S+))?"
)
_ATTRIBUTE = re.compile(r"@(?P<source>Request|Resource|Principal|Environment)\[(?P<name>.+)\]")
_REGISTRIES = "Microsoft.ContainerRegistry/registries/"
_PREFIXES = {
    "content": f"{_REGISTRIES}repositories/",
    "metadata": f"{_REGISTRIES}repositories/",
    "catalog": _REGISTRIES,
}


@dataclass(frozen=True)
class _Case:
    """One condition under some facts.

    Attributes:
        by: canonical text of the part that explains why it is not true; None when it is.
    """

    title: str
    condition: Condition
    facts: Facts
    expected: Truth
    by: str | None


def _read_cases() -> Iterator[_Case]:
    for row in tomllib.loads(_FILE.read_text(encoding="utf-8"))["condition"]:
        condition = Condition.parse(row["text"])
        for case in row["cases"]:
            unknown = case.keys() - {"ask", "is", "by", "with"}
            if unknown:
                raise ValueError(f"`{row['says']}` holds {unknown}, which mean nothing")
            title = f"{row['says']}: {case['ask']} {case.get('with', '')}"
            facts = _read_facts(case["ask"], case.get("with", {}))
            yield _Case(title, condition, facts, Truth(case["is"]), _read_part(condition, case))


def _read_part(condition: Condition, case: Mapping[str, Any]) -> str | None:
    by = case.get("by")
    if by == "all":
        return str(condition)
    return by.strip().replace("NAME ", f"@Request[{REPOSITORY_NAME}] ") if by else None


def _read_facts(ask: str, others: Mapping[str, list[Value]]) -> Facts:
    match = _ASK.fullmatch(ask)
    if match is None:
        raise ValueError(f"`{ask}` is not `PERMISSION [on REPOSITORY] [at TIME] [part NAME]`")
    attributes: dict[str, dict[str, tuple[Value, ...]]] = {}
    if match["repository"]:
        attributes["request"] = {attribute_key(REPOSITORY_NAME): (match["repository"],)}
    for text, values in others.items():
        attribute = _ATTRIBUTE.fullmatch(text)
        if attribute is None:
            raise ValueError(f"`{text}` is not an attribute")
        source = attributes.setdefault(attribute["source"].lower(), {})
        source[attribute_key(attribute["name"])] = tuple(values)
    permission = _PREFIXES.get(match["permission"].partition("/")[0], "") + match["permission"]
    at = datetime.fromisoformat(match["at"] or "2026-06-01T00:00:00Z")
    return Facts(permission, at, suboperation=match["part"], **attributes)


_CASES = list(_read_cases())
_REFUSED = tomllib.loads(_FILE.read_text(encoding="utf-8"))["refused"]


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.title)
def test_condition_is_as_the_table_says(case: _Case) -> None:
    """True, false or unknown as it is written, and explained by the part that is written."""
    expression = case.condition.expression
    assert evaluate(expression, case.facts) is case.expected
    if case.expected is Truth.TRUE:
        assert case.by is None
    else:
        assert str(failing_part(expression, case.facts)) == case.by


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.title)
def test_canonical_text_is_judged_alike(case: _Case) -> None:
    """A condition that was printed and read again is the same under the same facts."""
    printed = Condition.parse(str(case.condition))
    assert evaluate(printed.expression, case.facts) is case.expected


@pytest.mark.parametrize("row", _REFUSED, ids=lambda row: row["text"])
def test_text_is_refused_in_the_words_of_the_table(row: Mapping[str, str]) -> None:
    """A refusal says what is wrong, where, and what could stand there, in words of the language."""
    with pytest.raises(InvalidCondition) as refusal:
        Condition.parse(row["text"])
    assert refusal.value.message == row["words"]


def test_the_table_is_as_large_as_a_review_wants_it() -> None:
    """There are at least 80 cases, some with each of the three answers."""
    assert len(_CASES) >= 80
    assert {case.expected for case in _CASES} == set(Truth)
