"""Azure's management SDKs for Python do what az does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.az.azure_cli import Az
from tests.az.harbour import Harbour

pytestmark = [pytest.mark.live, pytest.mark.clients]

_STEPS = Path(__file__).with_name("sdk_steps.py").resolve()


def test_registry_roles_and_identities(harbour: Harbour, boss: Az) -> None:
    """A role is assigned and taken away, and what it opens is open for just as long."""
    harbour.push(boss, "sdk/app", "v1")
    robot = harbour.robot("sdk-robot")
    found = boss.python(
        _STEPS,
        *(f"https://{harbour.login_server}", harbour.tenant, harbour.scope, *harbour.boss),
        *(robot["client_id"], robot["secret"], robot["object_id"]),
    )
    assert found == {
        "names": ["pratique"],
        "login_server": harbour.login_server,
        "before": False,
        "between": True,
        "twice": "RoleAssignmentExists",
        "assigned": True,
        "after": False,
        "identity": True,
    }
