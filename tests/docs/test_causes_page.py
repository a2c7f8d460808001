"""The page of causes says what the catalogue holds."""

from __future__ import annotations

from pathlib import Path

from tests.docs.causes_page import page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "causes.md"


def test_the_page_is_made_from_the_catalogue_of_now() -> None:
    """Run `python -m tests.docs.causes_page > docs/reference/causes.md` when this fails."""
    assert page() == PAGE.read_text(encoding="utf-8")
