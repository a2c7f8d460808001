"""People sign in at the page for a programme on their computer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.sts.browser import (
    ACR,
    AZURE_CLI,
    REDIRECT,
    Browser,
    authorize_address,
    claims_of,
    code_for,
    exchange,
    header_values,
    make_user,
    redeem,
    tenant_of,
    tokens_for,
)
from tests.wire.governing import running

from pratique.testing.loops import in_loop


@in_loop
async def test_a_code_becomes_tokens_that_open_the_registry() -> None:
    """Name and password, a code in the answer, tokens for it, a registry token for those."""
    async with running() as registry:
        password = await make_user(registry)
        browser = Browser(registry)
        page = await browser.get(await authorize_address(registry))
        assert (page.status, "Azure CLI" in page.text) == (200, True)
        done = await browser.press(page, "password", username="ada", password=password)
        assert done.status == 303
        assert done.location.startswith(f"{REDIRECT}?")
        assert done.answer()["state"] == "state & more"
        status, tokens = await redeem(registry, done.answer()["code"])
        assert (status, tokens["scope"]) == (200, ACR)
        assert (await exchange(registry, tokens["access_token"]))[0] == 200


@in_loop
async def test_tokens_say_who_and_through_what() -> None:
    """Access token, id token and client information name one user, client and tenant."""
    async with running() as registry:
        tokens = await tokens_for(registry, await make_user(registry))
        users = {u["username"]: u for u in await registry.manage("GET", "/users")}
        object_id, tenant = users["ada"]["object_id"], await tenant_of(registry)
        access, about = claims_of(tokens["access_token"]), claims_of(tokens["id_token"])
        assert (
            access
            | {
                "oid": object_id,
                "tid": tenant,
                "aud": "https://containerregistry.azure.net",
                "idtyp": "user",
                "scp": "user_impersonation",
                "upn": "ada",
                "preferred_username": "ada",
                "appid": AZURE_CLI,
                "appidacr": "0",
            }
            == access
        )
        assert (
            about
            | {
                "oid": object_id,
                "tid": tenant,
                "aud": AZURE_CLI,
                "nonce": "n-0S6",
                "preferred_username": "ada",
            }
            == about
        )
        assert claims_of(f".{tokens['client_info']}.") == {"uid": object_id, "utid": tenant}


@in_loop
async def test_a_session_saves_the_password_and_nothing_more() -> None:
    """A second programme is asked for in one press, not let through unseen."""
    async with running() as registry:
        browser = Browser(registry)
        await code_for(browser, await make_user(registry))
        page = await browser.get(await authorize_address(registry))
        assert (page.status, "Continue to Azure CLI?" in page.text) == (200, True)
        done = await browser.press(page, "continue")
        assert (await redeem(registry, done.answer()["code"]))[0] == 200


@in_loop
async def test_another_account_may_be_used_and_the_sign_in_cancelled() -> None:
    """The two ways out of the page that asks whether to go on."""
    async with running() as registry:
        browser = Browser(registry)
        await code_for(browser, await make_user(registry))
        page = await browser.get(await authorize_address(registry, prompt="select_account"))
        assert "password" in (await browser.press(page, "another")).steps
        cancelled = (await browser.press(page, "cancel")).answer()
        assert (cancelled["error"], cancelled["state"]) == ("access_denied", "state & more")


@pytest.mark.parametrize(
    ("signed_in", "prompt", "outcome"),
    [
        (False, "none", "login_required"),
        (True, "none", "interaction_required"),
        (True, "login", "password"),
        (True, "select_account", "continue"),
        (False, "select_account", "password"),
        (True, "consent", "continue"),
        (True, "never", "invalid_request"),
    ],
)
@in_loop
async def test_prompt_chooses_the_page(signed_in: bool, prompt: str, outcome: str) -> None:  # noqa: FBT001
    """What the programme wants asked is asked, or it is told that it must be."""
    async with running() as registry:
        browser = Browser(registry)
        if signed_in:
            await code_for(browser, await make_user(registry))
        page = await browser.get(await authorize_address(registry, prompt=prompt))
        got = page.answer()["error"] if page.status == 303 else page.steps[0]
        assert got == outcome


@in_loop
async def test_the_answer_may_be_sent_by_a_form() -> None:
    """As MSAL's own listener wants it: the page's form leads to the programme and nowhere else."""
    async with running() as registry:
        browser, password = Browser(registry), await make_user(registry)
        page = await browser.get(await authorize_address(registry, response_mode="form_post"))
        sent = await browser.press(page, "password", username="ada", password=password)
        assert (sent.status, sent.action) == (200, REDIRECT)
        assert sent.fields["state"] == "state & more"
        (policy,) = header_values(sent.response, "content-security-policy")
        assert f"form-action 'self' {REDIRECT};" in policy
        assert (await redeem(registry, sent.fields["code"]))[0] == 200


@in_loop
async def test_wrong_names_and_wrong_passwords_read_alike() -> None:
    """The page is the same but for the name that was typed; nothing typed comes back but that."""
    async with running() as registry:
        await make_user(registry)
        browser, pages = Browser(registry), []
        for name in ("ada", "eve"):
            page = await browser.get(await authorize_address(registry))
            wrong = await browser.press(page, "password", username=name, password="not it at all")
            assert "not it at all" not in wrong.response.body.decode()
            pages.append(
                (
                    wrong.status,
                    wrong.text,
                    len(header_values(wrong.response, "x-pratique-decision")),
                )
            )
        assert pages[0] == pages[1]
        assert pages[0][0] == 403
        assert "The user name or the password is wrong." in pages[0][1]


@in_loop
async def test_guessing_passwords_is_slowed_down() -> None:
    """After five wrong ones the page says how long to wait, even to the right one."""
    async with running() as registry:
        browser, password = Browser(registry), await make_user(registry)
        address = await authorize_address(registry)
        for _ in range(6):
            page = await browser.get(address)
            await browser.press(page, "password", username="ada", password="a wrong guess")
        page = await browser.press(page, "password", username="ada", password=password)
        assert page.status == 429
        assert int(header_values(page.response, "retry-after")[0]) > 0
        registry.clock.advance(timedelta(minutes=2))
        assert await code_for(browser, password)


@in_loop
async def test_who_is_disabled_is_told_so_after_the_right_password() -> None:
    """And only then."""
    async with running() as registry:
        password = await make_user(registry)
        await registry.manage("POST", "/users/ada/disable")
        browser = Browser(registry)
        page = await browser.get(await authorize_address(registry))
        told = await browser.press(page, "password", username="ada", password=password)
        assert (told.status, "`ada` is disabled" in told.text) == (403, True)


@in_loop
async def test_service_principals_do_not_sign_in_at_the_page() -> None:
    """A client id with its secret is no user."""
    async with running() as registry:
        made = await registry.manage("POST", "/service-principals", {"name": "robot"})
        browser = Browser(registry)
        page = await browser.get(await authorize_address(registry))
        told = await browser.press(
            page, "password", username=made["client_id"], password=made["secret"]
        )
        assert "The user name or the password is wrong." in told.text


@pytest.mark.parametrize(
    "end", ["/users/ada/sign-out", "/users/ada/disable", "/users/ada/password"]
)
@in_loop
async def test_a_session_dies_with_what_it_was_made_of(end: str) -> None:
    """Signed out everywhere, disabled, or another password: the page asks again."""
    async with running() as registry:
        browser = Browser(registry)
        await code_for(browser, await make_user(registry))
        await registry.manage("POST", end, {} if end.endswith("password") else None)
        page = await browser.get(await authorize_address(registry))
        assert page.steps == ["password"]


@in_loop
async def test_a_session_ends_after_eight_hours() -> None:
    """Neither earlier nor later."""
    async with running() as registry:
        browser = Browser(registry)
        await code_for(browser, await make_user(registry))
        registry.clock.advance(timedelta(hours=7, minutes=59))
        assert (await browser.get(await authorize_address(registry))).steps[0] == "continue"
        registry.clock.advance(timedelta(minutes=2))
        assert (await browser.get(await authorize_address(registry))).steps == ["password"]


@in_loop
async def test_signing_out_ends_the_session_and_copies_of_it() -> None:
    """The cookie goes, and has no force for who kept a copy; programmes stay signed in."""
    async with running() as registry:
        browser, password = Browser(registry), await make_user(registry)
        tokens = (await redeem(registry, await code_for(browser, password)))[1]
        thief = Browser(registry, dict(browser.cookies))
        address = f"/{await tenant_of(registry)}/oauth2/v2.0/logout"
        asked = await browser.get(f"{address}?post_logout_redirect_uri=https://evil.example/")
        assert "pratique-session" in browser.cookies
        done = await browser.press(asked, "sign-out")
        assert (done.status, "You are signed out" in done.text) == (200, True)
        assert header_values(done.response, "location") == []
        assert "pratique-session" not in browser.cookies
        assert (await thief.get(await authorize_address(registry))).steps == ["password"]
        assert (await exchange(registry, tokens["access_token"]))[0] == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "https://vault.azure.net/.default"}, "invalid_resource"),
        ({"scope": f"{ACR} https://management.azure.com/.default"}, "invalid_scope"),
    ],
)
@in_loop
async def test_what_is_not_given_here_is_told_to_the_programme(
    changes: dict[str, str], error: str
) -> None:
    """By its redirect address, with its state."""
    async with running() as registry:
        page = await Browser(registry).get(await authorize_address(registry, **changes))
        answer = page.answer()
        assert (answer["error"], answer["state"]) == (error, "state & more")
        assert answer["error_description"].startswith("AADSTS")
