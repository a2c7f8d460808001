"""Tokens of outside issuers in the place of an application's own assertion."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.sts.directory import ACR_SCOPE, ASSERTION_TYPE, Directory, Secretive, directory

from pratique.testing.loops import in_loop
from pratique.testing.outside_issuers import OutsideIssuer, new_key, signed_token
from pratique.testing.registry_in_memory import START

ISSUER = "https://cluster.example"
SUBJECT = "system:serviceaccount:team-a:builder"
AUDIENCE = "api://AzureADTokenExchange"
NO_MATCH = (401, "invalid_client", 70021)
OUTSIDE = (401, "invalid_client", 50013)


@dataclass
class Cluster:
    """An issuer whose tokens stand for an application.

    Attributes:
        credential: the federated credential as the API shows it.
    """

    made: Directory
    issuer: OutsideIssuer
    robot: Secretive
    credential: dict[str, Any]

    def token(self, **claims: Any) -> str:
        """A good token, as far as the claims leave it one."""
        good = {"sub": SUBJECT, "aud": AUDIENCE, **claims}
        return self.issuer.token(self.made.registry.clock(), **good)

    def form(self, assertion: str) -> dict[str, str]:
        """A request for a token, as a workload sends it."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.robot.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            "scope": ACR_SCOPE,
        }


@asynccontextmanager
async def cluster(*, trusted: bool = True, **wanted: Any) -> AsyncIterator[Cluster]:
    """A registry, an issuer, and an application with a federated credential for its subject."""
    async with directory() as made:
        issuer = made.issuers.add(ISSUER)
        if trusted:
            await made.registry.manage(
                "POST", "/trusts", {"issuer": ISSUER, "name": "cluster", "audiences": [AUDIENCE]}
            )
        robot = await made.application()
        credential = await made.registry.manage(
            "POST",
            "/service-principals/robot/federated-credentials",
            {"issuer": ISSUER, "subject": SUBJECT, **wanted},
        )
        yield Cluster(made, issuer, robot, credential)


@in_loop
async def test_outside_token_gets_a_token() -> None:
    """A workload needs no secret; the token dies with the federated credential behind it."""
    async with cluster() as port:
        claims = await port.made.token(port.form(port.token()))
        assert (claims.appid, claims.appidacr) == (port.robot.client_id, "2")
        assert claims.cid == port.credential["credential_id"]


@in_loop
async def test_pattern_takes_its_like_and_no_strangers() -> None:
    """A pattern stands for those it names, and nobody beyond."""
    pattern: dict[str, Any] = {"subject": "system:serviceaccount:team-a:*", "pattern": True}
    async with cluster(**pattern) as port:
        await port.made.token(port.form(port.token(sub="system:serviceaccount:team-a:x")))
        for stranger in ("system:serviceaccount:team-b:x", "system:serviceaccount:team-a:x:y"):
            assert await port.made.refused(port.form(port.token(sub=stranger))) == NO_MATCH


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"sub": "system:serviceaccount:team-a:Builder"}, NO_MATCH),
        ({"sub": f"{SUBJECT}\u200b"}, OUTSIDE),
        ({"iss": "https://cluster.example/"}, NO_MATCH),
        ({"iss": "https://CLUSTER.example"}, NO_MATCH),
        ({"aud": "registry"}, OUTSIDE),
        ({"exp": int(START.timestamp()) - 3600}, OUTSIDE),
        ({"nbf": int(START.timestamp()) + 3600}, OUTSIDE),
    ],
)
def test_claims_that_fit_nothing_are_refused(
    claims: dict[str, Any], told: tuple[int, str, int]
) -> None:
    """Issuer, subject and audience are compared letter by letter, and time is kept."""

    @in_loop
    async def run() -> None:
        async with cluster() as port:
            assert await port.made.refused(port.form(port.token(**claims))) == told

    run()


@in_loop
async def test_trusted_audience_is_not_enough() -> None:
    """The federated credential's own audience counts, beside that of the trust."""
    async with cluster(audience="another") as port:
        assert await port.made.refused(port.form(port.token())) == NO_MATCH


@in_loop
async def test_forged_outside_token_is_refused() -> None:
    """A token by another key of the same name proves nothing."""
    async with cluster() as port:
        at = port.made.registry.clock()
        claims = port.issuer.claims(at, sub=SUBJECT, aud=AUDIENCE)
        forged = signed_token(new_key("first"), claims)
        assert await port.made.refused(port.form(forged)) == OUTSIDE


@in_loop
async def test_issuer_must_be_trusted() -> None:
    """A federated credential alone opens nothing while nobody trusts its issuer."""
    async with cluster(trusted=False) as port:
        assert await port.made.refused(port.form(port.token())) == OUTSIDE
        assert port.made.issuers.asked == []


@in_loop
async def test_no_key_is_fetched_for_who_is_not_expected() -> None:
    """Only an issuer that the application names is asked for its keys."""
    async with cluster() as port:
        stranger = port.made.issuers.add("https://stranger.example")
        token = stranger.token(port.made.registry.clock(), sub=SUBJECT, aud=AUDIENCE)
        assert await port.made.refused(port.form(token)) == NO_MATCH
        assert port.made.issuers.asked == []


@in_loop
async def test_removed_credential_counts_no_more() -> None:
    """Without the federated credential the same token proves nothing, at once."""
    async with cluster() as port:
        form = port.form(port.token())
        await port.made.token(form)
        where = (
            f"/service-principals/robot/federated-credentials/{port.credential['credential_id']}"
        )
        await port.made.registry.manage("DELETE", where)
        assert await port.made.refused(form) == NO_MATCH


@in_loop
async def test_issuer_that_is_down_is_nobody_s_fault() -> None:
    """503, no count against the source, and the cause is for the operator's log."""
    async with cluster() as port:
        port.made.issuers.down = "the name server of 10.0.0.1 is silent"
        form = port.form(port.token())
        for _ in range(7):
            answer = await port.made.ask(form)
            assert answer.status == 503
            assert b"10.0.0.1" not in answer.body
        assert "10.0.0.1" in str(port.made.lines())
        port.made.issuers.down = ""
        port.made.registry.clock.advance(timedelta(minutes=2))
        assert (await port.made.ask(port.form(port.token()))).status == 200


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"issuer": "cluster.example"}, "no URL"),
        ({"issuer": ""}, "issuer"),
        ({"audience": " "}, "audience"),
        ({"subject": "repo:a/b:*"}, "pattern"),
        ({"subject": "*", "pattern": True}, "owner"),
        ({"subject": "repo:*", "pattern": True}, "owner"),
        ({"subject": "a\nb"}, "printable"),
    ],
)
def test_credentials_that_would_take_in_anybody_are_not_made(
    wanted: dict[str, Any], words: str
) -> None:
    """No URL, no audience, a pattern that is trivially true: refused with the rule."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            await made.application()
            good = {"issuer": ISSUER, "subject": SUBJECT}
            with pytest.raises(AssertionError, match=words):
                await made.registry.manage(
                    "POST",
                    "/service-principals/robot/federated-credentials",
                    {**good, **wanted},
                )

    run()


@in_loop
async def test_same_credential_is_not_made_twice() -> None:
    """A second one of the same issuer, subject and audience is a conflict; twenty are enough."""
    where = "/service-principals/robot/federated-credentials"
    async with cluster() as port:
        manage = port.made.registry.manage
        with pytest.raises(AssertionError, match="409"):
            await manage("POST", where, {"issuer": ISSUER, "subject": SUBJECT})
        for n in range(19):
            await manage("POST", where, {"issuer": ISSUER, "subject": f"{SUBJECT}{n}"})
        with pytest.raises(AssertionError, match="20 federated credentials"):
            await manage("POST", where, {"issuer": ISSUER, "subject": "one more"})
