"""Nothing is left behind in the sources: no promise to finish later, no clock out of its place."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.source_tree import SOURCES, modules, planted

_LATER = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
# ruff bans absolute time and random ids (TID251); who lifts the ban must be the place for them.
_BAN_LIFTED = re.compile(r"#\s*noqa:.*\bTID251\b|#\s*ruff:\s*noqa|#\s*noqa\s*$")
_MAY_READ_THE_CLOCK = ("assembly/sources.py", "cli/", "testing/")


def _lines(root: Path, pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{module.name}:{number}"
        for module in modules(root)
        for number, line in enumerate(module.text.splitlines(), start=1)
        if pattern.search(line)
    ]


def _clocks(root: Path) -> list[str]:
    lifted = _lines(root, _BAN_LIFTED)
    return [place for place in lifted if not place.startswith(_MAY_READ_THE_CLOCK)]


def test_nothing_is_put_off() -> None:
    """No module holds a note that something is still to be done."""
    assert _lines(SOURCES, _LATER) == []


def test_clock_and_id_source_are_read_in_their_place() -> None:
    """The ban on absolute time and random ids is lifted only where they are handed in."""
    assert _clocks(SOURCES) == []


def test_what_is_left_behind_is_found(tmp_path: Path) -> None:
    """Notes, lifted bans and bans lifted wholesale are found line by line."""
    text = (
        "x = 1  # TODO: two\n"
        "now = datetime.now(UTC)  # noqa: DTZ005, TID251 - why not\n"
        "# ruff: noqa\n"
        "y = f()  # noqa\n"
        "z = g()  # noqa: PLR0913 - a reason\n"
        "mastodon = 1\n"
    )
    root = planted(tmp_path, "access/late.py", text)
    planted(tmp_path, "cli/now.py", text)
    assert _lines(root, _LATER) == ["access/late.py:1", "cli/now.py:1"]
    assert _clocks(root) == [f"access/late.py:{line}" for line in (2, 3, 4)]
