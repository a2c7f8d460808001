"""What tests found out and the reader of a run shall see, whichever process they ran in."""

from __future__ import annotations

import pytest

_SECTIONS: pytest.StashKey[dict[str, list[str]]] = pytest.StashKey()


def told_at_the_end(config: pytest.Config) -> dict[str, list[str]]:
    """Sections to be printed after a run: lines by title; to be added to."""
    return config.stash.setdefault(_SECTIONS, {})
