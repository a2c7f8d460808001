"""`POST /oauth2/exchange` with tokens of outside issuers: one call in place of a secret."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest

from pratique.http.wire.messages import Response
from pratique.identity import NULL_GUID
from pratique.observability import LineLog
from pratique.testing.loops import in_loop
from pratique.testing.outside_issuers import (
    IssuersInMemory,
    OutsideIssuer,
    hmac_token,
    new_key,
    signed_token,
    unsigned_token,
)
from pratique.testing.registry_in_memory import HOST, RegistryInMemory, basic, header

ISSUER = "https://token.actions.githubusercontent.com"
SUBJECT = "repo:octo-org/octo-repo:ref:refs/heads/main"
GITHUB = {
    "repository": "octo-org/octo-repo",
    "repository_owner": "octo-org",
    "repository_owner_id": "65",
}
TENANT = "7f951dda-0000-4000-8000-43fe172d538d"
PULL = "repository:team/app:pull"


@dataclass
class Port:
    """A registry that trusts one issuer, and a service principal that it speaks for."""

    registry: RegistryInMemory
    issuers: IssuersInMemory
    issuer: OutsideIssuer
    principal: str
    log: BytesIO = field(default_factory=BytesIO)

    def token(self, **claims: Any) -> str:
        """A token of the issuer, good unless claims are given that are not."""
        return self.issuer.token(self.registry.clock(), **{"sub": SUBJECT, **GITHUB, **claims})

    def claims(self, **claims: Any) -> dict[str, Any]:
        """What stands in a good token."""
        good = {"sub": SUBJECT, **GITHUB, **claims}
        return self.issuer.claims(self.registry.clock(), **good)

    async def exchange(self, token: str, **fields: str) -> Response:
        """The answer to an exchange of `token`."""
        form = {"grant_type": "access_token", "service": HOST, "access_token": token, **fields}
        return await self.registry.ask("POST", "/oauth2/exchange", body=urlencode(form).encode())

    async def login(self, token: str | None = None, **fields: str) -> str:
        """The registry refresh token of an exchange that succeeds."""
        answer = await self.exchange(token or self.token(), **fields)
        assert answer.status == 200, answer.body
        assert header(answer, "cache-control") == "no-store"
        content = json.loads(answer.body)
        assert set(content) == {"refresh_token"}
        return str(content["refresh_token"])

    async def refused(self, token: str, status: int = 401, **fields: str) -> str:
        """The sentence of an exchange that is refused."""
        answer = await self.exchange(token, **fields)
        assert answer.status == status, answer.body
        (error,) = json.loads(answer.body)["errors"]
        if status == 401:
            assert error["code"] == "UNAUTHORIZED"
            assert header(answer, "x-pratique-decision") in error["message"]
        return str(error["message"])

    async def use(self, refresh_token: str) -> int:
        """The status with which a refresh token is answered by the token endpoint."""
        form = {"grant_type": "refresh_token", "service": HOST, "scope": PULL}
        body = urlencode({**form, "refresh_token": refresh_token}).encode()
        return (await self.registry.ask("POST", "/oauth2/token", body=body)).status

    async def federate(self, principal: str, **wanted: Any) -> dict[str, Any]:
        """Let tokens stand for a principal."""
        made: dict[str, Any] = await self.registry.manage(
            "POST",
            f"/service-principals/{principal}/federated-credentials",
            {"issuer": ISSUER, "subject": SUBJECT, "audience": "registry", **wanted},
        )
        return made


async def make_principal(registry: RegistryInMemory, name: str, role: str = "AcrPull") -> str:
    """A new service principal with a role; its client id."""
    made = await registry.manage("POST", "/service-principals", {"name": name})
    client_id = str(made["client_id"])
    if role:
        wanted = {"role": role, "principal": client_id}
        await registry.manage("POST", "/role-assignments", wanted)
    return client_id


@asynccontextmanager
async def port(issuer: str = ISSUER, *, role: str = "AcrPull") -> AsyncIterator[Port]:
    """A registry in memory with one trust and one federated credential."""
    issuers, log = IssuersInMemory(), BytesIO()
    registry = await RegistryInMemory.start(LineLog(log), issuers)
    try:
        made = issuers.add(issuer)
        await registry.manage("POST", "/trusts", {"issuer": issuer, "audiences": ["registry"]})
        principal = await make_principal(registry, "ci", role)
        opened = Port(registry, issuers, made, principal, log)
        await opened.federate(principal, issuer=issuer)
        yield opened
    finally:
        registry.stop()


@in_loop
async def test_job_pulls_without_a_secret() -> None:
    """One call turns the outside token into a registry token that docker takes as a password."""
    async with port() as at:
        refresh_token = await at.login()
        assert await at.use(refresh_token) == 200
        headers = {"authorization": basic(NULL_GUID, refresh_token)}
        answer = await at.registry.ask("GET", "/v2/team/app/manifests/v1", headers=headers)
        assert answer.status == 404
        answer = await at.registry.ask("DELETE", "/v2/team/app/manifests/v1", headers=headers)
        assert answer.status == 403


@pytest.mark.parametrize("grant", ["access_token", "access_token_refresh_token"])
@pytest.mark.parametrize("service", [HOST, HOST.upper()])
@pytest.mark.parametrize("tenant", ["", "common", "organizations"])
@in_loop
async def test_fields_of_all_clients_are_taken(grant: str, service: str, tenant: str) -> None:
    """With or without `tenant`, in the deprecated form too, whatever the case of the host."""
    async with port() as at:
        fields = {"grant_type": grant, "service": service, "tenant": tenant, "refresh_token": "x"}
        await at.login(**fields)


@in_loop
async def test_only_posts_are_answered() -> None:
    """GET is 404, as at ACR; other methods are told which one is taken."""
    async with port() as at:
        for method, status in (("GET", 404), ("HEAD", 404), ("PUT", 405), ("DELETE", 405)):
            answer = await at.registry.ask(method, "/oauth2/exchange")
            assert answer.status == status
        answer = await at.registry.ask("OPTIONS", "/oauth2/exchange")
        assert header(answer, "allow") == "POST"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "`grant_type` must be"),
        (b"grant_type=password", 400, "`grant_type` must be"),
        (b"grant_type=access_token", 400, "`service`"),
        (b"grant_type=access_token&service=registry.test:5000", 400, "`access_token`"),
        (b"grant_type=refresh_token&service=registry.test:5000", 400, "`refresh_token`"),
        (
            b"grant_type=access_token_refresh_token&service=registry.test:5000&access_token=x",
            400,
            "`refresh_token`",
        ),
        (b"grant_type=access_token&service=evil.test&access_token=x", 400, "`service` is"),
        (b"grant_type=access_token&grant_type=access_token", 400, "twice"),
        (b"\xff", 400, "UTF-8"),
        (b"a&" * 300, 400, "parameters"),
        (b"x" * (64 * 1024 + 1), 413, "larger"),
    ],
)
@in_loop
async def test_forms_that_no_client_sends_are_refused(body: bytes, status: int, told: str) -> None:
    """With the field that is wrong."""
    async with port() as at:
        answer = await at.registry.ask("POST", "/oauth2/exchange", body=body)
        assert answer.status == status
        assert told in json.loads(answer.body)["errors"][0]["message"]


@in_loop
async def test_token_in_the_address_is_refused() -> None:
    """Addresses stand in logs; a token must not."""
    async with port() as at:
        for name in ("access_token", "refresh_token"):
            answer = await at.registry.ask("POST", f"/oauth2/exchange?{name}={at.token()}")
            assert answer.status == 400
            assert b"does not belong in an address" in answer.body


@in_loop
async def test_wrong_claims_are_told_and_recorded() -> None:
    """The sentence names the claim; the log has the refusal and not the token."""
    async with port() as at:
        now = int(at.registry.clock().timestamp())
        cases: list[tuple[dict[str, Any], str]] = [
            ({"aud": "elsewhere"}, "`aud`"),
            ({"iss": "https://evil.test"}, "`iss`"),
            ({"exp": now - 61}, "`exp`"),
            ({"nbf": now + 120}, "`nbf`"),
            ({"sub": "repo:octo-org/octo-repo:ref:refs/heads/dev"}, "subject `repo:octo-org"),
            ({"repository_owner_id": None}, "`repository_owner_id`"),
        ]
        for number, (claims, told) in enumerate(cases):
            at.registry.client = f"192.0.2.{number}"
            token = at.token(**claims)
            message = await at.refused(token)
            assert told in message
            assert "Decision:" in message
            assert token.encode() not in at.log.getvalue()
        assert at.log.getvalue().count(b'"sign-in refused"') == len(cases)


@in_loop
async def test_forged_tokens_are_refused() -> None:
    """No signature, somebody else's, and the public key as a secret."""
    async with port() as at:
        claims, key = at.claims(), at.issuer.keys[0]
        stranger = new_key(key.key_id)
        forged = [
            unsigned_token(claims, "none", key.key_id),
            hmac_token(claims, json.dumps(key.jwk()).encode(), key.key_id),
            signed_token(stranger, claims, jwk=stranger.jwk()),
            signed_token(stranger, {**claims, "tid": TENANT}),
            "x" * 20_000,
            "\U0001f600.é.\u202e",
        ]
        for number, token in enumerate(forged):
            at.registry.client = f"192.0.2.{number}"
            assert await at.refused(token)


@pytest.mark.parametrize("others", [{}, {"subject": "repo:octo-org/*:**", "pattern": True}])
@in_loop
async def test_token_that_stands_for_two_is_refused(others: dict[str, Any]) -> None:
    """Which one is meant is not guessed; when one of them is disabled, the other is meant."""
    async with port() as at:
        second = await make_principal(at.registry, "second")
        await at.federate(second, **others)
        assert "stands for 2 service principals" in await at.refused(at.token())
        await at.registry.manage("POST", f"/service-principals/{second}/disable")
        await at.login()


@in_loop
async def test_pattern_admits_its_own() -> None:
    """Every branch of one repository, and no repository beside it."""
    async with port() as at:
        pattern = {"subject": "repo:octo-org/site:ref:refs/heads/*", "pattern": True}
        await at.federate(await make_principal(at.registry, "site"), **pattern)
        await at.login(at.token(sub="repo:octo-org/site:ref:refs/heads/dev"))
        await at.refused(at.token(sub="repo:octo-org/site2:ref:refs/heads/dev"))


@in_loop
async def test_without_any_permission_the_exchange_refuses() -> None:
    """As at ACR; any role at all is enough, also one that lets nobody pull."""
    async with port(role="") as at:
        message = await at.refused(at.token())
        assert "`ci` has no permission at all on this registry" in message
        assert "no role is assigned to it" in message
        wanted = {"role": "Reader", "principal": at.principal, "scope": "/"}
        await at.registry.manage("POST", "/role-assignments", wanted)
        await at.login()


async def _remove_credential(at: Port) -> None:
    address = f"/service-principals/{at.principal}/federated-credentials"
    (held,) = await at.registry.manage("GET", address)
    await at.registry.manage("DELETE", f"{address}/{held['credential_id']}")


async def _disable(at: Port) -> None:
    await at.registry.manage("POST", f"/service-principals/{at.principal}/disable")


async def _delete(at: Port) -> None:
    await at.registry.manage("DELETE", f"/service-principals/{at.principal}")


async def _remove_trust(at: Port) -> None:
    query = urlencode({"issuer": at.issuer.issuer, "with_credentials": "true"})
    await at.registry.manage("DELETE", f"/trusts?{query}")


@pytest.mark.parametrize("revoke", [_remove_credential, _disable, _delete, _remove_trust])
@in_loop
async def test_revocation_is_immediate(revoke: Any) -> None:
    """What was made of the token dies with the next request, and no new one is to be had."""
    async with port() as at:
        refresh_token = await at.login()
        headers = {"authorization": basic(NULL_GUID, refresh_token)}
        assert (await at.registry.ask("GET", "/v2/", headers=headers)).status == 200
        await revoke(at)
        assert await at.use(refresh_token) == 401
        assert (await at.registry.ask("GET", "/v2/", headers=headers)).status == 401
        await at.refused(at.token())


@in_loop
async def test_disabled_principal_is_told_to_whom_proved_to_be_it() -> None:
    """Whoever shows the right token learns why it is refused."""
    async with port() as at:
        await _disable(at)
        assert "`ci` is disabled" in await at.refused(at.token())


@in_loop
async def test_trust_in_use_is_not_removed_by_itself() -> None:
    """Nobody is locked out by surprise; afterwards the credential counts for nothing."""
    async with port() as at:
        query = urlencode({"issuer": ISSUER})
        answer = await at.registry.ask("DELETE", f"/api/v1/trusts?{query}", inside=True)
        assert answer.status == 400
        assert b"`ci`" in answer.body
        await at.login()


@in_loop
async def test_refused_tokens_cost_time() -> None:
    """The same again and again, and many from one address; good ones are taken all the while."""
    async with port() as at:
        token = at.token(aud="elsewhere")
        for _ in range(5):
            await at.refused(token)
        answer = await at.exchange(token)
        assert (answer.status, header(answer, "retry-after")) == (429, "1")
        await at.login()
        for number in range(45):
            await at.exchange(at.token(aud=f"elsewhere {number}"))
        assert (await at.exchange(at.token(aud="elsewhere still"))).status == 429
        await at.login()
        at.registry.clock.advance(timedelta(minutes=2))
        assert (await at.exchange(at.token(aud="elsewhere again"))).status == 401


@in_loop
async def test_issuer_that_cannot_be_asked_is_no_fault_of_the_caller() -> None:
    """503 and a sentence without the inside of the network, which stands in the log."""
    async with port() as at:
        at.issuers.down = "10.1.2.3 does not answer"
        message = await at.refused(at.token(), 503)
        assert "10.1.2.3" not in message
        assert "`pratique trust check`" in message
        assert b"10.1.2.3 does not answer" in at.log.getvalue()


@in_loop
async def test_news_of_a_well_known_issuer_are_logged_once() -> None:
    """A claim that the tables do not know is told to the operator, and holds nobody up."""
    async with port() as at:
        for _ in range(3):
            await at.login(at.token(brand_new_claim="x"))
        assert at.log.getvalue().count(b"brand_new_claim") == 1


@in_loop
async def test_other_tenant_is_refused() -> None:
    """`tenant` may be this directory's or the token's own, and nothing else."""
    async with port() as at:
        token = at.token(tid=TENANT)
        await at.login(token, tenant=TENANT.upper())
        assert "the field `tenant` is `elsewhere`" in await at.refused(token, tenant="elsewhere")


@in_loop
async def test_resource_manager_tokens_can_be_refused() -> None:
    """A trust may take the resource manager's audience, unless the registry takes none of it."""
    arm = "https://management.azure.com/"
    async with port() as at:
        content = {"issuer": ISSUER, "audiences": ["registry", arm]}
        await at.registry.manage("PATCH", "/trusts", content)
        await at.federate(at.principal, audience=arm)
        await at.login(at.token(aud=arm))
        await at.registry.manage("PATCH", "/registry", {"accepts_arm_tokens": False})
        assert "resource manager" in await at.refused(at.token(aud=arm))
        await at.login()
