"""A programme that is not here leaves a test out, save where all must be there."""

from __future__ import annotations

import pytest
from tests.az.azure_cli import ALL_REQUIRED
from tests.az.missing import needs_programs

ABSENT = "a-programme-that-nobody-has"


def test_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere the test is skipped, with the name of what is missing."""
    monkeypatch.delenv(ALL_REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match=ABSENT):
        needs_programs("sh", ABSENT)


def test_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every client must be there, it fails."""
    monkeypatch.setenv(ALL_REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match=ABSENT):
        needs_programs("sh", ABSENT)
