"""The resource manager on the wire: envelopes, versions, paths, lists, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.arm.asking import ARM, GRAPH, asking, owner_of_all, scope_of, tenant_of
from tests.wire.governing import PULLS, Robot, running

from pratique.http.arm import lists
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import HOST, RegistryInMemory, bearer, header

AUTHORIZATION = "/providers/Microsoft.Authorization"
DEEP: list[Any] = []
for _ in range(300):
    DEEP = [DEEP]
GUID = "11111111-2222-4333-8444-555555555555"
PULL = PULLS["AcrPull"]
ROLE = {"properties": {"roleName": "r", "permissions": [{}], "assignableScopes": ["/"]}}


def assignment(robot: Robot, role: str = PULL, **more: Any) -> dict[str, Any]:
    """The body of a role assignment."""
    role_id = f"/subscriptions/any{AUTHORIZATION}/roleDefinitions/{role}"
    return {"properties": {"roleDefinitionId": role_id, "principalId": robot.object_id, **more}}


@in_loop
async def test_cloud_document() -> None:
    """Everybody may read where everything is; every place is this server."""
    async with running() as registry:
        answer = await registry.ask("GET", "/metadata/endpoints?api-version=2022-09-01")
        tenant = await tenant_of(registry)
    found = json.loads(answer.body)
    assert answer.status == 200
    assert found["resourceManager"] == found["authentication"]["loginEndpoint"] == f"http://{HOST}"
    assert found["authentication"]["audiences"] == [f"http://{HOST}/"]
    assert found["authentication"]["tenant"] == tenant
    assert found["microsoftGraphResourceId"] == f"http://{HOST}/"


@pytest.mark.parametrize(
    ("login_server", "suffix"),
    [
        ("demoregistry.harbour.test", "harbour.test"),
        ("DemoRegistry.harbour.test:8443", "harbour.test:8443"),
        ("images.harbour.test", "images.harbour.test"),
        ("localhost:5000", "localhost:5000"),
    ],
)
@in_loop
async def test_suffix_of_login_servers(login_server: str, suffix: str) -> None:
    """What follows the registry's name in its login server; else the whole of it."""
    async with running() as registry:
        await registry.manage("PATCH", "/registry", {"login_server": login_server})
        answer = await registry.ask("GET", "/metadata/endpoints?api-version=2022-09-01")
    assert json.loads(answer.body)["suffixes"]["acrLoginServer"] == suffix


@in_loop
async def test_a_name_that_a_client_made_up_is_not_the_cloud() -> None:
    """With a login server set, another `Host` changes nothing of what the server says it is."""
    async with running() as registry:
        await registry.manage("PATCH", "/registry", {"login_server": "demoregistry.harbour.test"})
        registry.host = "evil.test"
        answer = await registry.ask("GET", "/metadata/endpoints?api-version=2022-09-01")
    assert "evil" not in answer.body.decode()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/subscriptions?x=1", None, 400, "MissingApiVersionParameter"),
        ("GET", "/subscriptions?api-version=latest", None, 400, "InvalidApiVersionParameter"),
        (
            "GET",
            "/subscriptions/{S}/providers/Microsoft.Compute",
            None,
            404,
            "InvalidResourceNamespace",
        ),
        ("GET", "{R}/webhooks", None, 404, "InvalidResourceType"),
        ("GET", "/subscriptions/elsewhere", None, 404, "SubscriptionNotFound"),
        ("GET", "/subscriptions/{S}/resourceGroups/other", None, 404, "ResourceGroupNotFound"),
        ("GET", "/subscriptions/a b", None, 400, "InvalidResourceName"),
        ("GET", "{R}x", None, 404, "ResourceNotFound"),
        ("GET", "{R}/tokens/absent", None, 404, "ResourceNotFound"),
        ("PATCH", "{R}/tokens/absent", {"properties": {}}, 404, "ResourceNotFound"),
        ("POST", "{R}", {}, 405, "MethodNotAllowed"),
        ("PATCH", "{R}", [], 400, "InvalidRequestContent"),
        ("PATCH", "{R}", {"properties": {"adminUserEnabled": "yes"}}, 400, "InvalidRequestContent"),
        ("PATCH", "{R}", {"properties": {"roleAssignmentMode": 1}}, 400, "InvalidRequestContent"),
        ("PATCH", "{R}", {"properties": {"roleAssignmentMode": []}}, 400, "InvalidRequestContent"),
        ("PATCH", "{R}", {"sku": {"name": []}}, 400, "InvalidRequestContent"),
        ("PATCH", "{R}", {"sku": {"name": "Basic"}}, 400, "BadRequest"),
        ("PATCH", "{R}", {"tags": {"a": "b"}}, 400, "BadRequest"),
        ("PATCH", "{R}", {"identity": {"type": "SystemAssigned"}}, 400, "BadRequest"),
        ("PATCH", "{R}", {"properties": {"policies": []}}, 200, None),
        ("PATCH", "{R}", {"properties": {"policies": [1]}}, 400, "InvalidRequestContent"),
        (
            "PATCH",
            "{R}",
            {"properties": {"policies": {"exportPolicy": 1}}},
            400,
            "InvalidRequestContent",
        ),
        ("PATCH", "{R}", {"properties": {"made": "up"}}, 400, "BadRequest"),
        ("PATCH", "{R}", {"properties": {"made": DEEP}}, 400, "BadRequest"),
        (
            "PATCH",
            "{R}",
            {"properties": {"adminUserEnabled": True}, "x": "y" * 300_000},
            413,
            "RequestEntityTooLarge",
        ),
        ("PUT", "{R}/tokens/ci-token", {"properties": {}}, 400, "BadRequest"),
        (
            "PUT",
            "{R}/scopeMaps/ci-map",
            {"properties": {"actions": ["nonsense"]}},
            400,
            "InvalidResourceName",
        ),
        (
            "PUT",
            "{R}/scopeMaps/_repositories_pull",
            {"properties": {"actions": []}},
            400,
            "BadRequest",
        ),
        ("DELETE", "{R}/scopeMaps/absent", None, 204, None),
        ("DELETE", "{R}/tokens/absent", None, 204, None),
        (
            "POST",
            "{R}/generateCredentials",
            {"tokenId": "absent", "expiry": "2026-01-01T00:00:00"},
            400,
            "InvalidRequestContent",
        ),
        ("POST", "{R}/listCredentials", None, 409, "AdminUserDisabled"),
        (
            "GET",
            "{R}{A}/roleAssignments?api-version=2022-04-01&$filter=nonsense",
            None,
            400,
            "InvalidFilterInQueryString",
        ),
        (
            "GET",
            "{R}{A}/roleAssignments?api-version=2022-04-01&$skiptoken=x",
            None,
            400,
            "InvalidRequestContent",
        ),
        (
            "PUT",
            "{R}{A}/roleAssignments/no-guid",
            {"properties": {"roleDefinitionId": PULL, "principalId": "owner"}},
            400,
            "BadRequest",
        ),
        ("PUT", "{R}{A}/roleDefinitions/no-guid", ROLE, 400, "BadRequest"),
        ("PUT", "{R}{A}/roleDefinitions/no-guid", {"properties": {}}, 400, "InvalidRequestContent"),
        ("DELETE", "{R}{A}/roleAssignments/" + GUID, None, 204, None),
        ("DELETE", "{R}{A}/roleDefinitions/" + GUID, None, 204, None),
        ("DELETE", "{R}{A}/roleDefinitions/" + PULL, None, 400, "BadRequest"),
        ("GET", "/providers/Microsoft.Storage/storageAccounts", None, 404, "InvalidResourceType"),
    ],
)
@in_loop
async def test_requests_that_make_no_sense(
    method: str, path: str, body: Any, status: int, code: str | None
) -> None:
    """Each is told in the one envelope, with a status and a code that clients know."""
    async with running() as registry:
        ask, scope = await owner_of_all(registry), await scope_of(registry)
        names = {"{R}": scope, "{S}": scope.split("/")[2], "{A}": AUTHORIZATION}
        for name, value in names.items():
            path = path.replace(name, value)
        answer = await ask(method, path, body)
    assert answer.status == status
    if code is not None:
        assert (answer.code, bool(answer.message)) == (code, True), answer.message


@in_loop
async def test_paths_in_any_case_and_with_slashes_too_many() -> None:
    """Clients differ in how they write a path; it is one resource."""
    async with running() as registry:
        ask, scope = await owner_of_all(registry), await scope_of(registry)
        for path in (scope.upper(), scope.lower(), f"/{scope}", f"{scope}/"):
            answer = await ask("GET", path)
            assert (answer.status, answer.content["id"]) == (200, scope)


@in_loop
async def test_what_was_read_can_be_sent_back() -> None:
    """A whole resource as it was read changes nothing and is refused by nothing."""
    async with running() as registry:
        ask, scope = await owner_of_all(registry), await scope_of(registry)
        before = (await ask("GET", scope)).content
        for method in ("PUT", "PATCH"):
            answer = await ask(method, scope, before)
            assert (answer.status, answer.content) == (200, before)


@in_loop
async def test_role_assignments_are_idempotent() -> None:
    """The same again is no fault; under another id it is there already; nothing moves."""
    async with running() as registry:
        ask, scope = await owner_of_all(registry), await scope_of(registry)
        robot, other = await Robot.make(registry, "robot"), await Robot.make(registry, "other")
        at = f"{scope}{AUTHORIZATION}/roleAssignments"
        made = await ask("PUT", f"{at}/{GUID.upper()}", assignment(robot))
        again = await ask("PUT", f"{at}/{GUID}", assignment(robot))
        assert (made.status, made.content["name"]) == (201, GUID)
        assert again.content == made.content
        second = await ask("PUT", f"{at}/{GUID[:-1]}6", assignment(robot))
        assert (second.status, second.code) == (409, "RoleAssignmentExists")
        for moved in (assignment(other), assignment(robot, PULLS["AcrPull"][:-1] + "e")):
            assert (await ask("PUT", f"{at}/{GUID}", moved)).status in {400, 404}
        condition = (
            "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'a')"
        )
        changed = await ask("PUT", f"{at}/{GUID}", assignment(robot, condition=condition))
        assert changed.content["properties"]["condition"] == condition
        described = await ask("PUT", f"{at}/{GUID}", assignment(robot, description="why"))
        assert described.content["properties"]["description"] == "why"
        [listed] = [
            each
            for each in await registry.manage("GET", "/role-assignments")
            if each["assignment_id"] == GUID
        ]
        assert (listed["description"], listed["condition"]) == ("why", None)
        whole = await ask("PUT", f"{at}/{GUID}", assignment(robot))
        assert whole.content["properties"]["description"] is None
        for unfit in ("a\nb", "x" * 2049):
            refused = await ask("PUT", f"{at}/{GUID}", assignment(robot, description=unfit))
            assert refused.status == 400
        elsewhere = await ask("DELETE", f"{AUTHORIZATION}/roleAssignments/{GUID}")
        assert elsewhere.status == 204
        assert (await ask("GET", f"{at}/{GUID}")).status == 200
        gone = await ask("DELETE", f"{at}/{GUID}")
        assert (gone.status, gone.content["name"]) == (200, GUID)
        assert (await ask("DELETE", f"{at}/{GUID}")).status == 204


def denial(name: str, *principals: str, excluded: tuple[str, ...] = (), **more: Any) -> Any:
    """The body of a deny assignment, as az sends it."""
    properties = {
        "denyAssignmentName": name,
        "description": "",
        "permissions": [
            {
                "actions": ["Microsoft.ContainerRegistry/registries/push/write"],
                "notActions": [],
                "dataActions": [],
                "notDataActions": [],
            }
        ],
        "principals": [{"id": each, "type": "ServicePrincipal"} for each in principals],
        "excludePrincipals": [{"id": each, "type": "User"} for each in excluded],
        "isSystemProtected": False,
    }
    return {"properties": {**properties, **more}}


@in_loop
async def test_deny_assignments_are_idempotent() -> None:
    """The same again changes nothing; it can be changed, found, and taken away twice."""
    async with running() as registry:
        ask, scope = await owner_of_all(registry), await scope_of(registry)
        robot = await Robot.make(registry, "robot", "AcrPush")
        at = f"{scope}{AUTHORIZATION}/denyAssignments"
        made = await ask("PUT", f"{at}/{GUID.upper()}", denial("no pushes", robot.object_id))
        assert (made.status, made.content["name"]) == (201, GUID)
        again = await ask("PUT", f"{at}/{GUID}", denial("no pushes", robot.object_id))
        assert again.content == made.content
        [kept] = await registry.manage("GET", "/deny-assignments")
        assert kept["actions"] == ["Microsoft.ContainerRegistry/registries/push/write"]
        changed = await ask(
            "PUT", f"{at}/{GUID}", denial("none", robot.object_id, description="why")
        )
        properties = changed.content["properties"]
        assert (properties["denyAssignmentName"], properties["description"]) == ("none", "why")
        assert (await ask("GET", f"{at}/{GUID}")).content == changed.content
        same_name = await ask("PUT", f"{at}/{GUID[:-1]}6", denial("NONE", robot.object_id))
        assert same_name.status == 409
        above = f"{AUTHORIZATION}/denyAssignments/{GUID}"
        assert (await ask("PUT", above, denial("none", robot.object_id))).status == 400
        assert (await ask("DELETE", above)).status == 204
        assert (await ask("DELETE", f"{at}/{GUID}")).status == 200
        assert (await ask("DELETE", f"{at}/{GUID}")).status == 204
        assert await registry.manage("GET", "/deny-assignments") == []


@in_loop
async def test_deny_assignments_that_are_refused() -> None:
    """No id, two sets of permissions, Azure's protection, nobody, and all without exception."""
    async with running() as registry:
        ask, scope = await owner_of_all(registry), await scope_of(registry)
        robot = await Robot.make(registry, "robot")
        at = f"{scope}{AUTHORIZATION}/denyAssignments"
        nil = "00000000-0000-0000-0000-000000000000"
        two = [{"actions": ["*/write"]}, {"actions": ["*/delete"]}]
        for place, body in (
            ("name", denial("n", robot.object_id)),
            (GUID, denial("n", robot.object_id, permissions=two)),
            (GUID, denial("n", robot.object_id, isSystemProtected=True)),
            (GUID, denial("n")),
            (GUID, denial("n", nil)),
            (GUID, denial("n", nil, robot.object_id, excluded=(robot.object_id,))),
        ):
            assert (await ask("PUT", f"{at}/{place}", body)).status == 400, body
        assert await registry.manage("GET", "/deny-assignments") == []
        everybody = await ask("PUT", f"{at}/{GUID}", denial("n", nil, excluded=(robot.object_id,)))
        assert everybody.status == 201
        assert everybody.content["properties"]["principals"] == [
            {"id": nil, "type": "SystemDefined"}
        ]


@in_loop
async def test_a_right_below_does_not_reach_above() -> None:
    """Who may assign roles at the registry may not do so at its subscription, nor delete there."""
    async with running() as registry:
        scope = await scope_of(registry)
        robot = await Robot.make(registry, "robot", "User Access Administrator")
        ask = await asking(registry, robot)
        above = scope.partition("/resourceGroups")[0]
        for place in (above, ""):
            path = f"{place}{AUTHORIZATION}/roleAssignments/{GUID}"
            assert (await ask("PUT", path, assignment(robot))).code == "AuthorizationFailed"
        every = await registry.manage("GET", "/role-assignments")
        [held] = [a for a in every if a["scope"] == "/"]
        path = f"{scope}{AUTHORIZATION}/roleAssignments/{held['assignment_id']}"
        assert (await ask("DELETE", path)).status == 204
        assert held in await registry.manage("GET", "/role-assignments")


@in_loop
async def test_a_custom_role_is_asked_for_wherever_it_could_be_assigned() -> None:
    """A right at the registry makes no role for the whole subscription."""
    async with running() as registry:
        scope = await scope_of(registry)
        robot = await Robot.make(registry, "robot", "User Access Administrator")
        ask = await asking(registry, robot)
        properties = {
            "roleName": "Wide",
            "permissions": [{"actions": ["*"]}],
            "assignableScopes": [scope.partition("/resourceGroups")[0]],
        }
        path = f"{scope}{AUTHORIZATION}/roleDefinitions/{GUID}"
        refused = await ask("PUT", path, {"properties": properties})
        assert refused.code == "AuthorizationFailed"
        made = await ask("PUT", path, {"properties": {**properties, "assignableScopes": [scope]}})
        assert (made.status, made.content["properties"]["type"]) == (201, "CustomRole")


@in_loop
async def test_whoever_may_not_read_learns_nothing_of_what_is_there() -> None:
    """A registry that is there and one that is not are refused alike, and lists leave it out."""
    async with running() as registry:
        ask = await asking(registry, await Robot.make(registry, "robot"))
        scope = await scope_of(registry)
        subscription = scope.partition("/resourceGroups")[0]
        there, absent = await ask("GET", scope), await ask("GET", f"{scope}x")
        assert (there.status, absent.status) == (403, 403)
        assert there.code == absent.code == "AuthorizationFailed"
        assert (await ask("GET", "/subscriptions")).content == {"value": []}
        assert (await ask("GET", subscription)).code == "SubscriptionNotFound"
        for place in (subscription, f"/subscriptions/{await tenant_of(registry)}"):
            assert (await ask("GET", f"{place}/resources")).content == {"value": []}
        held = await ask("GET", f"{scope}{AUTHORIZATION}/permissions")
        assert held.content == {"value": []}


@in_loop
async def test_a_refusal_is_recorded_with_its_reasoning() -> None:
    """The message has the id under which the operator finds why."""
    async with running() as registry:
        ask = await asking(registry, await Robot.make(registry, "robot", "Reader"))
        scope = await scope_of(registry)
        answer = await ask("PATCH", scope, {"properties": {"adminUserEnabled": True}})
        decision = answer.message.rpartition("Decision: ")[2]
        told = await registry.manage("GET", f"/decisions/{decision}")
    assert told["permission"] == "Microsoft.ContainerRegistry/registries/write"


@pytest.mark.parametrize("what", ["secret", "principal", "disabled"])
@in_loop
async def test_revocation_is_immediate(what: str) -> None:
    """A token dies with its secret and with its principal, and with the next request."""
    async with running() as registry:
        robot = await Robot.make(registry, "robot", "Reader")
        ask, path = await asking(registry, robot), f"/service-principals/{robot.client_id}"
        assert (await ask("GET", await scope_of(registry))).status == 200
        if what == "secret":
            [secret] = (await registry.manage("GET", path))["secrets"]
            await registry.manage("DELETE", f"{path}/secrets/{secret['secret_id']}")
        elif what == "principal":
            await registry.manage("DELETE", path)
        else:
            await registry.manage("POST", f"{path}/disable")
        answer = await ask("GET", await scope_of(registry))
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationToken")


@in_loop
async def test_a_challenge_says_where_tokens_are_had() -> None:
    """Nobody is told the authority, and nothing else."""
    async with running() as registry:
        answer = await registry.ask("GET", "/subscriptions?api-version=2022-12-01")
        tenant = await tenant_of(registry)
    told = header(answer, "www-authenticate") or ""
    assert told.startswith(f'Bearer authorization_uri="http://{HOST}/{tenant}"')


@in_loop
async def test_lists_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page has the absolute address of the next, and the last has none."""
    monkeypatch.setattr(lists, "PAGE", 2)
    async with running() as registry:
        ask = await owner_of_all(registry, GRAPH)
        for number in range(4):
            await Robot.make(registry, f"robot {number}")
        address, names = "/v1.0/servicePrincipals?$filter=startswith(displayName,'robot')", []
        pages = 0
        while address:
            content = (await ask("GET", address)).content
            names += [p["displayName"] for p in content["value"]]
            address = content.get("@odata.nextLink", "").removeprefix(f"http://{HOST}")
            pages += 1
    assert (names, pages) == ([f"robot {number}" for number in range(4)], 2)


async def _ids(registry: RegistryInMemory, robot: Robot, *asked: Robot) -> list[str]:
    ask = await asking(registry, robot, GRAPH)
    body = {"ids": [a.object_id for a in asked], "types": ["servicePrincipal"]}
    found = await ask("POST", "/v1.0/directoryObjects/getByIds", body)
    return [o["displayName"] for o in found.content["value"]]


@in_loop
async def test_names_are_told_to_whoever_may_know_them() -> None:
    """Everybody knows themselves; who may read role assignments knows who holds some."""
    async with running() as registry:
        holder = await Robot.make(registry, "holder", "AcrPull")
        idle = await Robot.make(registry, "idle")
        reader = await Robot.make(registry, "reader", "Reader")
        assert await _ids(registry, idle, idle, holder) == ["idle"]
        assert await _ids(registry, reader, idle, holder) == ["holder"]
        boss = await Robot.make(registry, "boss")
        await boss.given("Owner", scope="/")
        assert await _ids(registry, boss, idle, holder) == ["idle", "holder"]


@in_loop
async def test_secrets_of_hosts_are_not_an_application_s() -> None:
    """Of a managed identity Graph shows no secrets, gives it none and takes none away."""
    async with running() as registry:
        made = await registry.manage("POST", "/managed-identities", {"name": "runner"})
        await registry.manage(
            "POST", f"/managed-identities/{made['client_id']}/hosts", {"host": "h"}
        )
        ask = await owner_of_all(registry, GRAPH)
        path = f"/v1.0/servicePrincipals/{made['object_id']}"
        shown = (await ask("GET", path)).content
        assert (shown["passwordCredentials"], shown["servicePrincipalType"]) == (
            [],
            "ManagedIdentity",
        )
        assert (await ask("POST", f"{path}/addPassword", {})).status == 400
        assert (await ask("POST", f"{path}/removePassword", {"keyId": GUID})).status == 404
        assert (await ask("GET", f"/v1.0/applications/{made['object_id']}")).status == 404


@in_loop
async def test_tokens_for_the_server_s_own_name_are_taken() -> None:
    """As az asks for them, which knows the cloud document and nothing else."""
    async with running() as registry:
        registry.scheme = "https"
        robot = await Robot.make(registry, "robot", "Reader")
        for resource in (f"https://{HOST}", f"https://{HOST}/", ARM):
            ask = await asking(registry, robot, resource)
            assert (await ask("GET", await scope_of(registry))).status == 200


@in_loop
async def test_a_body_that_goes_too_deep_is_refused() -> None:
    """Brackets without end are no request, and no failure of the server."""
    async with running() as registry:
        ask, scope = await owner_of_all(registry), await scope_of(registry)
        deep = b'{"properties":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
        answer = await registry.ask(
            "PATCH",
            f"{scope}?api-version=2025-11-01",
            headers={"authorization": bearer(ask.token), "content-type": "application/json"},
            body=deep,
        )
    assert answer.status == 400
