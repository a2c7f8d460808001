"""Tokens in the shapes of issuers that people have: Entra ID, GitLab, Kubernetes, SPIFFE."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.federation.test_exchange import Port, make_principal

from pratique.admission.changes.trusts import check_issuer
from pratique.admission.errors import Unacceptable
from pratique.identity.federation import discovery_url, kind_of
from pratique.observability import LineLog
from pratique.testing.loops import in_loop
from pratique.testing.outside_issuers import IssuersInMemory, new_key
from pratique.testing.registry_in_memory import RegistryInMemory

TENANT = "3aa4a235-b6e2-48d5-9195-7fcf05b459b0"
OID = "9b1c6b2e-1111-4222-8333-123456789abc"
V1 = f"https://sts.windows.net/{TENANT}/"
V2 = f"https://login.microsoftonline.com/{TENANT}/v2.0"
ACR = "https://containerregistry.azure.net"
CLIENT_GUID = "5a3a6b9f-0000-4000-8000-0000000000aa"
OTHER = "11111111-2222-4333-8444-555555555555"

V1_CLAIMS: dict[str, Any] = {
    "iss": V1,
    "aud": ACR,
    "oid": OID,
    "sub": "pairwise, and of no use",
    "tid": TENANT,
    "ver": "1.0",
    "appid": OTHER,
    "appidacr": "1",
    "idtyp": "app",
    "uti": "u",
}
V2_CLAIMS: dict[str, Any] = {
    "iss": V2,
    "aud": CLIENT_GUID,
    "oid": OID,
    "sub": "pairwise, and of no use",
    "tid": TENANT,
    "ver": "2.0",
    "azp": OTHER,
    "azpacr": "1",
}


@asynccontextmanager
async def trusting(
    issuer: str, audience: str, subject: str, *, role: str = "AcrPull", pattern: bool = False
) -> AsyncIterator[Port]:
    """A registry that trusts `issuer`, and takes `subject` for a service principal."""
    issuers = IssuersInMemory()
    registry = await RegistryInMemory.start(LineLog(None), issuers)
    try:
        made = issuers.add(issuer, new_key("k", "RS256"))
        await registry.manage("POST", "/trusts", {"issuer": issuer, "audiences": [audience]})
        principal = await make_principal(registry, "ci", role)
        opened = Port(registry, issuers, made, principal)
        wanted = {"issuer": issuer, "subject": subject, "audience": audience, "pattern": pattern}
        await opened.federate(principal, **wanted)
        yield opened
    finally:
        registry.stop()


@pytest.mark.parametrize(("issuer", "good"), [(V1, V1_CLAIMS), (V2, V2_CLAIMS)])
@in_loop
async def test_entra_tokens_stand_for_whom_their_object_id_names(
    issuer: str, good: dict[str, Any]
) -> None:
    """Both versions; `sub` is pairwise there, so `oid` is what a credential names."""
    async with trusting(issuer, good["aud"], OID) as at:
        await at.login(at.issuer.token(at.registry.clock(), **good), tenant=TENANT)
        stranger = at.issuer.token(at.registry.clock(), **{**good, "oid": OTHER, "sub": OID})
        assert f"subject `{OTHER}`" in await at.refused(stranger)


@pytest.mark.parametrize(
    ("good", "changed", "told"),
    [
        (V1_CLAIMS, {"tid": OTHER}, "`tid` is not the tenant"),
        (V1_CLAIMS, {"tid": None}, "`tid`"),
        (V1_CLAIMS, {"oid": None}, "`oid`"),
        (V1_CLAIMS, {"oid": ["x"]}, "`oid`"),
        (V1_CLAIMS, {"ver": "2.0"}, "`ver` is not `1.0`"),
        (V1_CLAIMS, {"appid": None}, "`appid`"),
        (V1_CLAIMS, {"aud": "https://graph.microsoft.com"}, "`aud`"),
        (V1_CLAIMS, {"iss": V2}, "`iss`"),
        (V2_CLAIMS, {"tid": OTHER}, "`tid` is not the tenant"),
        (V2_CLAIMS, {"ver": "1.0"}, "`ver` is not `2.0`"),
        (V2_CLAIMS, {"azp": None, "appid": OTHER}, "`azp`"),
        (V2_CLAIMS, {"aud": ACR}, "`aud`"),
    ],
)
@in_loop
async def test_entra_tokens_that_contradict_themselves_are_refused(
    good: dict[str, Any], changed: dict[str, Any], told: str
) -> None:
    """The tenant, the version and the client agree with the issuer, or the claim is named."""
    async with trusting(good["iss"], good["aud"], OID) as at:
        token = at.issuer.token(at.registry.clock(), **{**good, **changed})
        assert told in await at.refused(token)


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ({"groups": [OTHER, OID]}, "names 2 groups of the tenant"),
        ({"_claim_names": {"groups": "src1"}, "_claim_sources": {}}, "more groups than a token"),
        ({"hasgroups": True}, "more groups than a token"),
        ({"hasgroups": "true"}, "more groups than a token"),
    ],
)
@pytest.mark.parametrize("subject", [OID, OTHER])
@in_loop
async def test_groups_of_a_tenant_are_told_in_refusals(
    groups: dict[str, Any], told: str, subject: str
) -> None:
    """Whether nobody matches or nothing is granted, it is said that such groups give nothing."""
    async with trusting(V1, ACR, subject, role="") as at:
        token = at.issuer.token(at.registry.clock(), **V1_CLAIMS, **groups)
        assert told in await at.refused(token)


@pytest.mark.parametrize("groups", [{"groups": "x"}, {"_claim_names": 1}, {"hasgroups": []}])
@in_loop
async def test_groups_of_no_sense_are_passed_over(groups: dict[str, Any]) -> None:
    """A claim that gives nothing cannot take anything away either."""
    async with trusting(V1, ACR, OID) as at:
        await at.login(at.issuer.token(at.registry.clock(), **V1_CLAIMS, **groups))


KUBERNETES = "https://kubernetes.default.svc.cluster.local"


def bound(namespace: str, name: str) -> dict[str, Any]:
    """The claim of a projected service-account token."""
    account = {"name": name, "uid": OID}
    return {"kubernetes.io": {"namespace": namespace, "serviceaccount": account}}


@in_loop
async def test_service_accounts_stand_for_themselves() -> None:
    """A whole namespace by a pattern; a token whose two names differ is refused."""
    pattern = "system:serviceaccount:team-a:*"
    async with trusting(KUBERNETES, "registry", pattern, pattern=True) as at:
        now, sub = at.registry.clock(), "system:serviceaccount:team-a:build"
        await at.login(at.issuer.token(now, sub=sub, **bound("team-a", "build")))
        await at.login(at.issuer.token(now, sub=sub))
        empty: dict[str, Any] = {"kubernetes.io": {}}
        for claim in (bound("team-b", "build"), bound("team-a", "x"), empty):
            assert "`kubernetes.io`" in await at.refused(at.issuer.token(now, sub=sub, **claim))
        stranger = "system:serviceaccount:team-b:build"
        await at.refused(at.issuer.token(now, sub=stranger, **bound("team-b", "build")))


@in_loop
async def test_old_service_account_tokens_are_refused() -> None:
    """Those that never end, as Kubernetes made them before 1.24."""
    async with trusting(KUBERNETES, "registry", "system:serviceaccount:team-a:build") as at:
        token = at.issuer.token(
            at.registry.clock(), sub="system:serviceaccount:team-a:build", exp=None
        )
        assert "without an end" in await at.refused(token)


@in_loop
async def test_gitlab_jobs_stand_for_their_project() -> None:
    """A job of the branch that the credential names, with the claims that GitLab always sends."""
    sub = "project_path:group/app:ref_type:branch:ref:main"
    always = {"project_path": "group/app", "namespace_path": "group", "ref": "main"}
    async with trusting("https://gitlab.com", "registry", sub) as at:
        now = at.registry.clock()
        await at.login(at.issuer.token(now, sub=sub, ref_type="branch", **always))
        assert "GitLab always sends" in await at.refused(at.issuer.token(now, sub=sub, **always))


@in_loop
async def test_spiffe_bundles_are_given() -> None:
    """A trust domain publishes no metadata; its bundle comes with the trust."""
    domain, sub = "spiffe://example.org", "spiffe://example.org/ns/a/sa/build"
    issuers, key = IssuersInMemory(), new_key("k")
    registry = await RegistryInMemory.start(LineLog(None), issuers)
    try:
        issuer = issuers.add(domain, key)
        content = {"issuer": domain, "audiences": ["registry"], "name": "mesh"}
        jwks = json.dumps({"keys": [key.jwk(use="jwt-svid")]})
        await registry.manage("POST", "/trusts", {**content, "jwks": jwks})
        at = Port(registry, issuers, issuer, await make_principal(registry, "ci"))
        await at.federate(at.principal, issuer=domain, subject=sub)
        await at.login(issuer.token(registry.clock(), sub=sub))
        assert issuers.asked == []
    finally:
        registry.stop()


@pytest.mark.parametrize(
    ("issuer", "kind", "metadata"),
    [
        (V1, "Microsoft Entra ID", f"https://login.microsoftonline.com/{TENANT}"),
        (V2, "Microsoft Entra ID", V2),
        ("https://sts.windows.net/common/", "OpenID Connect", "https://sts.windows.net/common"),
        (f"{V2}/x", "OpenID Connect", f"{V2}/x"),
        (f"https://evil.test/{V2}", "OpenID Connect", f"https://evil.test/{V2}"),
        (
            "https://token.actions.githubusercontent.com/octo",
            "GitHub Actions",
            "https://token.actions.githubusercontent.com/octo",
        ),
        (
            "https://token.actions.githubusercontent.com.evil.test",
            "OpenID Connect",
            "https://token.actions.githubusercontent.com.evil.test",
        ),
        ("https://gitlab.com", "GitLab", "https://gitlab.com"),
        ("https://keycloak.test/realms/a/", "OpenID Connect", "https://keycloak.test/realms/a"),
    ],
)
def test_issuers_are_known_by_their_whole_name(issuer: str, kind: str, metadata: str) -> None:
    """Names that only look like a well-known one are like any other."""
    assert kind_of(issuer).name == kind
    assert discovery_url(issuer) == f"{metadata}/.well-known/openid-configuration"


@pytest.mark.parametrize(
    "issuer",
    [
        *("", "github", "ftp://issuer.test", "https://", "https:///x", "file:///etc/passwd"),
        *("https://user:secret@issuer.test", "https://issuer.test?x=1", "https://issuer.test#x"),
        *("https://issuer.test/ x", "https://issuer.test\\@evil.test", "https://[::1", "data:,x"),
        *("https://issuer.test:0", "https://issuer.test:x", "https://issuer.test\n", "spiffe://a"),
        *("https://іssuer.test", "https://issuer.test/" + "x" * 512, "javascript:alert(1)"),  # noqa: RUF001 - a Ukrainian letter
    ],
)
def test_what_is_no_issuer_is_refused(issuer: str) -> None:
    """Nothing that could be read in two ways is ever asked or compared."""
    with pytest.raises(Unacceptable):
        check_issuer(issuer, keys_given=False)
