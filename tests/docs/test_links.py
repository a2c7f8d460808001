"""Links lead somewhere, and decisions are numbered one after the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.docs.pages import ROOT, headings, links, pages


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_a_page_and_a_heading(page: Path) -> None:
    """Within the project; other hosts are not asked."""
    lost = []
    for link in links(page):
        path, _, heading = link.partition("#")
        target = (page.parent / path) if path else page
        if "://" in link or link.startswith("mailto:"):
            continue
        known = target.suffix != ".md" or not heading or heading in headings(target)
        if not target.exists() or not known:
            lost.append(link)
    assert lost == []


def test_decisions_are_numbered() -> None:
    """Without a gap; file and heading have the number, and a status says what became of it."""
    files = sorted((ROOT / "docs" / "adr").glob("*.md"))
    for number, file in enumerate(files, start=1):
        text = file.read_text(encoding="utf-8")
        assert file.name.startswith(f"{number:04}-")
        assert re.match(rf"# {number}\. .+\n\nStatus: ", text), file.name
