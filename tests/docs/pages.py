"""The pages that people write and read, and what stands on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_FENCED = re.compile(r"^[ \t]*```([a-z]*)\n(.*?)^[ \t]*```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    """All of them: the documentation, and the pages beside what they are about."""
    folders = (ROOT / name for name in ("docs", "deploy", "benchmarks"))
    beside = [page for folder in folders for page in sorted(folder.rglob("*.md"))]
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *beside]


def typed(page: Path) -> Iterator[str]:
    """Each command line that a page shows in a block, continued lines put together."""
    for language, block in _FENCED.findall(page.read_text(encoding="utf-8")):
        lines = block.replace("\\\n", " ").splitlines()
        if language == "sh":
            yield from lines
        else:
            yield from (line.removeprefix("$ ") for line in lines if line.startswith("$ "))


def quoted(page: Path) -> Iterator[str]:
    """Each piece of code that stands within a sentence."""
    yield from _CODE.findall(_prose(page).replace("\n", " "))


def links(page: Path) -> Iterator[str]:
    """Where a page leads to."""
    yield from _LINK.findall(_prose(page))


def headings(page: Path) -> set[str]:
    """The names by which links lead to headings, as GitHub makes them."""
    found = _HEADING.findall(_prose(page))
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in found}


def _prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text(encoding="utf-8"))
