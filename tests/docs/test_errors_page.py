"""The page of errors and addresses says what the code does."""

from __future__ import annotations

from pathlib import Path

from tests.docs.errors_page import page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"


def test_the_page_is_made_from_the_tables_of_now() -> None:
    """Run `python -m tests.docs.errors_page > docs/reference/errors.md` when this fails."""
    assert page() == PAGE.read_text(encoding="utf-8")
