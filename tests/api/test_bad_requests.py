"""What makes no sense is told in the envelope of its face, and never as a failure of the server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.arm.asking import GRAPH, asking, owner_of_all, scope_of, tenant_of
from tests.wire.governing import Robot, running

from pratique.http.wire.messages import Response
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import OWNER, RegistryInMemory, basic, bearer

JSON = {"content-type": "application/json"}
DEEP = b'{"name": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}"
BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "a field of the wrong type": b'{"name": 1, "properties": 1, "displayName": 1}',
    "no UTF-8": b'{"name": "\xff", "displayName": "\xff", "properties": {}}',
    "half a character": b'{"name": "\\ud800", "displayName": "\\ud800", "properties": {}}',
    "a name twice": b'{"name": "a", "name": "b", "displayName": "a", "displayName": "b",'
    b' "properties": {}, "properties": {}}',
    "no number": b'{"name": NaN, "displayName": Infinity, "properties": NaN}',
    "a number beyond all": b'{"name": 1e999, "displayName": 1e999, "properties": 1e999}',
    "a very long number": b'{"name": "a", "displayName": "a", "x": ' + b"9" * 5000 + b"}",
    "deep nesting": DEEP,
    "too deep where anything is taken": b'{"properties": {"made": '
    + b"[" * 50_000
    + b"]" * 50_000
    + b"}}",
}


def code_of(answer: Response, face: str) -> str:
    """The code of a failure, in the envelope that its face has."""
    content = json.loads(answer.body)
    error: dict[str, Any] = content["errors"][0] if face == "management" else content["error"]
    assert set(error) >= {"code", "message"}
    assert error["message"]
    assert "Traceback" not in answer.body.decode()
    return str(error["code"])


async def _at(registry: RegistryInMemory, face: str) -> tuple[str, str, dict[str, str]]:
    """Method, address and headers of a request that takes a body."""
    if face == "management":
        return "POST", "/api/v1/groups", {"authorization": basic(*OWNER)}
    robot = await Robot.make(registry, "all-rights")
    at_all = {"role": "Owner", "principal": robot.object_id, "scope": "/"}
    await registry.manage("POST", "/role-assignments", at_all)
    if face == "Graph":
        ask = await asking(registry, robot, GRAPH)
        return "POST", "/v1.0/applications", {"authorization": bearer(ask.token)}
    ask = await asking(registry, robot)
    address = f"{await scope_of(registry)}?api-version=2022-04-01"
    return "PATCH", address, {"authorization": bearer(ask.token)}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("face", ["management", "resource manager", "Graph"])
@in_loop
async def test_bodies_that_make_no_sense(face: str, body: str) -> None:
    """400 with words, from every face alike."""
    async with running() as registry:
        method, address, headers = await _at(registry, face)
        answer = await registry.ask(method, address, headers={**JSON, **headers}, body=BODIES[body])
    assert answer.status == 400
    expected = "BAD_REQUEST" if face == "management" else "InvalidRequestContent"
    assert code_of(answer, face) == expected


@pytest.mark.parametrize("kind", ["", "text/plain", "application/xml", "application/jsonx"])
@pytest.mark.parametrize("face", ["management", "resource manager", "Graph"])
@in_loop
async def test_bodies_of_another_type(face: str, kind: str) -> None:
    """Only JSON is read, so that no page of another site can send a change."""
    async with running() as registry:
        method, address, headers = await _at(registry, face)
        sent = {"content-type": kind, **headers} if kind else headers
        answer = await registry.ask(method, address, headers=sent, body=b"{}")
    assert answer.status == 400
    code_of(answer, face)


@pytest.mark.parametrize("face", ["management", "resource manager", "Graph"])
@in_loop
async def test_bodies_that_are_too_large(face: str) -> None:
    """413, told by what was announced, before it is read."""
    async with running() as registry:
        method, address, headers = await _at(registry, face)
        body = b'{"name": "' + b"a" * 2**20 + b'"}'
        answer = await registry.ask(method, address, headers={**JSON, **headers}, body=body)
    assert answer.status == 413
    expected = "SIZE_INVALID" if face == "management" else "RequestEntityTooLarge"
    assert code_of(answer, face) == expected


@pytest.mark.parametrize("face", ["management", "resource manager", "Graph"])
@in_loop
async def test_other_methods(face: str) -> None:
    """405 with the methods that there are."""
    async with running() as registry:
        _, address, headers = await _at(registry, face)
        answer = await registry.ask("TRACE", address, headers=headers)
    assert answer.status == 405
    expected = "UNSUPPORTED" if face == "management" else "MethodNotAllowed"
    assert code_of(answer, face) == expected
    allow = dict(answer.headers)["allow"].split(", ")
    assert set(allow) <= {"GET", "POST", "PUT", "PATCH", "DELETE"}
    assert allow


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("TRACE", "/metadata/endpoints", 405, "MethodNotAllowed"),
        (
            "GET",
            "/0/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01",
            400,
            "InvalidResourceName",
        ),
        (
            "GET",
            "/0/providers/Microsoft.Compute/virtualMachines?api-version=2022-04-01",
            404,
            "InvalidResourceType",
        ),
    ],
)
@in_loop
async def test_addresses_that_schemathesis_found(
    method: str, address: str, status: int, code: str
) -> None:
    """The cloud document is read alone; a scope that is none has Azure's envelope."""
    async with running() as registry:
        _, _, headers = await _at(registry, "resource manager")
        answer = await registry.ask(method, address, headers=headers)
    assert (answer.status, code_of(answer, "resource manager")) == (status, code)
    assert ("allow" in dict(answer.headers)) == (status == 405)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/users?x=1", "`x` is no parameter of this address; it takes none"),
        ("/role-assignments?principal=a&principal=b", "`principal` is given twice"),
        ("/role-assignments?principal=", "`principal` is empty"),
        ("/audit/entries?below=null", "`below` is a number from 0 to"),
        ("/audit/entries?limit=1e2", "`limit` is a number from 1 to 1000"),
        ("/audit/entries?category=none", "`category` is one of"),
        ("/access/review?days=%00", "`days` is a number from 1 to 365"),
    ],
)
@in_loop
async def test_parameters_that_make_no_sense(address: str, words: str) -> None:
    """What was to limit an answer must not be left out in silence."""
    async with running() as registry:
        answer = await registry.ask(
            "GET", f"/api/v1{address}", headers={"authorization": basic(*OWNER)}
        )
    assert answer.status == 400
    assert words in answer.body.decode()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/role-assignments?principal=a", "the query lacks `role`"),
        ("/trusts", "the query lacks `issuer`"),
        ("/trusts?issuer=a&with_credentials=yes", "`with_credentials` is `true` or `false`"),
    ],
)
@in_loop
async def test_deletions_that_do_not_say_what(address: str, words: str) -> None:
    """Nothing is deleted that was not named."""
    async with running() as registry:
        answer = await registry.ask(
            "DELETE", f"/api/v1{address}", headers={"authorization": basic(*OWNER)}
        )
    assert answer.status == 400
    assert words in answer.body.decode()


@in_loop
async def test_what_is_in_use_is_not_deleted() -> None:
    """A scope map that a token has, a role that somebody holds: from both faces, and it stays."""
    async with running() as registry:
        ask, scope = await owner_of_all(registry), await scope_of(registry)
        rule = {"name": "ci-map", "actions": ["repositories/a/content/read"]}
        await registry.manage("POST", "/scope-maps", rule)
        await registry.manage("POST", "/tokens", {"name": "ci-token", "scope_map": "ci-map"})
        role = {"name": "Looks", "actions": ["*/read"]}
        made = await registry.manage("POST", "/role-definitions", role)
        await registry.manage("POST", "/role-assignments", {"role": "Looks", "principal": "owner"})
        at = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{made['role_id']}"
        owner = {"authorization": basic(*OWNER)}
        for address in (f"{scope}/scopeMaps/ci-map", at):
            answer = await ask("DELETE", address)
            assert answer.status in {400, 409}
            assert answer.message
        for path in ("/scope-maps/ci-map", "/role-definitions/Looks"):
            refused = await registry.ask("DELETE", f"/api/v1{path}", headers=owner)
            assert refused.status in {400, 409}
        assert "ci-map" in {m["name"] for m in await registry.manage("GET", "/scope-maps")}
        assert (await registry.manage("GET", "/role-definitions/Looks"))["role_id"]


@in_loop
async def test_names_that_are_taken() -> None:
    """409 with words from the management API; Graph's users too."""
    async with running() as registry:
        owner = {"authorization": basic(*OWNER), **JSON}
        for path, content in (
            ("/users", {"username": "OWNER"}),
            ("/groups", {"name": "crew"}),
            ("/scope-maps", {"name": "ci-map", "actions": ["repositories/a/content/read"]}),
        ):
            body = json.dumps(content).encode()
            await registry.ask("POST", f"/api/v1{path}", headers=owner, body=body)
            answer = await registry.ask("POST", f"/api/v1{path}", headers=owner, body=body)
            assert (answer.status, code_of(answer, "management")) == (409, "CONFLICT")


@in_loop
async def test_token_service_has_the_form_of_oauth() -> None:
    """Bodies of another type, unknown grants and bytes that are no text: `error` and words."""
    async with running() as registry:
        address = f"/{await tenant_of(registry)}/oauth2/v2.0/token"
        form = {"content-type": "application/x-www-form-urlencoded"}
        for headers, body in (
            (JSON, b"{}"),
            (form, b"grant_type=made-up"),
            (form, b"\xff\xfe=\x00"),
            (form, b"a=1&" * 300),
        ):
            answer = await registry.ask("POST", address, headers=headers, body=body)
            content = json.loads(answer.body)
            assert answer.status in {400, 401}
            assert content["error"]
            assert content["error_description"].startswith("AADSTS")
