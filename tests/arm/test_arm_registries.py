"""Several registries by the resource manager: made, shown, changed and deleted at their ids."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from tests.arm.asking import ARM, Asking, asking, owner_of_all, scope_of
from tests.wire.governing import Robot, running

from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory

HOME = "demoregistry.harbour.test:8443"
SECOND = "secondregistry.harbour.test:8443"
NEW = {"location": "local", "sku": {"name": "Standard"}, "properties": {"adminUserEnabled": False}}


@dataclass(frozen=True)
class Server:
    """A server whose home registry has a login server from which others' names follow."""

    home: RegistryInMemory
    boss: Asking
    scope: str

    @property
    def group(self) -> str:
        """The home registry's resource group."""
        return self.scope.partition("/providers/")[0]

    @property
    def subscription(self) -> str:
        """The one subscription."""
        return self.scope.partition("/resourceGroups/")[0]

    def registry(self, name: str = "secondregistry", group: str | None = None) -> str:
        """A registry's id."""
        above = f"{self.subscription}/resourceGroups/{group}" if group else self.group
        return f"{above}/providers/Microsoft.ContainerRegistry/registries/{name}"


@asynccontextmanager
async def server() -> AsyncIterator[Server]:
    """A server with one registry."""
    async with running() as home:
        await home.manage("PATCH", "/registry", {"login_server": HOME})
        yield Server(home, await owner_of_all(home), await scope_of(home))


@in_loop
async def test_put_makes_a_registry_that_serves_under_its_own_host() -> None:
    """Its login server is its name before the suffix of the cloud; the home registry stays."""
    async with server() as found:
        made = await found.boss("PUT", found.registry(), NEW)
        assert (made.status, made.content["properties"]["loginServer"]) == (201, SECOND)
        again = await found.boss("PUT", found.registry(), NEW)
        assert (again.status, again.content) == (200, made.content)
        shown = await found.boss("GET", found.registry().upper().replace("/SUBSCR", "/subscr"))
        assert shown.content == made.content
        listed = await found.boss("GET", f"{found.group}/providers/{REGISTRIES}")
        assert [r["name"] for r in listed.content["value"]] == ["demoregistry", "secondregistry"]
        seen = await replace(found.home, host=SECOND).manage("GET", "/registry")
        assert seen["name"] == "secondregistry"
        home = await found.boss("GET", found.scope)
        assert home.content["properties"]["loginServer"] == HOME


REGISTRIES = "Microsoft.ContainerRegistry/registries"


@pytest.mark.parametrize("login_server", [SECOND, "images.other.test"])
@in_loop
async def test_a_server_is_one_cloud(login_server: str) -> None:
    """Each registry names the same addresses and the same suffix, whatever its login server."""
    async with server() as found:
        wanted = {"name": "secondregistry", "login_server": login_server}
        assert (await found.home.manage("POST", "/registries", wanted))["login_server"]
        told = [
            await replace(found.home, host=host).ask("GET", "/metadata/endpoints?api-version=2022")
            for host in (HOME, login_server)
        ]
        assert [answer.status for answer in told] == [200, 200]
        cloud, further = (json.loads(answer.body) for answer in told)
        assert cloud["resourceManager"] == f"http://{HOME}"
        assert cloud["suffixes"]["acrLoginServer"] == "harbour.test:8443"
        assert further == cloud


@in_loop
async def test_what_is_asked_at_one_id_is_done_to_that_registry_alone() -> None:
    """Settings, tokens, scope maps and the admin user, whatever host the request came to."""
    async with server() as found:
        second = found.registry()
        content = {**NEW, "properties": {"adminUserEnabled": True}}
        assert (await found.boss("PUT", second, content)).status == 201
        changed = await found.boss("PATCH", second, {"properties": {"anonymousPullEnabled": True}})
        assert changed.content["properties"]["anonymousPullEnabled"] is True
        for scope, expected in ((found.scope, False), (second, True)):
            properties = (await found.boss("GET", scope)).content["properties"]
            assert properties["anonymousPullEnabled"] is expected
            assert properties["adminUserEnabled"] is expected
        wanted = {"properties": {"actions": ["repositories/a/content/read"]}}
        assert (await found.boss("PUT", f"{second}/scopeMaps/mine-map", wanted)).status == 200
        bound = {"properties": {"scopeMapId": f"{second}/scopeMaps/mine-map"}}
        assert (await found.boss("PUT", f"{second}/tokens/robot", bound)).status == 200
        asked = {"tokenId": f"{second}/tokens/robot"}
        made = await found.boss("POST", f"{second}/generateCredentials", asked)
        assert made.content["username"] == "robot"
        renewed = await found.boss("POST", f"{second}/regenerateCredential", {"name": "password"})
        assert renewed.content["username"] == "secondregistry"
        for kind, one in (("tokens", "robot"), ("scopeMaps", "mine-map")):
            assert (await found.boss("GET", f"{second}/{kind}/{one}")).status == 200
            assert (await found.boss("GET", f"{found.scope}/{kind}/{one}")).status == 404
        refused = await found.boss("POST", f"{found.scope}/generateCredentials", asked)
        assert refused.status == 404
        usages = (await found.boss("GET", f"{second}/listUsages")).content["value"]
        assert {u["name"]: u["currentValue"] for u in usages}["Tokens"] == 1


@in_loop
async def test_delete() -> None:
    """A registry goes with what stands at it; going again is no failure; the first one stays."""
    async with server() as found:
        second = found.registry()
        await found.boss("PUT", second, NEW)
        robot = await Robot.make(found.home, "robot")
        await robot.given("Reader", scope=second)
        assert (await found.boss("DELETE", second)).status == 200
        assert (await found.boss("DELETE", second)).status == 204
        assert (await found.boss("GET", second)).status == 404
        refused = await found.boss("DELETE", found.scope)
        assert refused.status == 400
        assert "home registry" in refused.message
        listed = await found.home.manage("GET", "/role-assignments")
        assert second not in {a["scope"] for a in listed}


@in_loop
async def test_groups_are_made_and_hold_registries() -> None:
    """A registry needs its group; an empty group goes, one that holds a registry stays."""
    async with server() as found:
        there = found.registry("dockregistry", "dock")
        refused = await found.boss("PUT", there, NEW)
        assert (refused.status, refused.code) == (404, "ResourceGroupNotFound")
        group = f"{found.subscription}/resourcegroups/dock"
        assert (await found.boss("GET", group)).status == 404
        made = await found.boss("PUT", group, {"location": "westeurope"})
        assert (made.status, made.content["name"]) == (201, "dock")
        assert (await found.boss("PUT", group, {"location": "local"})).status == 200
        assert (await found.boss("PUT", there, NEW)).content["id"] == there
        listed = await found.boss("GET", f"{group}/providers/{REGISTRIES}")
        assert [r["id"] for r in listed.content["value"]] == [there]
        groups = await found.boss("GET", f"{found.subscription}/resourcegroups")
        assert [g["name"] for g in groups.content["value"]] == ["berth", "dock"]
        refused = await found.boss("DELETE", group)
        assert "dockregistry" in refused.message
        await found.boss("DELETE", there)
        assert (await found.boss("DELETE", group)).status == 200
        assert (await found.boss("GET", group)).status == 404
        assert (await found.boss("DELETE", group)).status == 204


@in_loop
async def test_roles_of_a_group_make_and_delete_within_it_alone() -> None:
    """Contributor at a group may there, and sees nothing of the registry in another one."""
    async with server() as found:
        await found.boss("PUT", f"{found.subscription}/resourcegroups/dock", {"location": "local"})
        robot = await Robot.make(found.home, "robot")
        await robot.given("Contributor", scope=f"{found.subscription}/resourceGroups/dock")
        asks = await asking(found.home, robot, ARM)
        here, there = found.registry("dockregistry", "dock"), found.registry()
        assert (await asks("PUT", here, NEW)).status == 201
        assert (await asks("PUT", there, NEW)).status == 403
        assert (await asks("GET", found.scope)).status == 403
        listed = await asks("GET", f"{found.subscription}/providers/{REGISTRIES}")
        assert [r["name"] for r in listed.content["value"]] == ["dockregistry"]
        assert (await asks("DELETE", found.scope)).status == 403
        assert (await asks("DELETE", here)).status == 200


@pytest.mark.parametrize(
    ("name", "available", "reason"),
    [
        ("elsewhere", True, None),
        ("secondregistry", False, "AlreadyExists"),
        ("DEMOregistry", False, "AlreadyExists"),
        ("no", False, "Invalid"),
        ("not-a-name", False, "Invalid"),
        # Nobody learns here who signs in.
        ("owner", True, None),
    ],
)
@in_loop
async def test_check_name(name: str, available: bool, reason: str | None) -> None:  # noqa: FBT001
    """A free name is one that no registry of this server has."""
    async with server() as found:
        await found.boss("PUT", found.registry(), NEW)
        address = (
            f"{found.subscription}/providers/Microsoft.ContainerRegistry/checkNameAvailability"
        )
        answer = await found.boss("POST", address, {"name": name, "type": REGISTRIES})
        assert answer.content["nameAvailable"] is available
        assert answer.content.get("reason") == reason


@pytest.mark.parametrize("login_server", ["images.harbour.test", "localhost:5000"])
@in_loop
async def test_where_no_name_follows_another_way_is_told(login_server: str) -> None:
    """A login server without the name gives no suffix; the command that helps is told."""
    async with server() as found:
        await found.home.manage("PATCH", "/registry", {"login_server": login_server})
        refused = await found.boss("PUT", found.registry(), NEW)
        assert refused.status == 400
        assert "pratique registry create secondregistry --login-server HOST" in refused.message


@pytest.mark.parametrize(
    "content",
    [
        {**NEW, "sku": {"name": "Gold"}},
        {**NEW, "tags": {"a": "b"}},
        {**NEW, "properties": {"zoneRedundancy": "Enabled"}},
    ],
)
@in_loop
async def test_what_cannot_be_makes_nothing(content: dict[str, object]) -> None:
    """A registry that would not be as it was asked for is not made."""
    async with server() as found:
        assert (await found.boss("PUT", found.registry(), content)).status == 400
        assert (await found.boss("GET", found.registry())).status == 404
