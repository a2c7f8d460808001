"""Where clients find everything: discovery documents, keys, and the tenant by all its names."""

from __future__ import annotations

import json

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.sts.directory import BASE, directory, refusal

from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import header

_V2 = "v2.0/.well-known/openid-configuration"


@in_loop
async def test_document_names_the_tenant_by_its_id() -> None:
    """Whichever name is asked for, issuer and endpoints have the id: clients read it from there."""
    async with directory() as made:
        await made.registry.manage("PATCH", "/registry", {"tenant_domain": "harbour.example"})
        root = f"{BASE}/{made.tenant}"
        for name in (
            made.tenant,
            made.tenant.upper(),
            "organizations",
            "common",
            "Harbour.Example",
        ):
            answer = await made.get(f"/{name}/{_V2}")
            assert answer.status == 200
            document = json.loads(answer.body)
            assert document["issuer"] == f"{root}/v2.0"
            assert document["token_endpoint"] == f"{root}/oauth2/v2.0/token"
            assert document["authorization_endpoint"] == f"{root}/oauth2/v2.0/authorize"
            assert document["device_authorization_endpoint"] == f"{root}/oauth2/v2.0/devicecode"
            assert document["jwks_uri"] == f"{root}/discovery/v2.0/keys"


@in_loop
async def test_first_version_has_a_document_too() -> None:
    """The v1 document names the endpoints without a version, and the same issuer."""
    async with directory() as made:
        answer = await made.get("/common/.well-known/openid-configuration")
        document = json.loads(answer.body)
        assert document["token_endpoint"] == f"{BASE}/{made.tenant}/oauth2/token"
        assert document["jwks_uri"] == f"{BASE}/{made.tenant}/discovery/keys"
        assert document["issuer"] == f"{BASE}/{made.tenant}/v2.0"


@in_loop
async def test_instance_is_an_authority_of_its_own() -> None:
    """MSAL's instance discovery is told that this host stands for itself alone."""
    async with directory() as made:
        answer = await made.get(
            "/common/discovery/instance?api-version=1.1&authorization_endpoint=https://a.example/"
        )
        content = json.loads(answer.body)
        assert content["tenant_discovery_endpoint"] == f"{BASE}/{made.tenant}/{_V2}"
        assert content["metadata"][0]["aliases"] == ["registry.test:5000"]


@in_loop
async def test_the_realm_of_a_user() -> None:
    """Everybody's password is checked here, and who is known is not told."""
    async with directory() as made:
        await made.registry.manage("POST", "/users", {"username": "ada"})
        answers = [
            await made.get(f"/{tenant}/userrealm/{user}?api-version=1.0")
            for tenant in ("common", made.tenant)
            for user in ("ada", "nobody@example.org", "%61da")
        ]
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == 1
        assert json.loads(answers[0].body)["account_type"] == "Managed"
        assert (await made.get("/elsewhere/userrealm/ada")).status == 400


@pytest.mark.parametrize("address", ["discovery/v2.0/keys", "discovery/keys"])
def test_published_keys_verify_tokens(address: str) -> None:
    """A stranger verifies a token with what is published; nothing private is."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            robot = await made.application()
            answer = await made.ask(robot.form())
            token = json.loads(answer.body)["access_token"]
            keys = json.loads((await made.get(f"/common/{address}")).body)
            assert all(
                set(k) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for k in keys["keys"]
            )
            verified = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"])
            assert verified.claims["appid"] == robot.client_id

    run()


@in_loop
async def test_keys_overlap_when_they_rotate() -> None:
    """The former key is published while it verifies, the new one first; at once means at once."""
    async with directory() as made:

        async def published() -> list[str]:
            content = json.loads((await made.get("/common/discovery/keys")).body)
            return [key["kid"] for key in content["keys"]]

        (first,) = await published()
        second = (await made.registry.manage("POST", "/signing-keys", {}))["key_id"]
        assert sorted(await published()) == sorted([first, second])
        third = (await made.registry.manage("POST", "/signing-keys", {"at_once": True}))["key_id"]
        assert await published() == [third]


@pytest.mark.parametrize(
    "tenant",
    ["11111111-2222-3333-4444-555555555555", "other.example", "x%2e", "consumers", "a\x07"],
)
def test_other_tenants_are_not_here(tenant: str) -> None:
    """A tenant that is not this directory's is refused in the words that clients look for."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            answer = await made.get(f"/{tenant}/{_V2}")
            assert refusal(answer) == (400, "invalid_tenant", 90002)
            assert (await made.refused({}, address=f"/{tenant}/oauth2/v2.0/token"))[2] == 90002

    run()


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("POST", f"/common/{_V2}", "GET, HEAD"),
        ("DELETE", "/common/discovery/v2.0/keys", "GET, HEAD"),
        ("GET", "/common/oauth2/v2.0/token", "POST"),
        ("PUT", "/common/oauth2/token", "POST"),
    ],
)
def test_other_methods_are_refused(method: str, address: str, allowed: str) -> None:
    """405 tells which methods an address takes."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            answer = await made.registry.ask(method, address)
            assert refusal(answer) == (405, "invalid_request", 900561)
            assert header(answer, "allow") == allowed

    run()


@pytest.mark.parametrize(
    "address",
    [
        "/common/oauth2/v2.0/nothing",
        "/common/discovery/v3.0/keys",
        "/common/v2.0/",
        "/common/userrealm",
        "/common/userrealm/",
        "/common/userrealm/somebody/else",
        "/.well-known/openid-configuration",
    ],
)
def test_other_addresses_are_empty(address: str) -> None:
    """Nothing else is answered."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            assert (await made.get(address)).status == 404

    run()


@in_loop
async def test_repositories_keep_their_addresses() -> None:
    """A repository whose name looks like an endpoint of the directory is still a repository."""
    async with directory() as made:
        for name in ("oauth2/v2.0", "discovery", "v2.0/x"):
            answer = await made.get(f"/v2/{name}/tags/list")
            assert answer.status == 401
            assert f"repository:{name}:metadata_read" in str(header(answer, "www-authenticate"))


@in_loop
async def test_head_is_answered_like_get() -> None:
    """HEAD of a document has its status and headers."""
    async with directory() as made:
        answer = await made.registry.ask("HEAD", f"/common/{_V2}")
        assert answer.status == 200
        assert header(answer, "content-type") == "application/json; charset=utf-8"
