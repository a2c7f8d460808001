"""`POST /oauth2/exchange` with this directory's own access tokens, and with forgeries of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from tests.federation.test_exchange import Port

from pratique.admission import Snapshot, Snapshots
from pratique.identity import ACCESS_TOKEN
from pratique.identity.directory_tokens import (
    ACR_AUDIENCE,
    ARM_AUDIENCES,
    BY_SECRET,
    DirectoryClaims,
    issuer,
    sign_directory_token,
)
from pratique.observability import LineLog
from pratique.testing.loops import in_loop
from pratique.testing.outside_issuers import (
    IssuersInMemory,
    TokenKey,
    hmac_token,
    new_key,
    signed_token,
    unsigned_token,
)
from pratique.testing.registry_in_memory import HOST, RegistryInMemory, header

OTHER = "11111111-2222-4333-8444-555555555555"


@dataclass
class Own(Port):
    """A registry, and a service principal that signs in to its directory."""

    object_id: str = ""

    @property
    def snapshot(self) -> Snapshot:
        """Law and directory as they stand."""
        return Snapshots(self.registry.ledger).current()

    @property
    def signing_key(self) -> TokenKey:
        """The registry's own key, in the hands of a forger."""
        record = self.snapshot.keys.records[0]
        private: Any = serialization.load_pem_private_key(record.private_pem.encode(), None)
        return TokenKey(record.key_id, "ES256", private)

    def own(self, **others: Any) -> DirectoryClaims:
        """Claims of the directory's token for the principal, with others in their place."""
        snapshot, now = self.snapshot, int(self.registry.clock().timestamp())
        application = snapshot.directory.by_object_id[self.object_id]
        assert not hasattr(application, "members")
        (secret,) = snapshot.directory.applications[self.principal].secrets
        tenant = snapshot.registry.tenant
        claims = DirectoryClaims(
            iss=issuer(f"http://{HOST}", tenant),
            aud=ACR_AUDIENCE,
            sub=self.object_id,
            oid=self.object_id,
            tid=tenant,
            iat=now,
            nbf=now,
            exp=now + 3600,
            ver="1.0",
            appid=self.principal,
            appidacr=BY_SECRET,
            idtyp="app",
            uti="u",
            cid=secret.secret_id,
        )
        return msgspec.structs.replace(claims, **others)

    def own_token(self, **others: Any) -> str:
        """The directory's token."""
        return sign_directory_token(self.own(**others), self.snapshot.keys)


@asynccontextmanager
async def directory(role: str = "AcrPull") -> AsyncIterator[Own]:
    """A registry in memory with a service principal."""
    issuers = IssuersInMemory()
    registry = await RegistryInMemory.start(LineLog(None), issuers)
    try:
        made = await registry.manage("POST", "/service-principals", {"name": "robot"})
        if role:
            wanted = {"role": role, "principal": made["client_id"]}
            await registry.manage("POST", "/role-assignments", wanted)
        outside = issuers.add("https://issuer.test")
        yield Own(registry, issuers, outside, made["client_id"], object_id=made["object_id"])
    finally:
        registry.stop()


@pytest.mark.parametrize("audience", sorted({ACR_AUDIENCE, *ARM_AUDIENCES}))
@in_loop
async def test_own_tokens_are_taken(audience: str) -> None:
    """For the registry service, and for the resource manager as long as that is taken."""
    async with directory() as at:
        token = at.own_token(aud=audience)
        assert await at.use(await at.login(token, tenant=at.snapshot.registry.tenant)) == 200
        await at.registry.manage("PATCH", "/registry", {"accepts_arm_tokens": False})
        if audience == ACR_AUDIENCE:
            await at.login(token)
        else:
            message = await at.refused(token)
            assert f"`aud` is `{audience}`" in message
            assert ACR_AUDIENCE in message


@in_loop
async def test_tenant_may_be_said_by_any_of_its_names() -> None:
    """Its id, its domain, or the words that stand for any."""
    async with directory() as at:
        await at.registry.manage("PATCH", "/registry", {"tenant_domain": "example.org"})
        tenant = at.snapshot.registry.tenant
        for name in (tenant.upper(), "example.org", "EXAMPLE.ORG", "common", "organizations", ""):
            await at.login(at.own_token(), tenant=name)
        assert "field `tenant`" in await at.refused(at.own_token(), tenant=OTHER)


CLAIMS: list[tuple[Callable[[Own], dict[str, Any]], str]] = [
    (lambda _: {"aud": "https://graph.microsoft.com"}, "`aud`"),
    (lambda _: {"aud": ""}, "`aud`"),
    (lambda _: {"tid": OTHER}, "`tid`"),
    (lambda _: {"iss": "https://evil.test"}, "`iss`"),
    (lambda at: {"exp": at.own().nbf - 3600}, "`exp`"),
    (lambda at: {"nbf": at.own().nbf + 3600}, "`nbf`"),
    (lambda _: {"oid": OTHER}, "`oid`"),
    (lambda _: {"cid": OTHER}, "credential"),
    (lambda _: {"cid": ""}, "credential"),
]


@pytest.mark.parametrize(("changed", "told"), CLAIMS)
@in_loop
async def test_wrong_claims_of_own_tokens_are_named(
    changed: Callable[[Own], dict[str, Any]], told: str
) -> None:
    """Also when the registry itself had signed them."""
    async with directory() as at:
        assert told in await at.refused(at.own_token(**changed(at)))


def _members(at: Own) -> dict[str, Any]:
    return dict(msgspec.to_builtins(at.own()))


def _forged_key(at: Own) -> str:
    stranger = new_key(at.signing_key.key_id)
    return signed_token(stranger, _members(at), jwk=stranger.jwk(), jku="https://evil.test/k")


def _public_key_as_secret(at: Own) -> str:
    public = at.signing_key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hmac_token(_members(at), public, at.signing_key.key_id)


def _twice(at: Own) -> str:
    content = json.dumps(_members(at))[:-1].encode() + b', "oid": "' + OTHER.encode() + b'"}'
    return signed_token(at.signing_key, content)


FORGERIES: dict[str, Callable[[Own], str]] = {
    "alg none": lambda at: unsigned_token(_members(at), "none", at.signing_key.key_id),
    "HMAC with the public key": _public_key_as_secret,
    "another key": _forged_key,
    "no kid": lambda at: signed_token(at.signing_key, _members(at), kid=None),
    "unknown kid": lambda at: signed_token(at.signing_key, _members(at), kid="other"),
    "ES384": lambda at: signed_token(at.signing_key, _members(at), alg="ES384"),
    "crit": lambda at: signed_token(at.signing_key, _members(at), crit=["x"]),
    "member twice": _twice,
    "without tid": lambda at: signed_token(at.signing_key, {**_members(at), "tid": None}),
    "times as texts": lambda at: signed_token(at.signing_key, {**_members(at), "exp": "never"}),
    "huge": lambda at: signed_token(at.signing_key, {**_members(at), "x": "y" * 16_384}),
    "another oid": lambda at: signed_token(new_key("k"), {**_members(at), "oid": OTHER}),
}


@pytest.mark.parametrize("name", FORGERIES)
@in_loop
async def test_forged_own_tokens_are_refused(name: str) -> None:
    """Each with 401 and a sentence."""
    async with directory() as at:
        assert "Decision:" in await at.refused(FORGERIES[name](at))


@in_loop
async def test_registry_tokens_are_no_directory_tokens() -> None:
    """Signed with the same keys, and yet neither refresh nor access tokens are exchanged."""
    async with directory() as at:
        refresh_token = await at.login(at.own_token())
        assert "directory" in await at.refused(refresh_token)
        form = {"grant_type": "refresh_token", "service": HOST, "refresh_token": refresh_token}
        answer = await at.registry.ask("POST", "/oauth2/token", body=urlencode(form).encode())
        assert "directory" in await at.refused(json.loads(answer.body)[ACCESS_TOKEN])


@in_loop
async def test_directory_tokens_are_no_registry_tokens() -> None:
    """They must be exchanged: no resource takes them, and neither does the token endpoint."""
    async with directory() as at:
        headers = {"authorization": f"Bearer {at.own_token()}"}
        answer = await at.registry.ask("GET", "/v2/", headers=headers)
        assert answer.status == 401
        assert 'error="invalid_token"' in str(header(answer, "www-authenticate"))
        assert await at.use(at.own_token()) == 401


@in_loop
async def test_exchange_needs_some_permission() -> None:
    """An identity that no role reaches is refused with words."""
    async with directory(role="") as at:
        assert "`robot` has no permission at all" in await at.refused(at.own_token())


async def _delete_secret(at: Own) -> None:
    await at.registry.manage("DELETE", f"/service-principals/{at.principal}/secrets/default")


async def _disable(at: Own) -> None:
    await at.registry.manage("POST", f"/service-principals/{at.principal}/disable")


async def _delete(at: Own) -> None:
    await at.registry.manage("DELETE", f"/service-principals/{at.principal}")


async def _forget_keys(at: Own) -> None:
    await at.registry.manage("POST", "/signing-keys", {"at_once": True})


@pytest.mark.parametrize("revoke", [_delete_secret, _disable, _delete, _forget_keys])
@in_loop
async def test_revocation_reaches_both_kinds_of_token(revoke: Any) -> None:
    """The directory token is not exchanged any more, and what it was exchanged for is dead."""
    async with directory() as at:
        token = at.own_token()
        refresh_token = await at.login(token)
        await revoke(at)
        await at.refused(token)
        assert await at.use(refresh_token) == 401


@in_loop
async def test_own_tokens_end_without_leeway() -> None:
    """An hour after it was made a token is of no use; what was made of it lives three hours."""
    async with directory() as at:
        token = at.own_token()
        refresh_token = await at.login(token)
        at.registry.clock.advance(timedelta(hours=1))
        assert "expired" in await at.refused(token)
        at.registry.clock.advance(timedelta(hours=1, minutes=59))
        assert await at.use(refresh_token) == 200
        at.registry.clock.advance(timedelta(minutes=1))
        assert await at.use(refresh_token) == 401


@in_loop
async def test_trust_in_the_own_directory_is_refused() -> None:
    """It would make one token stand for two."""
    async with directory() as at:
        own = issuer(f"http://{HOST}", at.snapshot.registry.tenant)
        content = {"issuer": own, "audiences": ["registry"]}
        answer = await at.registry.ask(
            "POST",
            "/api/v1/trusts",
            headers={"content-type": "application/json"},
            body=json.dumps(content).encode(),
            inside=True,
        )
        assert answer.status == 400
