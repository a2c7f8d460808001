"""Answers of real registries, as they were recorded in public, are read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pratique.diagnosis.printed import words_in
from pratique.diagnosis.protocol.challenges import read_challenges

_FOLDER = Path(__file__).parent / "recorded"
_ANSWERS: list[tuple[str, dict[str, Any]]] = [
    (path.stem, answer)
    for path in sorted(_FOLDER.glob("*.toml"))
    for answer in tomllib.loads(path.read_text(encoding="utf-8"))["answer"]
]
_CHALLENGES = [(name, text) for name, answer in _ANSWERS for text in answer["challenges"]]
_BODIES = [(name, answer) for name, answer in _ANSWERS if "body" in answer]
_ISSUE = re.compile(r"[\w.-]+/[\w.-]+(?:#[0-9]+|: [\w./-]+)")


@pytest.mark.parametrize(("registry", "text"), _CHALLENGES, ids=lambda value: value[:40])
def test_every_recorded_challenge_is_read(registry: str, text: str) -> None:
    """One challenge each; a Bearer names an address for tokens, a Basic a realm."""
    (challenge,) = read_challenges([text])
    assert challenge.scheme.lower() in {"bearer", "basic"}, registry
    assert challenge.realm
    if challenge.scheme.lower() == "bearer":
        assert urlsplit(challenge.realm).scheme in {"http", "https"}
        assert challenge.realm in text
        assert bool(challenge.service) == ("service=" in text)
        assert bool(challenge.scope) == ("scope=" in text)


@pytest.mark.parametrize(("registry", "answer"), _BODIES, ids=lambda value: str(value)[:40])
def test_a_recorded_body_names_its_causes(registry: str, answer: dict[str, Any]) -> None:
    """What a body proves is named as proved, and nothing that it does not say."""
    found = words_in(answer["body"])
    assert [f.cause.id for f in found if f.certain] == answer["certain"], registry
    assert [f.cause.id for f in found if not f.certain] == answer["suspected"], registry


def test_every_answer_says_where_it_was_recorded() -> None:
    """A public repository with an issue or a file, and what had been asked."""
    for registry, answer in _ANSWERS:
        assert _ISSUE.fullmatch(answer["source"]), registry
        assert answer["request"], registry
        assert answer["challenges"] or "body" in answer, registry


def test_a_challenge_is_recorded_for_most_kinds_of_registries() -> None:
    """The collection does not shrink by accident."""
    assert len({name for name, _ in _CHALLENGES}) >= 9
    assert len({name for name, _ in _ANSWERS}) >= 15
