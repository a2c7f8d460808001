"""Tokens for applications that show a secret, and what is told to those that show a wrong one."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import quote

import pytest
from tests.sts.directory import BASE, Directory, Secretive, directory, refusal

from pratique.identity.directory_tokens import ACR_AUDIENCE
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import basic, header

WRONG = (401, "invalid_client", 7000215)
_NOBODY = "6d2f2c3e-0000-4000-8000-000000000000"


@in_loop
async def test_secret_gets_a_token() -> None:
    """The answer is of the shape that MSAL reads, and the token says who and by what."""
    async with directory() as made:
        robot = await made.application()
        answer = await made.ask(robot.form())
        content = json.loads(answer.body)
        assert set(content) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
        assert (content["token_type"], content["expires_in"]) == ("Bearer", 3600)
        assert header(answer, "cache-control") == "no-store"
        claims = made.claims(content["access_token"])
        assert (claims.oid, claims.sub, claims.appid) == (
            robot.object_id,
            robot.object_id,
            robot.client_id,
        )
        assert (claims.idtyp, claims.appidacr, claims.ver) == ("app", "1", "1.0")
        assert (claims.tid, claims.iss) == (made.tenant, f"{BASE}/{made.tenant}/v2.0")
        assert claims.cid == robot.secret_id
        assert claims.exp - claims.iat == 3600


@in_loop
async def test_basic_is_taken_as_well() -> None:
    """Client id and secret may come in the header, encoded as in a form."""
    async with directory() as made:
        robot = await made.application()
        form = {k: v for k, v in robot.form().items() if not k.startswith("client_")}
        shown = basic(quote(robot.client_id), quote(robot.secret))
        claims = await made.token(form, headers={"authorization": shown})
        assert claims.appid == robot.client_id


@in_loop
async def test_first_version_takes_a_resource() -> None:
    """`resource` in place of `scope`, and numbers as text, as v1 clients read them."""
    async with directory() as made:
        robot = await made.application()
        form = robot.form(resource="https://management.azure.com/")
        del form["scope"]
        answer = await made.ask(form, address="/common/oauth2/token")
        content = json.loads(answer.body)
        assert content["expires_in"] == "3600"
        assert int(content["expires_on"]) == int(content["not_before"]) + 3600
        assert content["resource"] == "https://management.azure.com/"
        assert made.claims(content["access_token"]).aud == "https://management.azure.com/"


@pytest.mark.parametrize(
    ("scope", "audience"),
    [
        (f"{ACR_AUDIENCE}/.default", ACR_AUDIENCE),
        (f"{ACR_AUDIENCE}//.default", f"{ACR_AUDIENCE}/"),
        ("https://management.azure.com/.default", "https://management.azure.com"),
        ("https://management.core.windows.net//.default", "https://management.core.windows.net/"),
        ("https://graph.microsoft.com/.default", "https://graph.microsoft.com"),
        (f"{BASE}/.default", BASE),
        (f"{BASE}//.default", f"{BASE}/"),
    ],
)
def test_token_is_for_the_resource_as_it_was_asked_for(scope: str, audience: str) -> None:
    """The `aud` is the scope without its end, slash for slash."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            robot = await made.application()
            assert (await made.token(robot.form(scope=scope))).aud == audience

    run()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"scope": "https://other.example/.default"}, (400, "invalid_resource", 500011)),
        ({"scope": ACR_AUDIENCE}, (400, "invalid_scope", 1002012)),
        ({"scope": f"{ACR_AUDIENCE}/.default openid"}, (400, "invalid_scope", 1002012)),
        ({"scope": "a/.default b/.default"}, (400, "invalid_scope", 1002012)),
        ({"scope": ""}, (400, "invalid_request", 900144)),
        ({"client_id": ""}, (400, "invalid_request", 900144)),
        ({"client_secret": ""}, (401, "invalid_client", 7000218)),
        ({"client_secret": "prq_wrong"}, WRONG),
        ({"client_secret": "\U0001f600\u0000"}, WRONG),
        ({"client_id": _NOBODY}, (401, "invalid_client", 700016)),
        ({"client_id": "owner"}, (401, "invalid_client", 700016)),
        ({"client_id": "demoregistry"}, (401, "invalid_client", 700016)),
        ({"grant_type": "implicit"}, (400, "unsupported_grant_type", 70003)),
        ({"grant_type": ""}, (400, "invalid_request", 900144)),
        ({"client_assertion": "a.b.c"}, (400, "invalid_request", 9000411)),
    ],
)
def test_faulty_requests_are_told_apart(fields: dict[str, str], told: tuple[int, str, int]) -> None:
    """Each fault has its word and number; what may be right next time is a 401."""

    @in_loop
    async def run() -> None:
        async with directory() as made:
            robot = await made.application()
            assert await made.refused(robot.form(**fields)) == told

    run()


@in_loop
async def test_who_proves_nothing_learns_nothing_of_resources() -> None:
    """A wrong secret is told before an unknown resource."""
    async with directory() as made:
        robot = await made.application()
        form = robot.form(client_secret="x", scope="https://other.example/.default")
        assert await made.refused(form) == WRONG


@in_loop
async def test_expired_and_disabled_are_told_to_the_rightful_only() -> None:
    """The right secret is told that it has expired or who is disabled; a wrong one is wrong."""
    async with directory() as made:
        robot = await made.application()
        await made.registry.manage("POST", "/service-principals/robot/disable")
        assert await made.refused(robot.form()) == (401, "unauthorized_client", 7000112)
        assert await made.refused(robot.form(client_secret="x")) == WRONG
        made.registry.clock.advance(timedelta(days=366))
        assert await made.refused(robot.form()) == (401, "invalid_client", 7000222)
        assert await made.refused(robot.form(client_secret="x")) == WRONG


@in_loop
async def test_token_does_not_outlive_its_secret() -> None:
    """A token made shortly before its secret's end says so."""
    async with directory() as made:
        robot = await made.application()
        made.registry.clock.advance(timedelta(days=365) - timedelta(minutes=10))
        answer = await made.ask(robot.form())
        assert json.loads(answer.body)["expires_in"] == 600


@in_loop
async def test_right_secret_counts_no_more_once_it_is_deleted() -> None:
    """A deleted secret is a wrong one with the next request, even within the same second."""
    async with directory() as made:
        robot = await made.application()
        await made.token(robot.form())
        await made.registry.manage("DELETE", "/service-principals/robot/secrets/default")
        assert await made.refused(robot.form()) == WRONG


@in_loop
async def test_refusal_is_recorded_under_its_correlation_id() -> None:
    """`pratique why` finds a refused sign-in by the id that the client was told."""
    async with directory() as made:
        robot = await made.application()
        answer = await made.ask(robot.form(client_secret="prq_wrong"))
        correlation_id = json.loads(answer.body)["correlation_id"]
        assert header(answer, "x-pratique-decision") == correlation_id
        kept = await made.registry.manage("GET", f"/decisions/{correlation_id}")
        assert kept["reason"] == "wrong-name-or-secret"
        assert b"prq_wrong" not in made.log.getvalue()
        assert b"prq_wrong" not in answer.body


async def _guess(made: Directory, robot: Secretive, times: int) -> list[int]:
    return [(await made.ask(robot.form(client_secret=f"guess {n}"))).status for n in range(times)]


@in_loop
async def test_guessing_is_throttled_like_every_sign_in() -> None:
    """After five wrong secrets a source must wait, and is told how long; the right one is taken.

    A secret that was made here cannot be guessed, so strangers who try only lock nobody out.
    """
    async with directory() as made:
        robot = await made.application()
        assert await _guess(made, robot, 6) == [401] * 5 + [429]
        answer = await made.ask(robot.form(client_secret="another guess"))
        assert refusal(answer) == (429, "temporarily_unavailable", 90055)
        assert int(str(header(answer, "retry-after"))) >= 1
        assert (await made.ask(robot.form())).status == 200


@in_loop
async def test_throttle_is_shared_with_the_registry() -> None:
    """Who guessed at the token endpoint of the directory must wait at that of the registry too."""
    async with directory() as made:
        robot = await made.application()
        await _guess(made, robot, 5)
        shown = {"authorization": basic(robot.client_id, "prq_a_guess")}
        answer = await made.registry.ask("GET", "/oauth2/token", headers=shown)
        assert answer.status == 429


@in_loop
async def test_unknown_clients_are_counted() -> None:
    """Client ids cannot be tried out without end."""
    async with directory() as made:
        robot = await made.application()
        forms = [robot.form(client_id=f"{_NOBODY[:-3]}{n:03d}") for n in range(60)]
        statuses = [(await made.ask(form)).status for form in forms]
        assert statuses[0] == 401
        assert statuses[-1] == 429


@in_loop
async def test_crowd_within_one_second_shares_a_token() -> None:
    """The same request gets the same token until the second is over; another gets its own."""
    async with directory() as made:
        robot, other = await made.application(), await made.application("other")
        first = await made.token(robot.form())
        assert await made.token(robot.form()) == first
        assert (await made.token(other.form())).appid == other.client_id
        made.registry.clock.advance(timedelta(seconds=1))
        assert (await made.token(robot.form())).uti != first.uti
