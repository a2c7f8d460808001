"""The guide to conditions says what the language does: each claim on the page is tried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.access.conditions import (
    MAX_BYTES,
    MAX_VALUES,
    OPERATORS,
    PRINCIPAL_ID,
    PRINCIPAL_TYPE,
    REPOSITORY_NAME,
    ROLE_DEFINITION_ID,
    UTC_NOW,
    Condition,
    Facts,
    InvalidCondition,
    Quantifier,
    Source,
    Truth,
    Value,
    attribute_key,
    evaluate,
)

_PAGE = (Path(__file__).parents[3] / "docs" / "guide" / "conditions.md").read_text(encoding="utf-8")
_BLOCK = re.compile(
    r"^```(condition|refused|text|sh)\n(.*?)^```\n\n?((?:^\|[^\n]*\n)*)", re.MULTILINE | re.DOTALL
)
_REPOSITORIES = "Microsoft.ContainerRegistry/registries/repositories/"
_ATTRIBUTE = re.compile(r"`@(?P<source>\w+)\[(?P<name>.+)\]`")


@dataclass(frozen=True)
class _Claim:
    """A row of a table below a condition: column by column."""

    text: str
    row: dict[str, str]


def _claims() -> Iterator[_Claim]:
    for kind, text, table in _BLOCK.findall(_PAGE):
        if kind == "condition":
            header, _, *rows = [_cells(line) for line in table.splitlines()]
            for row in rows:
                yield _Claim(text, dict(zip(header, row, strict=True)))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _facts(row: dict[str, str]) -> Facts:
    given: dict[str, dict[str, tuple[Value, ...]]] = {source.name.lower(): {} for source in Source}
    permission, at = "", datetime(2026, 6, 1, tzinfo=UTC)
    for column, cell in row.items():
        attribute = _ATTRIBUTE.fullmatch(column)
        if attribute is not None:
            values = tuple(_value(text) for text in cell.split(", ") if text)
            given[attribute["source"].lower()][attribute_key(attribute["name"])] = values
        elif column == "Permission":
            permission = cell.strip("`")
        elif column == "Repository":
            given["request"][attribute_key(REPOSITORY_NAME)] = (cell.strip("`"),)
        elif column == "Time":
            at = datetime.fromisoformat(cell)
        elif column != "Verdict":
            raise ValueError(f"the column `{column}` means nothing")
    full = permission if permission.startswith("Microsoft.") else _REPOSITORIES + permission
    return Facts(
        full, at, given["request"], given["resource"], given["principal"], given["environment"]
    )


def _value(text: str) -> Value:
    return text.strip("`") if text.startswith("`") else int(text)


@pytest.mark.parametrize("claim", list(_claims()), ids=lambda claim: str(claim.row))
def test_verdict_is_as_claimed(claim: _Claim) -> None:
    """A row of a table tells what the condition above it is under the facts of the row."""
    expression = Condition.parse(claim.text).expression
    assert evaluate(expression, _facts(claim.row)) is Truth(claim.row["Verdict"])


def test_every_condition_is_read_and_has_claims() -> None:
    """No condition stands on the page untried."""
    conditions = [text for kind, text, _ in _BLOCK.findall(_PAGE) if kind == "condition"]
    assert len(conditions) >= 9
    assert {claim.text for claim in _claims()} == set(conditions)


def test_refusals_are_as_shown() -> None:
    """Each refused text is followed by exactly the words of its refusal."""
    blocks = _BLOCK.findall(_PAGE)
    refused = [place for place, (kind, _, _) in enumerate(blocks) if kind == "refused"]
    assert refused
    for place in refused:
        kind, words, _ = blocks[place + 1]
        assert kind == "text"
        with pytest.raises(InvalidCondition) as refusal:
            Condition.parse(blocks[place][1].rstrip("\n"))
        assert f"{refusal.value}\n" == words


@pytest.mark.parametrize(
    "word",
    [
        *OPERATORS,
        *map(str, Quantifier),
        *Source,
        *(REPOSITORY_NAME, UTC_NOW, ROLE_DEFINITION_ID, PRINCIPAL_ID, PRINCIPAL_TYPE),
        *(f"{MAX_BYTES} bytes", "64 deep", f"{MAX_VALUES} values"),
    ],
)
def test_every_word_of_the_language_is_on_the_page(word: str) -> None:
    """Operators, prefixes, sources, known attributes and bounds are all documented."""
    assert re.search(rf"{re.escape(word)}(?![A-Za-z])", _PAGE)
