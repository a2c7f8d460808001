"""Tokens of users: renewed while the sign-in stands, and not a request longer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.sts.browser import (
    ACR,
    ARM,
    SCOPE,
    Browser,
    claims_of,
    code_for,
    exchange,
    make_user,
    post_token,
    redeem,
    refresh,
    tokens_for,
)
from tests.wire.governing import manifest_of, running

from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory, basic

_GRAPH = "https://graph.microsoft.com/.default"


async def _by_password(
    registry: RegistryInMemory, password: str, name: str = "ada"
) -> tuple[int, dict[str, Any]]:
    return await post_token(
        registry, grant_type="password", username=name, password=password, scope=SCOPE
    )


@pytest.mark.parametrize("scope", [ACR, ARM, _GRAPH])
@in_loop
async def test_a_refresh_token_is_good_for_any_resource(scope: str) -> None:
    """As clients of Entra ID expect of the one they keep."""
    async with running() as registry:
        tokens = await tokens_for(registry, await make_user(registry))
        status, renewed = await refresh(
            registry, tokens["refresh_token"], f"{scope} openid offline_access profile"
        )
        assert (status, renewed["scope"]) == (200, scope)
        assert claims_of(renewed["access_token"])["aud"] == scope.removesuffix("/.default")
        assert {"id_token", "refresh_token", "client_info"} <= set(renewed)


@in_loop
async def test_without_a_scope_the_first_one_is_meant() -> None:
    """RFC 6749 section 6."""
    async with running() as registry:
        tokens = await tokens_for(registry, await make_user(registry))
        renewed = (await refresh(registry, tokens["refresh_token"], ""))[1]
        assert renewed["scope"] == ACR


@in_loop
async def test_a_refresh_token_lives_for_thirty_days_from_its_last_use() -> None:
    """Each use gives one that lives longer."""
    async with running() as registry:
        first = (await tokens_for(registry, await make_user(registry)))["refresh_token"]
        registry.clock.advance(timedelta(days=29))
        second = (await refresh(registry, first))[1]["refresh_token"]
        registry.clock.advance(timedelta(days=2))
        status, told = await refresh(registry, first)
        assert (status, told["error_codes"]) == (400, [700082])
        assert (await refresh(registry, second))[0] == 200


@pytest.mark.parametrize(
    ("method", "end"),
    [
        ("POST", "/users/ada/sign-out"),
        ("POST", "/users/ada/disable"),
        ("POST", "/users/ada/password"),
        ("POST", "/users/ada/totp"),
        ("DELETE", "/users/ada"),
        ("POST", "/signing-keys"),
    ],
)
@in_loop
async def test_everything_dies_with_the_sign_in(method: str, end: str) -> None:
    """Refresh token, directory token and registry token are refused with the next request."""
    async with running() as registry:
        password = await make_user(registry)
        tokens = await tokens_for(registry, password)
        registry_token = (await exchange(registry, tokens["access_token"]))[1]["refresh_token"]
        held = {"authorization": basic("00000000-0000-0000-0000-000000000000", registry_token)}
        assert (await manifest_of(registry, "team/app", held)).status == 404
        content = {"at_once": True} if end == "/signing-keys" else None
        content = {} if end.endswith("password") else content
        await registry.manage(method, end, content)
        status, told = await refresh(registry, tokens["refresh_token"])
        assert (status in {400, 401}, told["error"]) == (True, "invalid_grant")
        assert (await exchange(registry, tokens["access_token"]))[0] == 401
        assert (await manifest_of(registry, "team/app", held)).status == 401


@in_loop
async def test_after_signing_out_everywhere_the_password_still_opens() -> None:
    """It ends what is, and bars nobody."""
    async with running() as registry:
        password = await make_user(registry)
        await registry.manage("POST", "/users/ada/sign-out")
        assert await tokens_for(registry, password)
        users = await registry.manage("GET", "/users")
        assert [u["signed_out"] is not None for u in users if u["username"] == "ada"] == [True]


@in_loop
async def test_a_rotated_key_lets_clients_renew_for_three_hours() -> None:
    """And who comes later signs in again."""
    async with running() as registry:
        tokens = await tokens_for(registry, await make_user(registry))
        await registry.manage("POST", "/signing-keys", {})
        registry.clock.advance(timedelta(hours=3))
        renewed = (await refresh(registry, tokens["refresh_token"]))[1]
        registry.clock.advance(timedelta(hours=1))
        assert (await refresh(registry, tokens["refresh_token"]))[0] == 400
        assert (await refresh(registry, renewed["refresh_token"]))[0] == 200


@in_loop
async def test_a_refresh_token_belongs_to_its_client() -> None:
    """Another programme cannot use it."""
    async with running() as registry:
        tokens = await tokens_for(registry, await make_user(registry))
        status, told = await post_token(
            registry,
            client_id="1950a258-227b-4e31-a9cf-717495945fc2",
            grant_type="refresh_token",
            refresh_token=tokens["refresh_token"],
        )
        assert (status, told["error"]) == (400, "invalid_grant")


@in_loop
async def test_a_refusal_can_be_found_by_its_id() -> None:
    """The correlation id is that of the recorded decision; no secret is in the answer."""
    async with running() as registry:
        status, told = await refresh(registry, "not.a.token")
        assert status == 400
        assert "not.a.token" not in told["error_description"]
        found = await registry.manage("GET", f"/decisions/{told['correlation_id']}")
        assert found["kind"] == "sign-in refused"


@pytest.mark.parametrize(
    ("scope", "members"),
    [
        (ACR, set[str]()),
        (f"{ACR} openid", {"id_token"}),
        (f"{ACR} offline_access", {"refresh_token"}),
        ("openid offline_access", {"id_token", "refresh_token"}),
        (f"{ACR.removesuffix('/.default')}/user_impersonation", set[str]()),
    ],
)
@in_loop
async def test_the_answer_holds_what_was_asked_for(scope: str, members: set[str]) -> None:
    """No refresh token and no id token unasked."""
    async with running() as registry:
        code = await code_for(Browser(registry), await make_user(registry), scope=scope)
        tokens = (await redeem(registry, code))[1]
        assert {"id_token", "refresh_token"} & set(tokens) == members


@in_loop
async def test_the_password_grant_is_off_until_it_is_switched_on() -> None:
    """The refusal names the switch."""
    async with running() as registry:
        password = await make_user(registry)
        status, told = await _by_password(registry, password)
        assert (status, told["error"]) == (400, "unsupported_grant_type")
        assert "--password-grant on" in told["error_description"]
        await registry.manage("PATCH", "/registry", {"password_grant": True})
        status, tokens = await _by_password(registry, password)
        assert status == 200
        assert (await exchange(registry, tokens["access_token"]))[0] == 200
        await registry.manage("PATCH", "/registry", {"password_grant": False})
        assert (await _by_password(registry, password))[0] == 400


@in_loop
async def test_wrong_passwords_of_the_grant_are_counted() -> None:
    """401, the same words for a name that nobody has, and 429 in the end."""
    async with running() as registry:
        await make_user(registry)
        await registry.manage("PATCH", "/registry", {"password_grant": True})
        answers = [await _by_password(registry, "a wrong guess", n) for n in ("ada", "eve")]
        sentences = [told["error_description"].partition(" Trace")[0] for _, told in answers]
        assert [status for status, _ in answers] == [401, 401]
        assert sentences[0] == sentences[1]
        for _ in range(5):
            await _by_password(registry, "a wrong guess")
        assert (await _by_password(registry, "a wrong guess"))[0] == 429


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "authorization_code", "client_id": "x", "code": "y"}, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "a" * 20_000}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "ÿ.ÿ.ÿ"}, "invalid_grant"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
    ],
)
@in_loop
async def test_malformed_requests_get_the_standard_error(
    fields: dict[str, str], error: str
) -> None:
    """Never a failure inside."""
    async with running() as registry:
        assert (await post_token(registry, **fields))[1]["error"] == error
