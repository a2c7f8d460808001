"""People allow on one device a sign-in that began on another."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.sts.browser import (
    ACR,
    Browser,
    Page,
    code_for,
    exchange,
    make_user,
    poll,
    post_token,
    start_device,
)
from tests.wire.governing import running

from pratique.testing.loops import in_loop

_WAIT = timedelta(seconds=5)


async def _confirming(browser: Browser, user_code: str, password: str, name: str = "ada") -> Page:
    """The page that asks whether to allow it."""
    page = await browser.press(await browser.get("/device"), "user-code", user_code=user_code)
    if "password" in page.steps:
        page = await browser.press(page, "password", username=name, password=password)
    return page


@in_loop
async def test_a_device_gets_tokens_once_the_user_allows_it() -> None:
    """Pending until then; afterwards the code is used up."""
    async with running() as registry:
        password, started = await make_user(registry), await start_device(registry)
        assert started["verification_uri"] in started["message"]
        assert started["user_code"] in started["message"]
        assert (await poll(registry, started["device_code"]))[1]["error"] == "authorization_pending"
        page = await _confirming(Browser(registry), started["user_code"], password)
        for shown in ("Azure CLI", "192.0.2.1", started["user_code"], "ada"):
            assert shown in page.text
        browser = Browser(registry)
        page = await _confirming(browser, started["user_code"], password)
        assert "You are signed in" in (await browser.press(page, "allow")).text
        registry.clock.advance(_WAIT)
        status, tokens = await poll(registry, started["device_code"])
        assert (status, tokens["scope"]) == (200, ACR)
        assert {"id_token", "refresh_token"} <= set(tokens)
        assert (await exchange(registry, tokens["access_token"]))[0] == 200
        assert (await poll(registry, started["device_code"]))[1]["error"] == "invalid_grant"


@in_loop
async def test_a_denied_device_is_told_so() -> None:
    """And gets nothing."""
    async with running() as registry:
        password, started = await make_user(registry), await start_device(registry)
        browser = Browser(registry)
        page = await _confirming(browser, started["user_code"], password)
        assert "denied" in (await browser.press(page, "deny")).text
        assert (await poll(registry, started["device_code"]))[1]["error"] == "access_denied"


@in_loop
async def test_a_device_that_asks_too_often_is_slowed_down() -> None:
    """Each time by five seconds more (RFC 8628 section 3.5)."""
    async with running() as registry:
        code = (await start_device(registry))["device_code"]
        errors = []
        for seconds in (0, 1, 5, 16):
            registry.clock.advance(timedelta(seconds=seconds))
            errors.append((await poll(registry, code))[1]["error"])
        assert errors == [
            "authorization_pending",
            "slow_down",
            "slow_down",
            "authorization_pending",
        ]


@in_loop
async def test_a_code_expires() -> None:
    """The device and the user are both told."""
    async with running() as registry:
        started = await start_device(registry)
        registry.clock.advance(timedelta(seconds=started["expires_in"]))
        assert (await poll(registry, started["device_code"]))[1]["error"] == "expired_token"
        browser = Browser(registry)
        page = await browser.press(
            await browser.get("/device"), "user-code", user_code=started["user_code"]
        )
        assert (page.status, "older than a quarter of an hour" in page.text) == (403, True)


@in_loop
async def test_a_code_expires_while_the_user_thinks() -> None:
    """What was allowed too late is not allowed."""
    async with running() as registry:
        password, started = await make_user(registry), await start_device(registry)
        browser = Browser(registry)
        page = await _confirming(browser, started["user_code"], password)
        registry.clock.advance(timedelta(minutes=16))
        assert (await browser.press(page, "allow")).status == 400
        assert (await poll(registry, started["device_code"]))[1]["error"] == "expired_token"


@pytest.mark.parametrize("typed", ["{}", " {} ", "lower", "bare"])
@in_loop
async def test_codes_may_be_typed_as_people_type(typed: str) -> None:
    """In any case, with or without the hyphen."""
    async with running() as registry:
        code = (await start_device(registry))["user_code"]
        forms = {"lower": code.lower(), "bare": code.replace("-", " ")}
        text = forms.get(typed, typed.format(code))
        browser = Browser(registry)
        page = await browser.press(await browser.get("/device"), "user-code", user_code=text)
        assert page.steps == ["password"]


@in_loop
async def test_one_answer_is_final() -> None:
    """A second window with the same code comes too late."""
    async with running() as registry:
        password, started = await make_user(registry), await start_device(registry)
        one, two = Browser(registry), Browser(registry)
        pages = [await _confirming(b, started["user_code"], password) for b in (one, two)]
        await one.press(pages[0], "deny")
        assert (await two.press(pages[1], "allow")).status == 400
        assert (await poll(registry, started["device_code"]))[1]["error"] == "access_denied"


@in_loop
async def test_of_two_polls_at_once_one_gets_the_tokens() -> None:
    """They are given out once."""
    async with running() as registry:
        password, started = await make_user(registry), await start_device(registry)
        browser = Browser(registry)
        await browser.press(await _confirming(browser, started["user_code"], password), "allow")
        answers = await asyncio.gather(*(poll(registry, started["device_code"]) for _ in range(3)))
        assert sorted(status for status, _ in answers) == [200, 400, 400]


@in_loop
async def test_what_was_allowed_dies_before_it_is_fetched() -> None:
    """A user who was signed out everywhere in between allowed nothing."""
    async with running() as registry:
        password, started = await make_user(registry), await start_device(registry)
        browser = Browser(registry)
        await browser.press(await _confirming(browser, started["user_code"], password), "allow")
        await registry.manage("POST", "/users/ada/sign-out")
        assert (await poll(registry, started["device_code"]))[1]["error"] == "invalid_grant"


@in_loop
async def test_a_device_code_belongs_to_its_client() -> None:
    """Another programme cannot fetch what it stands for."""
    async with running() as registry:
        started = await start_device(registry)
        status, told = await post_token(
            registry,
            client_id="1950a258-227b-4e31-a9cf-717495945fc2",
            grant_type="urn:ietf:params:oauth:grant-type:device_code",
            device_code=started["device_code"],
        )
        assert (status, told["error"]) == (400, "invalid_grant")


@in_loop
async def test_the_answer_needs_the_form_of_this_code_and_user() -> None:
    """A form for one code does not allow another, nor does one without its token."""
    async with running() as registry:
        password = await make_user(registry)
        mine, theirs = await start_device(registry), await start_device(registry)
        browser = Browser(registry)
        page = await _confirming(browser, mine["user_code"], password)
        swapped = theirs["user_code"].replace("-", "")
        assert (await browser.press(page, "allow", user_code=swapped)).status == 400
        forged = {"step": "allow", "user_code": swapped}
        assert (await browser.post("/device", forged)).status == 400
        assert (await poll(registry, theirs["device_code"]))[1]["error"] == "authorization_pending"


@in_loop
async def test_a_session_goes_straight_to_the_question() -> None:
    """And another account may be used."""
    async with running() as registry:
        browser, password = Browser(registry), await make_user(registry)
        await code_for(browser, password)
        started = await start_device(registry)
        page = await browser.press(
            await browser.get("/device"), "user-code", user_code=started["user_code"]
        )
        assert page.steps == ["allow", "deny", "another"]
        assert (await browser.press(page, "another")).steps == ["password"]
