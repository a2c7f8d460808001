"""What tests of changes share."""

from __future__ import annotations

import pytest
from tests.unit.admission.standing import Registry


@pytest.fixture
def standing() -> Registry:
    """A registry in which little stands."""
    return Registry()
