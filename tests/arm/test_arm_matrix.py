"""Every row of the resource manager and of Graph by kinds of caller; closed by default."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from tests.arm.asking import ACR, ARM, GRAPH, scope_of, token_of
from tests.wire.governing import Robot, running

from pratique.http.arm.routes import Route
from pratique.http.arm.table import ROUTES
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import OWNER, RegistryInMemory, basic, bearer

_REGISTRIES = "Microsoft.ContainerRegistry/registries"
_AUTHORIZATION = "Microsoft.Authorization"
OPEN = frozenset({""})
REGISTRY_READS = frozenset(
    {
        f"{_REGISTRIES}/read",
        *(f"{_REGISTRIES}/{kind}/read" for kind in ("tokens", "scopeMaps", "replications")),
        f"{_REGISTRIES}/listUsages/read",
        *(
            f"{_AUTHORIZATION}/{kind}/read"
            for kind in ("roleAssignments", "roleDefinitions", "denyAssignments")
        ),
    }
)
REGISTRY_WRITES = frozenset(
    {
        *(f"{_REGISTRIES}/write", f"{_REGISTRIES}/delete"),
        *(f"{_REGISTRIES}/{kind}/write" for kind in ("tokens", "scopeMaps")),
        *(f"{_REGISTRIES}/{kind}/delete" for kind in ("tokens", "scopeMaps")),
        *(f"{_REGISTRIES}/{verb}Credential/action" for verb in ("regenerate",)),
        *(f"{_REGISTRIES}/{verb}Credentials/action" for verb in ("list", "generate")),
        f"{_REGISTRIES}/importImage/action",
    }
)
ASSIGNMENT_WRITES = frozenset(
    f"{_AUTHORIZATION}/roleAssignments/{verb}" for verb in ("write", "delete")
)
DEFINITION_WRITES = frozenset(
    f"{_AUTHORIZATION}/roleDefinitions/{verb}" for verb in ("write", "delete")
)
DENIAL_WRITES = frozenset(
    f"{_AUTHORIZATION}/denyAssignments/{verb}" for verb in ("write", "delete")
)
BEYOND = frozenset(
    {
        *("Microsoft.Resources/subscriptions/resourceGroups/read",),
        *("Microsoft.Resources/subscriptions/resourceGroups/write",),
        *("Microsoft.Resources/subscriptions/resourceGroups/delete",),
        *(
            f"{_AUTHORIZATION}/directory/servicePrincipals/{verb}"
            for verb in ("read", "write", "delete")
        ),
        *(f"{_AUTHORIZATION}/directory/users/{verb}" for verb in ("read", "write", "delete")),
        f"{_AUTHORIZATION}/directory/groups/read",
    }
)
"""What stands above the registry."""
AT_THE_REGISTRY = REGISTRY_READS | (
    REGISTRY_WRITES | ASSIGNMENT_WRITES | DEFINITION_WRITES | DENIAL_WRITES
)
ALL = OPEN | AT_THE_REGISTRY | BEYOND

Headers = Callable[[RegistryInMemory, Route], Awaitable[dict[str, str]]]
ROLES: dict[str, frozenset[str]] = {
    "": OPEN,
    "AcrPush": OPEN,
    "Reader": OPEN | REGISTRY_READS,
    "Contributor": OPEN | REGISTRY_READS | REGISTRY_WRITES,
    "User Access Administrator": (
        OPEN | REGISTRY_READS | ASSIGNMENT_WRITES | DEFINITION_WRITES | DENIAL_WRITES
    ),
    "Role Based Access Control Administrator": OPEN | REGISTRY_READS | ASSIGNMENT_WRITES,
    "Owner": OPEN | AT_THE_REGISTRY,
}
_PARTS = {"registry": "demoregistry", "group": "berth", "provider": "Microsoft.ContainerRegistry"}


async def _walk(registry: RegistryInMemory, headers_for: Headers) -> dict[str, tuple[str, int]]:
    """Permission and status of every row, asked with bodies that no operation takes."""
    scope = await scope_of(registry)
    parts = {**_PARTS, "scope": scope, "subscription": scope.split("/")[2]}
    found = {}
    for number, route in enumerate(ROUTES):
        registry.client = f"192.0.2.{number}"
        path = re.sub(r"<(\w+)>", lambda m: parts.get(m.group(1), "absent"), route.template)
        answer = await registry.ask(
            route.method,
            path if route.graph else f"{path}?api-version=2022-04-01",
            headers={"content-type": "application/json", **await headers_for(registry, route)},
            body=b'["nonsense"]',
        )
        found[f"{route.method} {route.template}"] = (route.permission, answer.status)
    return found


def _by_tokens(tokens: dict[bool, str]) -> Headers:
    async def headers(_registry: RegistryInMemory, route: Route) -> dict[str, str]:
        return {"authorization": bearer(tokens[route.graph])}

    return headers


@pytest.mark.parametrize("role", ROLES)
@in_loop
async def test_every_row_admits_whom_the_table_says(role: str) -> None:
    """A role at the registry opens what it carries there, and nothing of the directory above."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot", *([role] if role else []))
        tokens = {g: await token_of(registry, robot, GRAPH if g else ARM) for g in (True, False)}
        found = await _walk(registry, _by_tokens(tokens))
    wrong = {
        row: status
        for row, (permission, status) in found.items()
        if (status == 403) == (permission in ROLES[role]) or status in {401, 500}
    }
    assert wrong == {}


@in_loop
async def test_the_owner_of_everything_is_admitted_everywhere() -> None:
    """The role Owner at `/` opens every row."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot")
        await robot.given("Owner", scope="/")
        tokens = {g: await token_of(registry, robot, GRAPH if g else ARM) for g in (True, False)}
        found = await _walk(registry, _by_tokens(tokens))
    assert {row: s for row, (_, s) in found.items() if s in {401, 403} or s >= 500} == {}


async def _nobody(_registry: RegistryInMemory, _route: Route) -> dict[str, str]:
    return {}


async def _by_password(_registry: RegistryInMemory, _route: Route) -> dict[str, str]:
    return {"authorization": basic(*OWNER)}


async def _by_access_token(registry: RegistryInMemory, _route: Route) -> dict[str, str]:
    token = await registry.token(OWNER, "repository:app:*", "registry:catalog:*")
    return {"authorization": bearer(token)}


async def _by_other_words(_registry: RegistryInMemory, _route: Route) -> dict[str, str]:
    return {"authorization": "Negotiate abc"}


@pytest.mark.parametrize("headers", [_nobody, _by_password, _by_access_token, _by_other_words])
@in_loop
async def test_only_tokens_of_the_directory_prove_anybody(headers: Headers) -> None:
    """Nothing, a password and a token of the registry open not one row."""
    async with running() as registry:
        found = await _walk(registry, headers)
    assert {status for _, status in found.values()} == {401}


@pytest.mark.parametrize(("for_arm", "for_graph"), [(GRAPH, ARM), (ACR, ACR)])
@in_loop
async def test_tokens_are_for_what_they_were_made(for_arm: str, for_graph: str) -> None:
    """A token for Graph opens nothing of the resource manager, nor the other way round."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot")
        await robot.given("Owner", scope="/")
        tokens = {
            False: await token_of(registry, robot, for_arm),
            True: await token_of(registry, robot, for_graph),
        }
        found = await _walk(registry, _by_tokens(tokens))
    assert {status for _, status in found.values()} == {401}


def test_the_table_knows_every_permission() -> None:
    """A row with a new permission fails this test until the table says who holds it."""
    assert {route.permission for route in ROUTES} == ALL
