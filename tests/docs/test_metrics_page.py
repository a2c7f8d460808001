"""The page of metrics says what the table says."""

from __future__ import annotations

from pathlib import Path

from tests.docs.metrics_page import page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"


def test_the_page_is_made_from_the_table_of_now() -> None:
    """Run `python -m tests.docs.metrics_page > docs/reference/metrics.md` when this fails."""
    assert page() == PAGE.read_text(encoding="utf-8")
