"""The story of the error, told with az and a client of images alone."""

from __future__ import annotations

import pytest
from tests.az.azure_cli import Az
from tests.az.harbour import Harbour
from tests.az.missing import needs_programs

pytestmark = [pytest.mark.live, pytest.mark.clients]


def test_a_pull_is_refused_until_the_documented_command_grants_it(
    harbour: Harbour, boss: Az
) -> None:
    """Refused; granted by `az role assignment create`; refused again once that is deleted."""
    needs_programs("podman", "skopeo")
    harbour.push(boss, "story/app", "v1")
    robot = harbour.robot("puller")
    az = harbour.signed_in(robot["client_id"], robot["secret"], "--allow-no-subscriptions")
    image = f"docker://{harbour.login_server}/story/app:v1"

    def pulled() -> tuple[bool, str]:
        said = az.beside("skopeo", "inspect", "--raw", image)
        return said.code == 0, said.err

    taken, words = pulled()
    assert not taken
    assert "unauthorized: authentication required" in words

    words = az.refused("acr", "login", "--name", "pratique")
    assert f"Access to registry '{harbour.login_server}' was denied. Response code: 401." in words

    given = boss(
        *("role", "assignment", "create", "--role", "AcrPull", "--scope", harbour.scope),
        *("--assignee", robot["client_id"]),
    )
    assert given["principalId"] == robot["object_id"]
    assert given["scope"] == harbour.scope

    said = az.say("acr", "login", "--name", "pratique")
    assert (said.code, said.out.strip()) == (0, "Login Succeeded!")
    assert pulled() == (True, "")

    boss(
        *("role", "assignment", "delete", "--role", "AcrPull", "--scope", harbour.scope),
        *("--assignee", robot["client_id"]),
    )
    taken, words = pulled()
    assert not taken
    assert "unauthorized" in words
    assert f"`{robot['display_name']}`" in words
