"""The page of reasons and outcomes says what the law says."""

from __future__ import annotations

from pathlib import Path

from tests.docs.decisions_page import page

from pratique.access import Outcome, Reason

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "decisions.md"


def test_the_page_is_made_from_the_cases_of_now() -> None:
    """Run `python -m tests.docs.decisions_page > docs/reference/decisions.md` when this fails."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_every_reason_and_outcome_is_on_the_page() -> None:
    """Nothing that a verdict can hold is left unexplained."""
    text = PAGE.read_text(encoding="utf-8")
    assert [word for word in (*Reason, *Outcome) if f"| `{word}` |" not in text] == []
