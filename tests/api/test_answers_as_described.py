"""Every operation of the management API succeeds once, and its answer is what is described."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.api.described import Calls, Judge, document_of
from tests.support.certificates import Authority
from tests.support.slapd import GROUPS, PEOPLE, READER, group, person, slapd
from tests.wire.governing import Robot, push, running

from pratique.http.documents.endpoint import MAKERS, MANAGEMENT_PATH
from pratique.testing.loops import in_loop
from pratique.testing.outside_issuers import OutsideIssuer

ISSUER = "https://issuer.example"
LONG = timedelta(days=2)


async def _registry(call: Calls) -> None:
    await call("GET", "/registry")
    await call("PATCH", "/registry", {"anonymous_pull": True, "tenant_domain": "example.org"})
    for _ in range(2):
        await call("POST", "/admin-user/enable")
    await call("GET", "/admin-user")
    await call("POST", "/admin-user/regenerate", {"name": "password2"})
    await call("POST", "/admin-user/disable")
    await call("POST", "/signing-keys", {})
    await call("GET", "/signing-keys")
    await call("PATCH", "/registry", {"login_server": "first.example.org"})
    await call("POST", "/registries", {"name": "second", "login_server": "second.example.org"})
    await call("GET", "/registries")
    await call("DELETE", "/registries/second")
    await call("PATCH", "/network-rules", {"add": ["192.0.2.0/24"]})
    await call("GET", "/network-rules")
    for path in MAKERS:
        await call("GET", path.removeprefix("/api/v1"))


async def _people(call: Calls) -> None:
    await call("POST", "/users", {"username": "ann"})
    await call("POST", "/users", {"username": "ben", "password": "a long password of ben"})
    await call("POST", "/users/ann/password", {})
    await call("POST", "/users/ann/totp")
    await call("DELETE", "/users/ann/totp")
    for word in ("disable", "enable", "sign-out"):
        await call("POST", f"/users/ann/{word}")
    await call("GET", "/users")
    await call("POST", "/groups", {"name": "crew"})
    await call("POST", "/groups/crew/members", {"principal": "ann"})
    await call("DELETE", "/users/ben")
    await call("GET", "/groups")
    await call("DELETE", "/groups/crew/members/ann")
    await call("DELETE", "/groups/crew")


async def _principals(call: Calls) -> None:
    pem = Authority.new().pem.decode()
    await call("POST", "/service-principals", {"name": "by-certificate", "certificate": pem})
    await call("POST", "/service-principals", {"name": "bot"})
    secret = await call("POST", "/service-principals/bot/secrets", {"name": "second"})
    at = "/service-principals/bot"
    certificate = await call("POST", f"{at}/certificates", {"certificate": pem})
    wanted = {"issuer": ISSUER, "subject": "a job"}
    credential = await call("POST", f"{at}/federated-credentials", wanted)
    for place in ("", at, f"{at}/certificates", f"{at}/federated-credentials"):
        await call("GET", place or "/service-principals")
    await call("DELETE", f"{at}/federated-credentials/{credential['credential_id']}")
    await call("DELETE", f"{at}/certificates/{certificate['certificate_id']}")
    await call("DELETE", f"{at}/secrets/{secret['secret_id']}")
    for word in ("disable", "enable"):
        await call("POST", f"{at}/{word}")
    await call("DELETE", at)


async def _identities(call: Calls) -> None:
    await call("POST", "/managed-identities", {"name": "web"})
    await call("POST", "/managed-identities", {"name": "host-2", "system_host": "host-2"})
    await call("POST", "/managed-identities/web/hosts", {"host": "host-1"})
    await call("GET", "/managed-identities")
    await call("GET", "/managed-identities/web")
    await call("DELETE", "/managed-identities/web/hosts/host-1")
    await call("DELETE", "/managed-identities/web")


async def _roles(call: Calls) -> None:
    content = {"name": "Looks", "actions": ["Microsoft.ContainerRegistry/registries/read"]}
    await call("POST", "/role-definitions", content)
    await call("PUT", "/role-definitions/Looks", {**content, "description": "looks"})
    await call("GET", "/role-definitions/Looks")
    await call("GET", "/role-definitions")
    held = {"role": "Looks", "principal": "ann"}
    first = await call("POST", "/role-assignments", held)
    await call("GET", "/role-assignments")
    await call("GET", "/role-assignments", principal="ann")
    await call("DELETE", f"/role-assignments/{first['assignment_id']}")
    await call("POST", "/role-assignments", held)
    await call("DELETE", "/role-assignments", **held)
    await call("DELETE", "/role-definitions/Looks")
    denial = {"name": "no-push", "actions": ["*"], "everyone": True, "excluded": ["owner"]}
    await call("POST", "/deny-assignments", denial)
    await call("PATCH", "/deny-assignments/no-push", {"exclude": ["ann"]})
    await call("GET", "/deny-assignments")
    await call("PUT", "/principals/ann/attributes/Work_team", {"values": ["a", "b"]})
    await call("GET", "/principals/ann/attributes")
    await call("DELETE", "/principals/ann/attributes/Work_team")


async def _questions(call: Calls) -> None:
    robot = await Robot.make(call.registry, "robot", "Reader")
    asked = {"action": "pull", "resource": "team/app"}
    await call("POST", "/access/check", {"principal": robot.object_id, **asked})
    await call("POST", "/access/who-can", asked)
    await call("POST", "/access/what-if", {"changes": [{"delete": robot.object_id}]})
    await call("DELETE", "/deny-assignments/no-push")
    await call("POST", "/access/check", {"principal": robot.object_id, **asked})
    await call("POST", "/access/who-can", asked)
    call.registry.clock.advance(LONG)
    await call("GET", "/access/review", days="1")
    await robot.calls("POST", "/users", {})
    await call("GET", "/decisions", limit="1")
    listed = await call("GET", "/decisions")
    await call("GET", f"/decisions/{listed['decisions'][0]['decision_id']}")
    await call("GET", "/audit/entries")
    await call("GET", "/audit/head")
    await call("POST", "/audit/prune", {"before": "1d"})


async def _tokens(call: Calls) -> None:
    await call(
        "POST", "/scope-maps", {"name": "ci-map", "actions": ["repositories/a/content/read"]}
    )
    await call("PATCH", "/scope-maps/ci-map", {"description": "for jobs"})
    await call("GET", "/scope-maps")
    await call("POST", "/tokens", {"name": "ci-token", "scope_map": "ci-map"})
    await call("POST", "/tokens/ci-token/password", {"expires_in_days": 3})
    for word in ("disable", "enable"):
        await call("POST", f"/tokens/ci-token/{word}")
    await call("PATCH", "/tokens/ci-token", {"scope_map": "_repositories_pull"})
    await call("GET", "/tokens")
    await call("DELETE", "/tokens/ci-token")
    await call("DELETE", "/scope-maps/ci-map")


async def _imports(call: Calls) -> None:
    await push(call.registry, "team/app")
    wanted = {"source": "team/app:v1", "targets": ["team/copy:v2"]}
    begun = await call("POST", "/imports", wanted)
    await call("GET", f"/imports/{begun['import_id']}")


async def _outside(call: Calls, folder: Path) -> None:
    keys = OutsideIssuer(ISSUER).jwks()
    trust = {"issuer": ISSUER, "audiences": ["api://pratique"], "jwks": keys}
    await call("POST", "/trusts", trust)
    await call("PATCH", "/trusts", {"issuer": ISSUER, "audiences": ["api://other"]})
    await call("GET", "/trusts")
    await call("POST", "/trusts/check", {"issuer": ISSUER})
    with slapd(folder / "slapd") as server:
        server.add(person("eve", "eve's password") + group("sailors", f"uid=eve,{PEOPLE}"))
        setup = {
            "url": server.url,
            "kind": "openldap",
            "user_base": PEOPLE,
            "group_base": GROUPS,
            "bind_dn": READER,
            "bind_password_file": str(server.password_file),
            "ca_file": str(server.ca_file),
        }
        await call("PUT", "/ldap", setup)
        await call("GET", "/ldap")
        await call("POST", "/ldap/test", {"username": "eve"})
        await call("POST", "/ldap/sync", {})
    await call("DELETE", "/ldap", with_users="true")


@in_loop
async def test_every_operation_answers_as_described(tmp_path: Path) -> None:
    """Whatever succeeds has the described status and shape; none is left out."""
    judge = Judge(document_of(MANAGEMENT_PATH))
    async with running() as registry:
        call = Calls(registry, judge)
        await _registry(call)
        await _people(call)
        await _outside(call, tmp_path)
        await _principals(call)
        await call("DELETE", "/trusts", issuer=ISSUER, with_credentials="true")
        await _identities(call)
        await _roles(call)
        await _questions(call)
        await _tokens(call)
        await _imports(call)
    operations = {
        operation["operationId"]
        for at in judge.document["paths"].values()
        for operation in at.values()
    }
    assert operations - judge.succeeded == set()
