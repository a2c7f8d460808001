"""What a test of az needs beside az, and what becomes of the test where it is not there."""

from __future__ import annotations

import os
import shutil

import pytest
from tests.az.azure_cli import ALL_REQUIRED
from tests.az.harbour import Harbour


def needs_programs(*names: str) -> None:
    """Go on where these programmes are installed.

    Raises:
        pytest.skip.Exception: one is not; where all must be there, the test fails.
    """
    for name in names:
        if shutil.which(name) is None:
            _without(f"`{name}` is not installed")


def needs_usual_port(harbour: Harbour, reason: str) -> None:
    """Go on where the server is at port 443.

    Raises:
        pytest.skip.Exception: this user may not listen there; where all must be there, the test
            fails.
    """
    if ":" in harbour.login_server:
        _without(f"{reason}, and this user cannot listen there")


def _without(told: str) -> None:
    if os.environ.get(ALL_REQUIRED):
        pytest.fail(f"{told}, and {ALL_REQUIRED} is set")
    pytest.skip(told)
