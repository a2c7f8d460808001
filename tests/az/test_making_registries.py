"""`az acr create` and `delete`: registries beside the first one, under names of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.az.azure_cli import Az
from tests.az.harbour import Harbour
from tests.clients.images import build_image

pytestmark = [pytest.mark.live, pytest.mark.clients]

SECOND = ("--name", "second")


@pytest.fixture(scope="module")
def second(boss: Az) -> Iterator[dict[str, Any]]:
    """A registry that az made, as az shows it."""
    group = ("--resource-group", "pratique")
    made = boss("acr", "create", *SECOND, *group, "--sku", "Standard")
    yield made
    boss("acr", "delete", *SECOND, "--yes")


def test_create(harbour: Harbour, boss: Az, second: dict[str, Any]) -> None:
    """Its login server follows from its name; it is listed, shown, and its name is taken."""
    assert second["loginServer"] == harbour.login_server.replace("pratique.", "second.", 1)
    assert second["provisioningState"] == "Succeeded"
    assert {"pratique", "second"} <= {r["name"] for r in boss("acr", "list")}
    assert boss("acr", "show", *SECOND)["id"] == second["id"]
    assert boss("acr", "check-name", *SECOND)["reason"] == "AlreadyExists"


def test_sign_in_push_and_pull(harbour: Harbour, boss: Az, second: dict[str, Any]) -> None:
    """`az acr login` gets in, and what is pushed there is there alone."""
    done = boss.say("acr", "login", *SECOND)
    assert (done.code, done.out) == (0, "Login Succeeded!\n"), done.err
    there, here = second["loginServer"], harbour.login_server
    harbour.push(boss, "only-here", "v1")
    image = harbour.folder / "second.tar"
    pulled = boss.beside(
        *("skopeo", "copy", "--quiet", f"docker://{here}/only-here:v1", f"oci-archive:{image}"),
        *("--src-creds", ":".join(harbour.server.owner)),
    )
    assert pulled.code == 0, pulled.err
    pushed = boss.beside("podman", "pull", "--quiet", f"oci-archive:{image}")
    assert pushed.code == 0, pushed.err
    done = boss.beside("podman", "push", pushed.out.split()[-1], f"docker://{there}/app:v1")
    assert done.code == 0, done.err
    assert boss("acr", "repository", "list", *SECOND) == ["app"]
    tags = boss("acr", "repository", "show-tags", *SECOND, "--repository", "app")
    assert tags == ["v1"]
    assert "app" not in boss("acr", "repository", "list", "--name", "pratique")
    pulled = boss.beside("podman", "pull", "--quiet", f"{there}/app:v1")
    assert pulled.code == 0, pulled.err


def test_settings_tokens_and_roles(harbour: Harbour, boss: Az, second: dict[str, Any]) -> None:
    """What is changed by its name is changed of it alone."""
    boss("acr", "update", *SECOND, "--anonymous-pull-enabled", "true")
    assert boss("acr", "show", "--name", "pratique")["anonymousPullEnabled"] is False
    boss("acr", "update", *SECOND, "--anonymous-pull-enabled", "false")
    made = boss(
        *("acr", "token", "create", "--registry", "second", "--name", "robot-there"),
        *("--scope-map", "_repositories_pull"),
    )
    assert made["id"].startswith(second["id"])
    listed = boss("acr", "token", "list", "--registry", "pratique")
    assert "robot-there" not in {t["name"] for t in listed}
    robot = harbour.robot("reader-of-second")
    boss(
        *("role", "assignment", "create", "--role", "Reader", "--scope", second["id"]),
        *("--assignee-object-id", robot["object_id"], "--assignee-principal-type"),
        "ServicePrincipal",
    )
    az = harbour.signed_in(robot["client_id"], robot["secret"])
    assert [r["name"] for r in az("acr", "list")] == ["second"]
    token = az("acr", "login", *SECOND, "--expose-token")
    assert token["loginServer"] == second["loginServer"]
    assert az.say("acr", "login", "--name", "pratique", "--expose-token").code != 0


def test_groups(boss: Az) -> None:
    """A group is made, holds a registry, and goes when it is empty."""
    boss("group", "create", "--name", "dock", "--location", "local")
    boss("acr", "create", "--name", "dock1", "--resource-group", "dock", "--sku", "Basic")
    assert [r["name"] for r in boss("acr", "list", "--resource-group", "dock")] == ["dock1"]
    assert {g["name"] for g in boss("group", "list")} == {"pratique", "dock"}
    assert "dock1" in boss.refused("group", "delete", "--name", "dock", "--yes")
    boss("acr", "delete", "--name", "dock1", "--resource-group", "dock", "--yes")
    boss("group", "delete", "--name", "dock", "--yes")
    assert boss("group", "exists", "--name", "dock") is False


def test_delete(harbour: Harbour, boss: Az) -> None:
    """It goes with everything at it, and what it held is collected."""
    third = ("--name", "third")
    made = boss("acr", "create", *third, "--resource-group", "pratique", "--sku", "Premium")
    owner = ":".join(harbour.server.owner)
    archive = build_image("third").write_oci_archive(harbour.folder / "third.tar", "i:latest")
    pushed = boss.beside(
        *("skopeo", "copy", "--quiet", "--dest-creds", owner),
        *(f"oci-archive:{archive}", f"docker://{made['loginServer']}/app:v1"),
    )
    assert pushed.code == 0, pushed.err
    robot = harbour.robot("at-third")
    harbour.server.pratique(
        *("role", "assign", "AcrPull", "--to", robot["object_id"], "--scope", made["id"])
    )
    boss("acr", "delete", *third, "--yes")
    assert "third" not in {r["name"] for r in boss("acr", "list")}
    assert boss.say("acr", "show", *third).code != 0
    held = harbour.server.pratique("role", "list", "--principal", robot["object_id"])
    assert held == []
    assert harbour.server.pratique("gc", "--dry-run")["repositories"] == 1
    assert harbour.server.pratique("gc")["repositories"] == 1
    assert boss("acr", "check-name", *third)["nameAvailable"] is True
