"""Users with a second factor: the password alone opens nothing."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.sts.browser import (
    Browser,
    Page,
    authorize_address,
    header_values,
    make_user,
    post_token,
    redeem,
    start_device,
)
from tests.wire.governing import manifest_of, running

from pratique.identity.totp import one_time_password, step_at
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory, basic

_STEP = timedelta(seconds=30)


async def _enabled(registry: RegistryInMemory) -> tuple[str, str]:
    """A user with a second factor: password and secret."""
    password = await make_user(registry)
    made = await registry.manage("POST", "/users/ada/totp")
    return password, made["secret"]


def _now(registry: RegistryInMemory, secret: str, steps: int = 0) -> str:
    return one_time_password(secret, step_at(registry.clock()) + steps)


async def _second_page(browser: Browser, password: str) -> Page:
    page = await browser.get(await authorize_address(browser.registry))
    return await browser.press(page, "password", username="ada", password=password)


@in_loop
async def test_password_and_code_together_open() -> None:
    """The page asks for the code after the password; then it is as for everybody."""
    async with running() as registry:
        password, secret = await _enabled(registry)
        browser = Browser(registry)
        page = await _second_page(browser, password)
        assert page.steps == ["second-factor"]
        assert "pratique-session" not in browser.cookies
        done = await browser.press(page, "second-factor", code=_now(registry, secret))
        assert (await redeem(registry, done.answer()["code"]))[0] == 200
        assert (await browser.get(await authorize_address(registry))).steps[0] == "continue"


@in_loop
async def test_the_secret_is_shown_once_as_authenticators_take_it() -> None:
    """The address names user and registry; no list shows the secret."""
    async with running() as registry:
        await make_user(registry)
        made = await registry.manage("POST", "/users/ada/totp")
        address = urlsplit(made["uri"])
        assert (address.scheme, address.netloc, address.path) == (
            "otpauth",
            "totp",
            "/demoregistry:ada",
        )
        assert parse_qs(address.query)["secret"] == [made["secret"]]
        listed = await registry.manage("GET", "/users")
        assert [u["totp"] for u in listed if u["username"] == "ada"] == [True]
        assert made["secret"] not in str(listed)


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (1, True), (2, False)])
@in_loop
async def test_clocks_may_disagree_by_one_step(steps: int, right: bool) -> None:  # noqa: FBT001
    """And by no more."""
    async with running() as registry:
        password, secret = await _enabled(registry)
        browser = Browser(registry)
        page = await _second_page(browser, password)
        done = await browser.press(page, "second-factor", code=_now(registry, secret, steps))
        assert (done.status == 303) == right


@in_loop
async def test_a_code_is_good_once() -> None:
    """Who looked over a shoulder comes too late; the next step's code is good again."""
    async with running() as registry:
        password, secret = await _enabled(registry)
        code = _now(registry, secret)
        first, second = Browser(registry), Browser(registry)
        assert (
            await first.press(await _second_page(first, password), "second-factor", code=code)
        ).status == 303
        page = await second.press(await _second_page(second, password), "second-factor", code=code)
        assert (page.status, "used already" in page.text) == (403, True)
        registry.clock.advance(_STEP)
        done = await second.press(page, "second-factor", code=_now(registry, secret))
        assert done.status == 303


@in_loop
async def test_guessing_codes_is_slowed_down_also_with_the_right_password() -> None:
    """A right password in between forgives nothing."""
    async with running() as registry:
        password, secret = await _enabled(registry)
        browser = Browser(registry)
        for number in range(6):
            page = await _second_page(browser, password)
            page = await browser.press(page, "second-factor", code=f"00000{number}")
        page = await browser.press(
            await _second_page(browser, password), "second-factor", code=_now(registry, secret)
        )
        assert page.status == 429
        assert int(header_values(page.response, "retry-after")[0]) > 0


@in_loop
async def test_the_second_step_cannot_be_had_without_the_first() -> None:
    """A form of the first page is not one of the second."""
    async with running() as registry:
        _, secret = await _enabled(registry)
        browser = Browser(registry)
        page = await browser.get(await authorize_address(registry))
        page.steps.append("second-factor")
        told = await browser.press(page, "second-factor", code=_now(registry, secret))
        assert told.status == 400


@in_loop
async def test_the_second_step_dies_with_the_password() -> None:
    """A password that was changed in between has proved nothing."""
    async with running() as registry:
        password, secret = await _enabled(registry)
        browser = Browser(registry)
        page = await _second_page(browser, password)
        await registry.manage("POST", "/users/ada/password", {})
        told = await browser.press(page, "second-factor", code=_now(registry, secret))
        assert told.steps == ["password"]


@in_loop
async def test_no_other_way_in_takes_the_password_alone() -> None:
    """Neither Basic nor the password grant; the words say what to do."""
    async with running() as registry:
        password, _ = await _enabled(registry)
        await registry.manage("PATCH", "/registry", {"password_grant": True})
        answer = await manifest_of(registry, "a", {"authorization": basic("ada", password)})
        assert (answer.status, b"one-time password" in answer.body) == (401, True)
        status, told = await post_token(
            registry, grant_type="password", username="ada", password=password, scope="openid"
        )
        assert (status, told["error_codes"]) == (400, [50076])


@in_loop
async def test_the_device_page_asks_for_it_too() -> None:
    """Every page signs in by the same steps."""
    async with running() as registry:
        password, secret = await _enabled(registry)
        started = await start_device(registry)
        browser = Browser(registry)
        page = await browser.press(
            await browser.get("/device"), "user-code", user_code=started["user_code"]
        )
        page = await browser.press(page, "password", username="ada", password=password)
        page = await browser.press(page, "second-factor", code=_now(registry, secret))
        assert "You are signed in" in (await browser.press(page, "allow")).text


@in_loop
async def test_taken_away_the_password_opens_alone_again() -> None:
    """And once more it cannot be taken away."""
    async with running() as registry:
        password, _ = await _enabled(registry)
        await registry.manage("DELETE", "/users/ada/totp")
        assert (await _second_page(Browser(registry), password)).status == 303
        again = await registry.ask("DELETE", "/api/v1/users/ada/totp", inside=True)
        assert again.status == 404
