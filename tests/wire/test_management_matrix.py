"""Every route of the management API by kinds of caller, and a few bodies that make no sense."""

from __future__ import annotations

import json
import re

import pytest
from tests.wire.kinds import (
    Presenting,
    admin_user,
    bearer_of_a_disabled_token,
    nobody,
    owner,
    owner_by_bearer,
    refresh_token_as_password,
    service_principal_without_a_role,
    with_role,
    with_token_of,
    wrong_password,
)

from pratique.http.management import ROUTES, Route
from pratique.http.management.routes import AskedAt
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import OWNER, RegistryInMemory, basic

# Reading of what stands at the registry; the directory stands above it.
REGISTRY_READS = frozenset(
    {
        *("show_registry", "show_admin_user", "list_role_definitions", "list_role_assignments"),
        *("list_scope_maps", "list_tokens", "show_role_definition", "list_deny_assignments"),
        *("check_access", "list_who_can", "try_changes", "review_access", "explain_decision"),
        *("list_decisions", "list_audit_entries", "show_audit_head", "list_registries"),
        "show_network_rules",
    }
)
REGISTRY_WRITES = frozenset(
    {
        *("update_registry", "enable_admin_user", "disable_admin_user", "update_network_rules"),
        *("regenerate_admin_password", "create_scope_map", "update_scope_map"),
        *("delete_scope_map", "create_token", "new_token_password", "enable_token"),
        *("disable_token", "delete_token", "update_token", "prune_audit_log"),
        "delete_registry",
        *("create_import", "show_import"),
    }
)
# Asked above the registry, where a new one would stand.
GROUP_WRITES = frozenset({"create_registry"})
ASSIGNMENT_WRITES = frozenset({"assign_role", "unassign_role", "remove_role_assignment"})
ROLE_WRITES = ASSIGNMENT_WRITES | frozenset(
    {
        *("create_role_definition", "update_role_definition", "delete_role_definition"),
        *("create_deny_assignment", "update_deny_assignment", "delete_deny_assignment"),
    }
)
ALL = frozenset(route.name for route in ROUTES)

CALLERS: dict[str, tuple[Presenting, frozenset[str], int]] = {
    "nobody": (nobody, frozenset(), 401),
    "wrong password": (wrong_password, frozenset(), 401),
    "disabled token": (bearer_of_a_disabled_token, frozenset(), 401),
    "owner": (owner, ALL, 403),
    "refresh token as password": (refresh_token_as_password, ALL, 403),
    "access token": (owner_by_bearer, frozenset(), 403),
    "no role": (service_principal_without_a_role, frozenset(), 403),
    "AcrPush": (with_role("AcrPush"), frozenset(), 403),
    "Reader": (with_role("Reader"), REGISTRY_READS, 403),
    "Contributor": (with_role("Contributor"), REGISTRY_READS | REGISTRY_WRITES, 403),
    "User Access Administrator": (
        with_role("User Access Administrator"),
        REGISTRY_READS | ROLE_WRITES,
        403,
    ),
    "Role Based Access Control Administrator": (
        with_role("Role Based Access Control Administrator"),
        REGISTRY_READS | ASSIGNMENT_WRITES,
        403,
    ),
    "admin user": (admin_user, frozenset(), 403),
    "repository token": (with_token_of("_repositories_admin"), frozenset(), 403),
}


def address_of(route: Route) -> str:
    """A path of the route, with names that nobody has."""
    return re.sub(r"<\w+>", "absent", route.template)


@pytest.mark.parametrize("name", CALLERS)
@in_loop
async def test_every_route_admits_whom_the_table_says(name: str) -> None:
    """Whoever may gets past the gate, to be told that the request makes no sense; others do not."""
    present, admitted, refused_with = CALLERS[name]
    registry = await RegistryInMemory.start()
    try:
        headers = {"content-type": "application/json", **await present(registry)}
        wrong = []
        for number, route in enumerate(ROUTES):
            registry.client = f"192.0.2.{number}"
            # A body that no operation takes: nothing is made while the matrix is walked.
            answer = await registry.ask(
                route.method, address_of(route), headers=headers, body=b'{"nonsense": 1}'
            )
            turned_away = answer.status in {401, 403}
            expected = route.name not in admitted
            if turned_away != expected or (turned_away and answer.status != refused_with):
                wrong.append((route.name, answer.status))
    finally:
        registry.stop()
    assert wrong == []


def test_the_table_knows_every_route() -> None:
    """A new route at the registry fails this test until the table says who may use it."""
    at_the_registry = {route.name for route in ROUTES if route.asked_at is not AskedAt.DIRECTORY}
    assert at_the_registry == (REGISTRY_READS | REGISTRY_WRITES | ROLE_WRITES | GROUP_WRITES)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "text/plain"}, b'{"username": "eve"}', 400),
        ({"content-type": "application/json"}, b"{", 400),
        ({"content-type": "application/json"}, b'{"username": 1}', 400),
        ({"content-type": "application/json"}, b'{"username": "a:b"}', 400),
        ({"content-type": "application/json"}, b'{"username": "owner"}', 409),
        ({"content-type": "application/json"}, b'{"username": "eve", "password": "short"}', 400),
        ({"content-type": "application/json"}, b"[" * 100_000, 400),
    ],
)
@in_loop
async def test_a_body_that_makes_no_sense_is_refused_with_words(
    headers: dict[str, str], body: bytes, status: int
) -> None:
    """The answer is one error of the table, and nobody was made."""
    registry = await RegistryInMemory.start()
    try:
        sent = {**headers, "authorization": basic(*OWNER)}
        answer = await registry.ask("POST", "/api/v1/users", headers=sent, body=body)
        users = await registry.manage("GET", "/users")
    finally:
        registry.stop()
    assert answer.status == status
    assert json.loads(answer.body)["errors"][0]["message"]
    assert [user["username"] for user in users] == ["owner"]
