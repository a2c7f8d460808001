"""The law at work over HTTP: delegation with conditions, denials, the clock, roles, attributes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.wire.governing import (
    ADMITTED,
    PULLS,
    READER,
    REGISTRIES,
    REPOSITORY_NAME,
    Robot,
    check,
    manifest_of,
    running,
)

from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory, bearer

_ABOUT = "Microsoft.Authorization/roleAssignments"
_WRITES, _DELETES = f"{_ABOUT}/write", f"{_ABOUT}/delete"
_ROLES = f"{{{', '.join(PULLS.values())}}}"


def _only(source: str, permission: str) -> str:
    """A block that lets `permission` be used for the two roles and service principals only."""
    return (
        f"((!(ActionMatches{{'{permission}'}})) OR "
        f"(@{source}[{_ABOUT}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {_ROLES} AND "
        f"@{source}[{_ABOUT}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase "
        "{'ServicePrincipal'}))"
    )


DELEGATED = f"{_only('Request', _WRITES)} AND {_only('Resource', _DELETES)}"


async def _delegate(registry: RegistryInMemory) -> Robot:
    """One who may give two roles to service principals, and take them away, and no more."""
    delegate = await Robot.make(registry, "delegate")
    role = "Role Based Access Control Administrator"
    made = await delegate.given(role, condition=DELEGATED)
    assert made["condition"] == DELEGATED
    return delegate


async def _assigns(delegate: Robot, role: str, principal: str, **more: Any) -> tuple[int, str]:
    content = {"role": role, "principal": principal, **more}
    status, answer = await delegate.calls("POST", "/role-assignments", content)
    return status, answer["errors"][0]["message"] if status >= 300 else answer["role"]


async def _unassigns(delegate: Robot, role: str, principal: str) -> tuple[int, str]:
    query = urlencode({"role": role, "principal": principal})
    status, answer = await delegate.calls("DELETE", f"/role-assignments?{query}")
    return status, answer["errors"][0]["message"] if status >= 300 else answer["role"]


async def _people(registry: RegistryInMemory) -> None:
    """A service principal, a user and a group to give roles to."""
    await Robot.make(registry, "robot")
    await registry.manage("POST", "/users", {"username": "ada"})
    await registry.manage("POST", "/groups", {"name": "crew"})


_REFUSED = (
    "`delegate` does not have the permission `{permission}` on `{scope}`: it has the role `Role "
    "Based Access Control Administrator` under a condition that is not met here, visit "
)


@in_loop
async def test_a_delegate_assigns_what_its_condition_lets_it() -> None:
    """The two roles, by name or id, to service principals, here only; nothing else is written."""
    async with running() as registry:
        delegate = await _delegate(registry)
        await _people(registry)
        here = (await registry.manage("GET", "/registry"))["id"]
        before = await registry.manage("GET", "/role-assignments")
        for role, principal in [
            *((role, "robot") for role in ("Owner", "AcrPush", "User Access Administrator")),
            *((role, who) for role in PULLS for who in ("ada", "crew")),
            ("Role Based Access Control Administrator", "delegate"),
        ]:
            status, words = await _assigns(delegate, role, principal)
            assert status == 403
            assert words.startswith(_REFUSED.format(permission=_WRITES, scope=here))
        for above in ("/", here.rpartition("/providers/")[0]):
            assert (await _assigns(delegate, "AcrPull", "robot", scope=above))[0] == 403
        assert await registry.manage("GET", "/role-assignments") == before
        assert await _assigns(delegate, "acrpull", "robot") == (201, "AcrPull")
        assert await _assigns(delegate, PULLS[READER], "robot") == (201, READER)
        replaced = {"when_present": "replace", "condition": f"{REPOSITORY_NAME} StringLike 'a'"}
        assert await _assigns(delegate, "AcrPull", "robot", **replaced) == (201, "AcrPull")


@in_loop
async def test_a_delegate_takes_away_what_its_condition_lets_it() -> None:
    """The two roles, from service principals; everybody else keeps theirs."""
    async with running() as registry:
        delegate = await _delegate(registry)
        await _people(registry)
        here = (await registry.manage("GET", "/registry"))["id"]
        for principal in ("robot", "ada", "crew"):
            for role in ("AcrPull", "AcrPush"):
                wanted = {"role": role, "principal": principal}
                await registry.manage("POST", "/role-assignments", wanted)
        for role, principal in (
            *(("AcrPush", "robot"), ("AcrPull", "ada"), ("AcrPull", "crew"), ("AcrPush", "ada")),
            ("Role Based Access Control Administrator", "delegate"),
        ):
            status, words = await _unassigns(delegate, role, principal)
            assert status == 403
            assert words.startswith(_REFUSED.format(permission=_DELETES, scope=here))
        assert await _unassigns(delegate, "AcrPull", "robot") == (200, "AcrPull")
        assert (await _unassigns(delegate, "AcrPull", "robot"))[0] == 404
        left = await registry.manage("GET", "/role-assignments")
        assert len(left) == 2 + 5


@in_loop
async def test_a_delegate_is_judged_alike_when_it_names_an_assignment_by_its_id() -> None:
    """What it may not take away by role and name, it may not by id either, wherever it stands."""
    async with running() as registry:
        delegate = await _delegate(registry)
        await _people(registry)
        for role, principal, scope in (
            *(("AcrPull", "robot", ""), ("AcrPush", "robot", ""), ("AcrPull", "ada", "")),
            ("AcrPull", "robot", "/"),
        ):
            wanted = {"role": role, "principal": principal} | ({"scope": scope} if scope else {})
            await registry.manage("POST", "/role-assignments", wanted)
        found = {}
        for held in await registry.manage("GET", "/role-assignments"):
            named = (held["role"], held["principal"], held["scope"] == "/")
            address = f"/role-assignments/{held['assignment_id'].upper()}"
            found[named] = (await delegate.calls("DELETE", address))[0]
        assert found.pop(("AcrPull", "robot", False)) == 200
        assert len(found) == 5
        assert set(found.values()) == {403}


@in_loop
async def test_a_delegate_has_no_other_power() -> None:
    """Neither roles, nor deny assignments, nor the directory, nor more for itself."""
    async with running() as registry:
        delegate = await _delegate(registry)
        await _people(registry)
        role = {"name": "Pilot", "actions": ["*"]}
        denial = {"name": "none", "actions": ["*"], "principals": ["owner"]}
        for method, address, content in (
            ("POST", "/role-definitions", role),
            ("POST", "/deny-assignments", denial),
            ("POST", "/users", {"username": "eve"}),
            ("POST", "/groups/crew/members", {"principal": "delegate"}),
            ("PUT", "/principals/delegate/attributes/Eng_Team", {"values": ["red"]}),
            ("PATCH", "/registry", {"anonymous_pull": True}),
        ):
            assert (await delegate.calls(method, address, content))[0] == 403


@in_loop
async def test_a_denial_of_some_roles_leaves_the_others() -> None:
    """A deny assignment whose condition names a role stops that one only."""
    async with running() as registry:
        governor = await Robot.make(registry, "governor", "User Access Administrator")
        await _people(registry)
        owner_role = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
        denial = {
            "name": "no owners",
            "actions": [_WRITES],
            "principals": ["governor"],
            "condition": f"@Request[{_ABOUT}:RoleDefinitionId] GuidEquals {owner_role}",
        }
        await registry.manage("POST", "/deny-assignments", denial)
        assert (await _assigns(governor, "Owner", "robot"))[0] == 403
        assert (await _assigns(governor, "AcrPull", "robot"))[0] == 201


_AUTHORIZATION = "Microsoft.Authorization"


@in_loop
async def test_roles_from_above_are_not_written_from_below() -> None:
    """Who may write role definitions at the registry may write those of the registry only."""
    async with running() as registry:
        here = (await registry.manage("GET", "/registry"))["id"]
        above = here.rpartition("/providers/")[0]
        for name, scopes in (("Above", [above]), ("Both", [above, here]), ("Here", [here])):
            content = {"name": name, "actions": ["*/read"], "assignable_scopes": scopes}
            await registry.manage("POST", "/role-definitions", content)
        governor = await Robot.make(registry, "governor")
        await governor.may(f"{_AUTHORIZATION}/roleDefinitions/*")
        before = await registry.manage("GET", "/role-definitions")

        async def puts(name: str, *scopes: str) -> int:
            content = {"name": name, "actions": ["*"], "assignable_scopes": scopes}
            return (await governor.calls("PUT", f"/role-definitions/{name}", content))[0]

        for name in ("Above", "Both"):
            assert [await puts(name, *s) for s in ((), (here,), (above,))] == [403] * 3
            assert (await governor.calls("DELETE", f"/role-definitions/{name}"))[0] == 403
        for scopes in ([above], ["/"], [here, above]):
            content = {"name": "New", "actions": ["*"], "assignable_scopes": scopes}
            assert (await governor.calls("POST", "/role-definitions", content))[0] == 403
            assert await puts("Here", *scopes) == 403
        assert await registry.manage("GET", "/role-definitions") == before
        assert await puts("Here", here.replace("resourceGroups", "RESOURCEGROUPS")) == 200
        assert (await governor.calls("DELETE", "/role-definitions/Here"))[0] == 200
        # The right to write roles is not the right to assign them.
        assert (await _assigns(governor, "Owner", "governor"))[0] == 403


@in_loop
async def test_denials_from_above_are_not_lifted_from_below() -> None:
    """Who may write deny assignments at the registry may write those of the registry only."""
    async with running() as registry:
        here = (await registry.manage("GET", "/registry"))["id"]
        above = here.rpartition("/providers/")[0]
        governor = await Robot.make(registry, "governor", "AcrPull")
        await governor.may(f"{_AUTHORIZATION}/denyAssignments/*")
        denial = {"actions": [f"{REGISTRIES}pull/read"], "principals": ["governor"]}
        await registry.manage("POST", "/deny-assignments", {"name": "up", "scope": above, **denial})
        await registry.manage("POST", "/deny-assignments", {"name": "down", **denial})
        excluding = {"exclude": ["governor"]}
        for scope in (above, "/"):
            content = {"name": "new", "scope": scope, **denial}
            assert (await governor.calls("POST", "/deny-assignments", content))[0] == 403
        assert (await governor.calls("PATCH", "/deny-assignments/up", excluding))[0] == 403
        assert (await governor.calls("DELETE", "/deny-assignments/up"))[0] == 403
        assert (await governor.calls("PATCH", "/deny-assignments/down", excluding))[0] == 200
        assert (await governor.calls("DELETE", "/deny-assignments/down"))[0] == 200
        assert await governor.pulls("team/app") == 403


@in_loop
async def test_a_denial_counts_from_the_next_request() -> None:
    """For who was served a moment ago, on the data plane and at the token endpoint; and back."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot", "AcrPush")
        await registry.manage("POST", "/groups", {"name": "crew"})
        await registry.manage("POST", "/groups/crew/members", {"principal": "robot"})
        token = await robot.bearer("team/app", "pull,push")
        shown = (robot.headers, token)
        assert [await robot.pulls("team/app", h) for h in (*shown, *shown)] == [ADMITTED] * 4
        content = {"name": "stop", "actions": [f"{REGISTRIES}pull/read"], "principals": ["crew"]}
        await registry.manage("POST", "/deny-assignments", content)
        assert [await robot.pulls("team/app", h) for h in shown] == [403, 403]
        said = await manifest_of(registry, "team/app", token)
        assert b"a deny assignment refuses it, whatever its roles grant" in bytes(said.body)
        # What is not denied goes on, and the token says no more than what is left.
        credentials = (robot.client_id, robot.secret)
        narrowed = bearer(await registry.token(credentials, "repository:team/app:pull,push"))
        headers = {"authorization": narrowed}
        opened = await registry.ask("POST", "/v2/team/app/blobs/uploads/", headers=headers)
        assert opened.status == 202
        assert await robot.pulls("team/app", headers) == 403
        excluding = {"exclude": ["robot"]}
        await registry.manage("PATCH", "/deny-assignments/stop", excluding)
        assert await robot.pulls("team/app", token) == ADMITTED
        await registry.manage("PATCH", "/deny-assignments/stop", {"include": ["robot"]})
        assert await robot.pulls("team/app", token) == 403
        await registry.manage("DELETE", "/deny-assignments/stop")
        assert await robot.pulls("team/app", token) == ADMITTED


@in_loop
async def test_a_denial_of_every_push_is_told_by_the_token_endpoint() -> None:
    """A push that the law refuses wholly is refused there, since its HEAD could not say why."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot", "AcrPush")
        content = {"name": "stop", "actions": [f"{REGISTRIES}*"], "principals": ["robot"]}
        await registry.manage("POST", "/deny-assignments", content)
        address = "/oauth2/token?scope=repository:team/app:pull,push"
        answer = await registry.ask("GET", address, headers=robot.headers)
        assert answer.status == 401
        assert b"a deny assignment refuses it" in bytes(answer.body)


async def _until(registry: RegistryInMemory, minutes: int) -> str:
    """The moment in so many minutes, as conditions write it."""
    return f"{registry.clock() + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S.0Z}"


@in_loop
async def test_a_grant_ends_when_its_hour_has_come() -> None:
    """The very request that was served twice before is refused, though nobody changed the law."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot")
        end = await _until(registry, 10)
        await robot.given("AcrPull", condition=f"@Environment[UtcNow] DateTimeLessThan '{end}'")
        token = await robot.bearer("team/app")
        version = registry.ledger.version()
        registry.clock.advance(timedelta(minutes=9, seconds=59))
        assert [await robot.pulls("team/app", token) for _ in range(3)] == [ADMITTED] * 3
        registry.clock.advance(timedelta(seconds=1))
        assert await robot.pulls("team/app", token) == 403
        assert registry.ledger.version() == version
        assert (await check(registry, "robot", "pull", "team/app"))["reason"] == "condition-not-met"


@pytest.mark.parametrize(
    "opened",
    [
        False,
        True,
    ],
)
@in_loop
async def test_a_denial_begins_when_its_hour_has_come(opened: bool) -> None:  # noqa: FBT001
    """Whether a role or anonymous pull let the request in before."""
    async with running() as registry:
        await registry.manage("PATCH", "/registry", {"anonymous_pull": opened})
        robot = await Robot.make(registry, "robot", *(() if opened else ("AcrPull",)))
        begin = await _until(registry, 10)
        denial = {
            "name": "curfew",
            "actions": [f"{REGISTRIES}pull/read"],
            "principals": ["robot"],
            "condition": f"@Environment[UtcNow] DateTimeGreaterThanEquals '{begin}'",
        }
        await registry.manage("POST", "/deny-assignments", denial)
        token = await robot.bearer("team/app")
        assert [await robot.pulls("team/app", token) for _ in range(2)] == [ADMITTED] * 2
        registry.clock.advance(timedelta(minutes=10))
        assert await robot.pulls("team/app", token) == 403


@in_loop
async def test_a_custom_role_counts_from_the_next_request() -> None:
    """When it is given, changed into one that lacks the right, and changed back."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot")
        content = {"name": "Pilot", "actions": [f"{REGISTRIES}PULL/*"]}
        made = await registry.manage("POST", "/role-definitions", content)
        await robot.given("pilot")
        token = await robot.bearer("team/app")
        assert [await robot.pulls("team/app", token) for _ in range(2)] == [ADMITTED] * 2
        less = {**content, "not_actions": ["*/READ"]}
        changed = await registry.manage("PUT", f"/role-definitions/{made['role_id']}", less)
        assert changed["permissions"][0]["not_actions"] == ["*/READ"]
        assert await robot.pulls("team/app", token) == 403
        await registry.manage("PUT", "/role-definitions/Pilot", {**content, "name": "Captain"})
        assert await robot.pulls("team/app", token) == ADMITTED
        found = await check(registry, "robot", "pull", "team/app")
        assert found["sentence"] == "the role `Captain` grants it"


@in_loop
async def test_an_attribute_of_the_caller_decides_with_the_next_request() -> None:
    """One assignment to a group lets each member into the repositories of their own team."""
    async with running() as registry:
        await registry.manage("PATCH", "/registry", {"role_mode": "abac"})
        await registry.manage("POST", "/groups", {"name": "crew"})
        attribute = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Eng_Repositories]"
        condition = f"{REPOSITORY_NAME} ForAnyOfAnyValues:StringLike {attribute}"
        wanted = {"role": READER, "principal": "crew", "condition": condition}
        await registry.manage("POST", "/role-assignments", wanted)
        robots = {}
        for name, values in (("red", ["red/*", "base"]), ("blue", ["blue/*"]), ("grey", [])):
            robots[name] = await Robot.make(registry, name)
            await registry.manage("POST", "/groups/crew/members", {"principal": name})
            if values:
                address = f"/principals/{name}/attributes/Eng_Repositories"
                await registry.manage("PUT", address, {"values": values})
        places = ("red/app", "blue/app", "base")
        found = {n: [await r.pulls(place) for place in places] for n, r in robots.items()}
        assert found == {"red": [404, 403, 404], "blue": [403, 404, 403], "grey": [403, 403, 403]}
        token = await robots["red"].bearer("base")
        assert await robots["red"].pulls("base", token) == ADMITTED
        await registry.manage("DELETE", "/principals/red/attributes/ENG_repositories")
        assert await robots["red"].pulls("base", token) == 403
        failed = (await check(registry, "red", "pull", "base"))["consulted"][0]
        assert failed["outcome"] in {"condition-false", "condition-unknown"}
