"""Pictures in the documentation show the product at work, and nothing of who drew them."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

_PICTURES = sorted((Path(__file__).parents[2] / "docs" / "pictures").glob("*.svg"))
_NOT_SHOWN = re.compile(r"Traceback|site-packages|/src/pratique/|\.venv")


def _texts(picture: Path) -> str:
    return html.unescape(picture.read_text("utf-8")).replace("\N{NO-BREAK SPACE}", " ")


def test_there_are_pictures() -> None:
    """The test below looks at something."""
    assert "doctor.svg" in {picture.name for picture in _PICTURES}


@pytest.mark.parametrize("picture", _PICTURES, ids=lambda picture: picture.name)
def test_no_picture_shows_a_failure_inside(picture: Path) -> None:
    """A stack trace, or a path of whoever drew it, was once drawn and not looked at."""
    assert _NOT_SHOWN.findall(_texts(picture)) == []


def test_the_doctor_is_shown_with_its_finding() -> None:
    """The picture of the README holds the grant that helps."""
    picture = next(p for p in _PICTURES if p.name == "doctor.svg")
    assert "pratique role assign AcrPull" in _texts(picture)
