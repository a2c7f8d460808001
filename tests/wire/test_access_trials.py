"""Trials of changes and remedies, over HTTP: what is told of them is what doing them does."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.wire.governing import (
    READER,
    REGISTRIES,
    REPOSITORY_NAME,
    Robot,
    check,
    push,
    running,
    type_in,
    who_can,
)

from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory

_DIFFERENCE = {
    *("name", "kind", "object_id", "gains", "action", "permission", "resources"),
    *("more_resources", "examples", "why", "before"),
}
_READS_THE_LAW = "Microsoft.Authorization/*/read"


_ACTIONS = ("pull", "push", "delete", "metadata_read", "metadata_write")
_PLACES = ("base", "team/app", "team/web")


async def harbour(registry: RegistryInMemory) -> dict[str, str]:
    """A law in which each rule counts for somebody; ids of what changes may name."""
    for repository in _PLACES:
        await push(registry, repository)
    puller = await Robot.make(registry, "puller")
    assignment = await puller.given("AcrPull")
    pusher = await Robot.make(registry, "pusher")
    for group in ("crew", "fleet"):
        await registry.manage("POST", "/groups", {"name": group})
    await registry.manage("POST", "/groups/crew/members", {"principal": "pusher"})
    await registry.manage("POST", "/groups/fleet/members", {"principal": "crew"})
    await registry.manage("POST", "/role-assignments", {"role": "AcrPush", "principal": "fleet"})
    reader = await Robot.make(registry, "reader")
    await reader.given(READER, condition=f"{REPOSITORY_NAME} StringLike 'team/*'")
    writer = await Robot.make(registry, "writer", "Container Registry Repository Writer")
    denial = {"name": "stop", "actions": [f"{REGISTRIES}push/write"], "principals": ["pusher"]}
    await registry.manage("POST", "/deny-assignments", denial)
    await registry.manage(
        "POST",
        "/scope-maps",
        {"name": "team-map", "actions": ["repositories/team/*/content/read"]},
    )
    await registry.manage("POST", "/tokens", {"name": "leaf-token", "scope_map": "team-map"})
    return {
        "assignment": assignment["assignment_id"],
        "puller": puller.client_id,
        "pusher": pusher.client_id,
        "writer": writer.client_id,
        "crew": "crew",
    }


def _with(ids: dict[str, str], change: Any) -> Any:
    """The change with ids for the names that stand for them."""
    text = json.dumps(change)
    for name, value in ids.items():
        text = text.replace(f"<{name}>", value)
    return json.loads(text)


_SP, _ROLES, _DENY = "/service-principals", "/role-assignments", "/deny-assignments"
_DENIAL = {"name": "none", "actions": ["*"], "everyone": True, "excluded": ["<puller>"]}
_TEAM = {"role": READER, "principal": "<pusher>", "repositories": ["team/*"]}
_LATE = {
    "role": "AcrPush",
    "principal": "<puller>",
    "condition": "@Environment[UtcNow] DateTimeLessThan '2026-01-05T09:00:00.0Z'",
}
_TRIALS: list[list[tuple[dict[str, Any], tuple[str, str, Any]]]] = [
    [({"remove": "<assignment>"}, ("DELETE", f"{_ROLES}?role=AcrPull&principal=<puller>", None))],
    [({"add": _LATE}, ("POST", _ROLES, _LATE))],
    [({"role_mode": "abac"}, ("PATCH", "/registry", {"role_mode": "abac"}))],
    [({"disable": "<puller>"}, ("POST", f"{_SP}/<puller>/disable", None))],
    [({"delete": "<pusher>"}, ("DELETE", f"{_SP}/<pusher>", None))],
    [({"delete": "<crew>"}, ("DELETE", "/groups/<crew>", None))],
    [({"anonymous_pull": True}, ("PATCH", "/registry", {"anonymous_pull": True}))],
    [({"admin_user": True}, ("POST", "/admin-user/enable", None))],
    [({"deny": _DENIAL}, ("POST", _DENY, _DENIAL))],
    [({"undeny": "STOP"}, ("DELETE", f"{_DENY}/stop", None))],
    [
        ({"role_mode": "abac"}, ("PATCH", "/registry", {"role_mode": "abac"})),
        ({"add": _TEAM}, ("POST", _ROLES, _TEAM)),
        ({"disable": "<writer>"}, ("POST", f"{_SP}/<writer>/disable", None)),
    ],
]  # fmt: skip


async def _everybody(registry: RegistryInMemory) -> set[tuple[str, str, str]]:
    """Who may do what where, as `who-can` says."""
    asked = [(action, place) for action in _ACTIONS for place in _PLACES]
    return {
        (holder["name"], action, place)
        for action, place in (*asked, ("catalog", "registry"))
        for holder in await who_can(registry, action, place)
    }


@pytest.mark.parametrize(
    "trial", _TRIALS, ids=lambda trial: "+".join(next(iter(c)) for c, _ in trial)
)
@in_loop
async def test_what_if_tells_what_doing_it_does(
    trial: list[tuple[dict[str, Any], tuple[str, str, Any]]],
) -> None:
    """Who gains and loses what, for everybody and all content; and nothing happens by asking."""
    async with running() as registry:
        ids = await harbour(registry)
        before, version = await _everybody(registry), registry.ledger.version()
        changes = {"changes": [_with(ids, change) for change, _ in trial]}
        told = await registry.manage("POST", "/access/what-if", changes)
        assert (await _everybody(registry), registry.ledger.version()) == (before, version)
        for _, (method, address, content) in trial:
            await registry.manage(method, _with(ids, address), _with(ids, content))
        after = await _everybody(registry)
    assert told.keys() == {"differences", "repositories_asked", "repositories_known"}
    assert told["repositories_known"] is True
    assert before != after
    found: dict[bool, set[tuple[str, str, str]]] = {True: set(), False: set()}
    for difference in told["differences"]:
        assert difference.keys() == _DIFFERENCE
        assert difference["more_resources"] == 0
        for place in difference["resources"]:
            for name in _PLACES if place == "*" else (place,):
                if name in {*_PLACES, "registry"} and "/" not in difference["action"]:
                    found[difference["gains"]].add((difference["name"], difference["action"], name))
    assert found == {True: after - before, False: before - after}


@in_loop
async def test_what_if_tells_of_power_over_others() -> None:
    """The right to assign roles is a difference too, with the rule that gives it."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot")
        added = {"role": "User Access Administrator", "principal": robot.client_id}
        told = await registry.manage("POST", "/access/what-if", {"changes": [{"add": added}]})
    power = "Microsoft.Authorization/roleAssignments/write"
    (found,) = [d for d in told["differences"] if d["action"] == power]
    assert (found["name"], found["gains"], found["resources"]) == ("robot", True, ["registry"])
    assert found["why"] == "the role `User Access Administrator` grants it"
    assert found["before"] == "no role is assigned to it"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([], "give 1 to 50 changes; these are 0"),
        ([{}], "a change to try is exactly one thing"),
        ([{"disable": "owner", "delete": "owner"}], "a change to try is exactly one thing"),
        ([{"admin_user": True}] * 51, "give 1 to 50 changes; these are 51"),
        ([{"disable": "crew"}], "is a group, which cannot be disabled"),
        ([{"role_mode": "acl"}], "Invalid enum value"),
        ([{"add": {"role": "AcrPull", "principal": "owner", "repositories": ["a"]}}], "two ways"),
        ([{"deny": {"name": "all", "actions": ["*"], "everyone": True}}], "at least one principal"),
    ],
)
@in_loop
async def test_a_trial_of_nonsense_is_told_so(changes: list[Any], words: str) -> None:
    """What could not be done cannot be tried either."""
    async with running() as registry:
        asker = await Robot.make(registry, "asker", "Reader")
        await registry.manage("POST", "/groups", {"name": "crew"})
        status, answer = await asker.calls("POST", "/access/what-if", {"changes": changes})
    assert status == 400
    assert words in answer["errors"][0]["message"]


@pytest.mark.parametrize("lists", [False, True])
@in_loop
async def test_what_if_does_not_reveal_repositories(lists: bool) -> None:  # noqa: FBT001
    """Who may read the law but not list the catalog learns of no repository by asking."""
    async with running() as registry:
        await push(registry, "hidden/app")
        await registry.manage("PATCH", "/registry", {"role_mode": "abac"})
        asker = await Robot.make(registry, "asker")
        await asker.may(_READS_THE_LAW)
        if lists:
            await asker.given("Container Registry Repository Catalog Lister")
        robot = await Robot.make(registry, "robot")
        bound = f"{REPOSITORY_NAME} StringNotEquals 'base'"
        added = {"role": READER, "principal": robot.client_id, "condition": bound}
        status, told = await asker.calls("POST", "/access/what-if", {"changes": [{"add": added}]})
    assert status == 200
    assert told["repositories_known"] is lists
    assert ("hidden/app" in json.dumps(told)) is lists
    assert {d["action"] for d in told["differences"]} == {"pull", "metadata_read"}


@in_loop
async def test_what_if_does_not_reveal_what_scope_maps_name() -> None:
    """Scope maps have a right of their own to be read."""
    async with running() as registry:
        await registry.manage("PATCH", "/registry", {"role_mode": "abac"})
        actions = ["repositories/hidden/app/content/read"]
        await registry.manage("POST", "/scope-maps", {"name": "hidden-map", "actions": actions})
        asker = await Robot.make(registry, "asker")
        await asker.may(_READS_THE_LAW)
        assert (await asker.calls("GET", "/scope-maps"))[0] == 403
        bound = f"{REPOSITORY_NAME} StringNotEquals 'base'"
        added = {"role": READER, "principal": asker.client_id, "condition": bound}
        _, told = await asker.calls("POST", "/access/what-if", {"changes": [{"add": added}]})
    assert "hidden/app" not in json.dumps(told)


Refusal = tuple[str, str, str]
Scene = Callable[[RegistryInMemory], Awaitable[Refusal]]


async def _no_role(registry: RegistryInMemory) -> Refusal:
    return (await Robot.make(registry, "robot")).object_id, "pull", "team/app"


async def _weak_role(registry: RegistryInMemory) -> Refusal:
    return (await Robot.make(registry, "robot", "AcrPull")).object_id, "delete", "team/app"


async def _abac(registry: RegistryInMemory) -> Refusal:
    robot = await Robot.make(registry, "robot", "AcrPull")
    await registry.manage("PATCH", "/registry", {"role_mode": "abac"})
    return robot.object_id, "push", "team/app"


async def _condition(registry: RegistryInMemory) -> Refusal:
    await registry.manage("PATCH", "/registry", {"role_mode": "abac"})
    robot = await Robot.make(registry, "robot")
    await robot.given(READER, condition=f"{REPOSITORY_NAME} StringEquals 'other'")
    return robot.object_id, "metadata_read", "team/app"


async def _denied(registry: RegistryInMemory) -> Refusal:
    robot = await Robot.make(registry, "robot")
    for number, named in enumerate((robot.object_id, "owner")):
        content = {"name": f"no {number}", "actions": ["*"], "principals": [named]}
        await registry.manage("POST", "/deny-assignments", content)
    everyone = {"name": "all", "actions": ["*/read"], "everyone": True, "excluded": ["owner"]}
    await registry.manage("POST", "/deny-assignments", everyone)
    return robot.object_id, "pull", "*"


async def _disabled(registry: RegistryInMemory) -> Refusal:
    await registry.manage("POST", "/users", {"username": "dana"})
    await registry.manage("POST", "/users/dana/disable")
    return "dana", "catalog", "registry"


async def _disabled_service(registry: RegistryInMemory) -> Refusal:
    robot = await Robot.make(registry, "robot", "AcrPull")
    await registry.manage("POST", f"/service-principals/{robot.client_id}/disable")
    return robot.object_id, "pull", "team/app"


async def _control(registry: RegistryInMemory) -> Refusal:
    robot = await Robot.make(registry, "robot", "AcrPush")
    return robot.object_id, "Microsoft.Authorization/directory/users/write", "/"


async def _system_map(registry: RegistryInMemory) -> Refusal:
    token = {"name": "ci-token", "scope_map": "_repositories_pull"}
    await registry.manage("POST", "/tokens", token)
    await registry.manage("POST", "/tokens/ci-token/disable")
    return "token:ci-token", "push", "team/app"


async def _own_map(registry: RegistryInMemory) -> Refusal:
    await registry.manage("POST", "/scope-maps", {"name": "own-map", "actions": []})
    await registry.manage("POST", "/tokens", {"name": "ci-token", "scope_map": "own-map"})
    return "token:CI-TOKEN", "metadata_write", "*"


async def _catalog_of_a_token(registry: RegistryInMemory) -> Refusal:
    await registry.manage(
        "POST", "/tokens", {"name": "ci-token", "scope_map": "_repositories_pull"}
    )
    return "token:ci-token", "catalog", "registry"


async def _admin(registry: RegistryInMemory) -> Refusal:
    del registry
    return "admin-user", "push", "team/app"


async def _group(registry: RegistryInMemory) -> Refusal:
    await registry.manage("POST", "/groups", {"name": "crew"})
    return "crew", "pull", "team/app"


_SCENES: tuple[Scene, ...] = (
    *(_no_role, _weak_role, _abac, _condition, _denied, _disabled, _disabled_service, _control),
    *(_system_map, _own_map, _catalog_of_a_token, _admin, _group),
)


@pytest.mark.parametrize("scene", _SCENES, ids=lambda scene: scene.__name__.strip("_"))
@in_loop
async def test_a_remedy_that_is_typed_helps(scene: Scene) -> None:
    """Each of them alone turns the refusal into leave, the narrowest by no more than was asked."""
    number, most = 0, 1
    while number < most:
        async with running() as registry:
            who, action, resource = await scene(registry)
            refused = await check(registry, who, action, resource)
            assert refused["allowed"] is False
            most = len(refused["remedies"])
            assert most
            await type_in(registry, refused["remedies"][number])
            assert (await check(registry, who, action, resource))["allowed"] is True
            if (
                number == 0
                and resource == "team/app"
                and refused["permission"].count("repositories/")
            ):
                assert (await check(registry, who, action, "base"))["allowed"] is False
        number += 1
