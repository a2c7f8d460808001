"""Fixtures: one server that az knows by a name, and the az of its owner."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.az.azure_cli import ALL_REQUIRED, Az, Missing
from tests.az.harbour import Harbour
from tests.az.harbour import harbour as opened


@pytest.fixture(scope="session")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    """A server; where az cannot be had, its tests are skipped, or fail where all must be there."""
    try:
        with opened(tmp_path_factory.mktemp("harbour")) as found:
            yield found
    except Missing as missing:
        if os.environ.get(ALL_REQUIRED):
            pytest.fail(f"az: {missing}, and {ALL_REQUIRED} is set")
        pytest.skip(f"az: {missing}")


@pytest.fixture(scope="session")
def boss(harbour: Harbour) -> Az:
    """The az of a service principal that may do everything."""
    return harbour.signed_in(*harbour.boss)
