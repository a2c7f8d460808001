"""Attacks that use what a request says about itself: its host, its header, its haste."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest
from tests.sts.browser import Browser, make_user, start_device
from tests.sts.directory import directory
from tests.wire.governing import running

from pratique.testing.loops import in_loop
from pratique.testing.outside_issuers import new_key
from pratique.testing.registry_in_memory import RegistryInMemory, basic, bearer


@in_loop
async def test_an_assertion_for_another_host_is_not_taken_under_its_name() -> None:
    """Once the registry has a name, what the client writes into `Host` counts for nothing."""
    async with directory() as made:
        signer = await made.certified(new_key("certificate", "RS256"))
        await made.registry.manage("PATCH", "/registry", {"login_server": "registry.example"})
        audience = f"http://evil.example/{made.tenant}/oauth2/v2.0/token"
        form = signer.form(signer.assertion(made.registry.clock(), aud=audience))
        made.registry.host = "evil.example"
        assert (await made.ask(form)).status == 401
        own = f"http://registry.example/{made.tenant}/oauth2/v2.0/token"
        good = signer.form(signer.assertion(made.registry.clock(), aud=own))
        assert (await made.ask(good)).status == 200


@pytest.mark.parametrize("crit", [1, [1], ["exp"], None])
@in_loop
async def test_a_header_with_more_than_ours_is_no_failure_inside(crit: object) -> None:
    """It was not signed here, whatever else it says."""
    async with running() as registry:
        password = await make_user(registry)
        token = await registry.token(("ada", password), "repository:team/app:pull")
        head, rest = token.split(".", 1)
        members = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        shown = json.dumps({**members, "crit": crit}).encode()
        forged = f"{base64.urlsafe_b64encode(shown).rstrip(b'=').decode()}.{rest}"
        for value in (bearer(forged), basic("00000000-0000-0000-0000-000000000000", forged)):
            for address in ("/v2/", "/oauth2/token", "/api/v1/registry"):
                answer = await registry.ask("GET", address, headers={"authorization": value})
                assert answer.status == 401


async def _sign_in(registry: RegistryInMemory, password: str) -> int:
    headers = {"authorization": basic("ada", password)}
    return (await registry.ask("GET", "/v2/", headers=headers)).status


@in_loop
async def test_guesses_at_once_count_like_guesses_one_by_one() -> None:
    """Only five passwords are looked at, however many come at the same time."""
    async with running() as registry:
        await make_user(registry)
        guesses = (_sign_in(registry, f"guess {number}") for number in range(12))
        statuses = await asyncio.gather(*guesses)
        assert sorted(statuses) == [401] * 5 + [429] * 7


@in_loop
async def test_ones_own_device_code_forgives_no_guesses() -> None:
    """Or codes of others could be tried out without end."""
    async with running() as registry:
        await make_user(registry)
        browser, statuses = Browser(registry), []
        for _ in range(3):
            for _ in range(4):
                page = await browser.get("/device")
                told = await browser.press(page, "user-code", user_code="BCDF-GHJK")
                statuses.append(told.status)
            own = (await start_device(registry))["user_code"]
            page = await browser.get("/device")
            await browser.press(page, "user-code", user_code=own)
        assert 429 in statuses
