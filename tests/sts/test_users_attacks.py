"""What attackers try at the sign-in pages."""

from __future__ import annotations

import time
from datetime import timedelta
from statistics import median
from urllib.parse import quote, urlencode

import pytest
from tests.sts.browser import (
    AZURE_CLI,
    REDIRECT,
    VERIFIER,
    Browser,
    Page,
    authorize_address,
    code_for,
    exchange,
    header_values,
    make_user,
    post_token,
    redeem,
    refresh,
    start_device,
    tenant_of,
    tokens_for,
)
from tests.wire.governing import running

from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory, bearer

_MARK = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://evil.example/",
        "http://evil.example/",
        "http://localhost.evil.example/",
        "http://localhost:8400.evil.example/",
        "http://localhost@evil.example/",
        "http://localhost:8400@evil.example/",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.2",
        "http://127.1",
        "http://[::1]:8400",
        "https://localhost:8400",
        "http://LOCALHOST:8400",
        "http://localhost:",
        "http://localhost:0",
        "http://localhost:65536",
        "http://localhost:8400/callback",
        "http://localhost:8400/../x",
        "http://localhost:8400?next=https://evil.example",
        "http://localhost:8400#x",
        "http://localhost\\@evil.example",
        "http:/localhost",
        "http:localhost",
        "//localhost",
        "/device",
        "javascript:alert(1)",
        "data:text/html,x",
        "urn:ietf:wg:oauth:2.0:oob",
        "ms-appx-web://localhost",
        " http://localhost:8400",
        "http://localhost:8400\r\nSet-Cookie: a=b",
        "http://localhost:8400\n",
        "http://localhost:\uff18400",
        "http://ⓛocalhost",
        "",
    ],
)
@in_loop
async def test_nothing_is_sent_but_to_the_own_computer(redirect_uri: str) -> None:
    """Another address, or another way to write one, gets a page and no redirect."""
    async with running() as registry:
        address = await authorize_address(registry, redirect_uri=redirect_uri)
        page = await Browser(registry).get(address)
        assert (page.status, header_values(page.response, "location")) == (400, [])
        assert page.steps == []


@pytest.mark.parametrize(
    "redirect_uri",
    ["http://localhost", "http://localhost/", "http://127.0.0.1:1", "http://localhost:65535/"],
)
@in_loop
async def test_every_port_of_the_own_computer_will_do(redirect_uri: str) -> None:
    """Programmes listen on whichever is free (RFC 8252 section 7.3)."""
    async with running() as registry:
        password = await make_user(registry)
        code = await code_for(Browser(registry), password, redirect_uri=redirect_uri)
        assert (await redeem(registry, code, redirect_uri=redirect_uri))[0] == 200


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "code_challenge"])
@in_loop
async def test_a_parameter_that_comes_twice_is_refused(name: str) -> None:
    """So that nobody reads one value where another is checked."""
    async with running() as registry:
        address = await authorize_address(registry)
        page = await Browser(registry).get(f"{address}&{name}=https://evil.example")
        assert (page.status, header_values(page.response, "location")) == (400, [])


@in_loop
async def test_an_unknown_programme_is_refused_on_the_page() -> None:
    """And sent nowhere."""
    async with running() as registry:
        address = await authorize_address(registry, client_id=_MARK)
        page = await Browser(registry).get(address)
        assert (page.status, header_values(page.response, "location")) == (401, [])


@in_loop
async def test_a_code_is_good_once_and_a_second_use_voids_the_first() -> None:
    """Both tokens of the first use die; the thief gets nothing."""
    async with running() as registry:
        code = await code_for(Browser(registry), await make_user(registry))
        tokens = (await redeem(registry, code))[1]
        assert (await refresh(registry, tokens["refresh_token"]))[0] == 200
        assert (await exchange(registry, tokens["access_token"]))[0] == 200
        status, told = await redeem(registry, code)
        assert (status, told["error"], told["error_codes"]) == (400, "invalid_grant", [54005])
        status, told = await refresh(registry, tokens["refresh_token"])
        assert (status, told["error"]) == (400, "invalid_grant")
        assert (await exchange(registry, tokens["access_token"]))[0] == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": VERIFIER[:-1] + "A"},
        {"code_verifier": ""},
        {"code_verifier": "short"},
        {"code_verifier": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"},
        {"redirect_uri": "http://localhost:8401"},
        {"redirect_uri": f"{REDIRECT}/"},
        {"client_id": "1950a258-227b-4e31-a9cf-717495945fc2"},
        {"code": "x"},
    ],
)
@in_loop
async def test_a_stolen_code_is_worth_nothing(changes: dict[str, str]) -> None:
    """Without the verifier, from another address or client it is refused."""
    async with running() as registry:
        code = await code_for(Browser(registry), await make_user(registry))
        status, told = await redeem(registry, changes.pop("code", code), **changes)
        assert (status, "access_token" in told) == (400, False)


@in_loop
async def test_a_code_is_spent_by_a_wrong_verifier() -> None:
    """Nobody tries a second one."""
    async with running() as registry:
        code = await code_for(Browser(registry), await make_user(registry))
        await redeem(registry, code, code_verifier="A" * 43)
        assert (await redeem(registry, code))[0] == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": "too-short"},
        {"code_challenge": "", "code_challenge_method": ""},
    ],
)
@in_loop
async def test_no_code_without_proof_of_the_programme(changes: dict[str, str | None]) -> None:
    """PKCE with S256 cannot be left out or weakened."""
    async with running() as registry:
        page = await Browser(registry).get(await authorize_address(registry, **changes))
        assert page.answer()["error"] == "invalid_request"


@in_loop
async def test_a_form_is_taken_from_the_browser_that_got_it_only() -> None:
    """A forged form has no token; one from the attacker's own browser has a foreign one."""
    async with running() as registry:
        password = await make_user(registry)
        attacker, victim = Browser(registry), Browser(registry)
        address = await authorize_address(registry)
        planted = await attacker.get(address)
        typed = {"username": "ada", "password": password, "step": "password"}
        for browser in (victim, Browser(registry)):
            for fields in ({}, planted.fields):
                told = await browser.post(address, {**fields, **typed})
                assert (told.status, "too old" in told.text) == (400, True)
                assert "pratique-session" not in browser.cookies
            await victim.get(address)


@in_loop
async def test_a_form_serves_the_request_that_it_was_made_for() -> None:
    """Nobody swaps the address to which the answer goes below a form that is open."""
    async with running() as registry:
        browser, password = Browser(registry), await make_user(registry)
        page = await browser.get(await authorize_address(registry))
        page.action = page.action.replace("8400", "9999")
        told = await browser.press(page, "password", username="ada", password=password)
        assert told.status == 400


@in_loop
async def test_a_form_of_one_user_does_not_speak_for_the_next() -> None:
    """Whoever signed in meanwhile is asked anew."""
    async with running() as registry:
        browser = Browser(registry)
        await code_for(browser, await make_user(registry, "ada"))
        page = await browser.get(await authorize_address(registry))
        other = await make_user(registry, "bob")
        await code_for(browser, other, "bob", prompt="login")
        assert (await browser.press(page, "continue")).steps == ["password"]


@in_loop
async def test_a_session_cannot_be_planted() -> None:
    """A sign-in begins a session of its own; what the browser had before is not taken over."""
    async with running() as registry:
        attacker = Browser(registry)
        await code_for(attacker, await make_user(registry, "eve"), "eve")
        victim = Browser(registry, dict(attacker.cookies))
        await code_for(victim, await make_user(registry), prompt="login")
        assert victim.cookies["pratique-session"] != attacker.cookies["pratique-session"]
        page = await attacker.get(await authorize_address(registry))
        assert "Continue as eve" in page.text


@in_loop
async def test_no_token_passes_for_another() -> None:
    """Every kind of thing that this directory signs is refused in each place of another."""
    async with running() as registry:
        password = await make_user(registry)
        browser = Browser(registry)
        tokens = (await redeem(registry, await code_for(browser, password)))[1]
        page = await browser.get(await authorize_address(registry))
        kinds = {
            "access": tokens["access_token"],
            "refresh": tokens["refresh_token"],
            "id": tokens["id_token"],
            "session": browser.cookies["pratique-session"],
            "form": page.fields["form_token"],
            "registry": (await exchange(registry, tokens["access_token"]))[1]["refresh_token"],
        }
        for kind, token in kinds.items():
            taken = {
                "access": (await exchange(registry, token))[0] == 200,
                "refresh": (await refresh(registry, token))[0] == 200,
                "session": await _is_session(registry, browser, token),
                "bearer": await _is_bearer(registry, token),
            }
            assert [place for place, took in taken.items() if took] == (
                [kind] if kind in taken else []
            )


async def _is_session(registry: RegistryInMemory, browser: Browser, token: str) -> bool:
    copy = Browser(registry, {**browser.cookies, "pratique-session": token})
    return "continue" in (await copy.get(await authorize_address(registry))).steps


async def _is_bearer(registry: RegistryInMemory, token: str) -> bool:
    response = await registry.ask("GET", "/v2/", headers={"authorization": bearer(token)})
    return response.status == 200


@in_loop
async def test_pages_cannot_be_framed_and_load_nothing() -> None:
    """Every page, also those that tell of errors, has the headers that guard it."""
    async with running() as registry:
        browser, tenant = Browser(registry), await tenant_of(registry)
        address = await authorize_address(registry)
        pages = [
            await browser.get(address),
            await browser.get(await authorize_address(registry, redirect_uri="x")),
            await browser.get("/device"),
            await browser.get(f"/{tenant}/oauth2/v2.0/logout"),
            await browser.get("/help/authorization"),
            await browser.post(address, {}),
        ]
        for page in pages:
            headers = {name: value for name, value in page.response.headers}  # noqa: C416
            policy = headers["content-security-policy"]
            assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(
                policy.split("; ")
            )
            assert "unsafe" not in policy
            assert "script-src" not in policy
            assert headers["x-frame-options"] == "DENY"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "name",
    [
        "client_id",
        "redirect_uri",
        "state",
        "scope",
        "login_hint",
        "prompt",
        "response_mode",
        "response_type",
        "code_challenge",
        "nonce",
        "unknown",
    ],
)
@pytest.mark.parametrize("mode", ["query", "form_post"])
@in_loop
async def test_no_parameter_becomes_html(name: str, mode: str) -> None:
    """Markup in any parameter comes back as text, or not at all, on every page it leads to."""
    async with running() as registry:
        browser, password = Browser(registry), await make_user(registry)
        changes = {"response_mode": mode, name: _MARK}
        page = await browser.get(await authorize_address(registry, **changes))
        _assert_harmless(page)
        if page.steps == ["password"]:
            for typed in (
                {"username": _MARK, "password": _MARK},
                {"username": "ada", "password": password},
            ):
                page = await browser.press(await browser.get(page.action), "password", **typed)
                _assert_harmless(page)


def _assert_harmless(page: Page) -> None:
    tags = [tag for tag, _ in page.elements]
    assert "img" not in tags
    # The one script that there may be sends a form on, and its text is fixed.
    assert "alert(1)</script>" not in page.response.body.decode()
    assert not any(key.startswith("on") for _, given in page.elements for key in given)
    for _, value in page.response.headers:
        assert "\r" not in value
        assert "\n" not in value
    for link in (given.get("href") for tag, given in page.elements if tag == "a"):
        assert link == "/help/authorization"


@in_loop
async def test_a_user_name_of_markup_is_shown_as_it_is() -> None:
    """Display names may hold anything that is printable; pages show user names, escaped."""
    async with running() as registry:
        browser = Browser(registry)
        page = await browser.get(await authorize_address(registry, login_hint=_MARK))
        assert page.fields["username"] == _MARK


@pytest.mark.parametrize(
    "state", ["a\r\nSet-Cookie: x=y", "a\r\n\r\n<html>", "\x00", "ÿ", "x" * 4000]
)
@in_loop
async def test_state_splits_no_header(state: str) -> None:
    """It comes back encoded, in the one header in which it belongs."""
    async with running() as registry:
        browser, password = Browser(registry), await make_user(registry)
        page = await browser.get(await authorize_address(registry, state=state))
        done = await browser.press(page, "password", username="ada", password=password)
        assert done.answer()["state"] == state
        assert done.location.isascii()
        assert done.location.isprintable()


@in_loop
async def test_an_address_without_end_is_refused() -> None:
    """8 KiB are more than any programme needs."""
    async with running() as registry:
        page = await Browser(registry).get(await authorize_address(registry, nonce="x" * 9000))
        assert page.status == 400


@in_loop
async def test_the_password_in_the_address_is_refused() -> None:
    """It would stand in logs."""
    async with running() as registry:
        browser = Browser(registry)
        page = await browser.get(await authorize_address(registry) + "&password=hunter2hunter2")
        told = await browser.press(page, "password", username="ada", password="hunter2hunter2")
        assert told.answer()["error"] == "invalid_request"


@in_loop
async def test_a_name_that_nobody_has_takes_as_long() -> None:
    """Medians over alternating attempts lie close together."""
    async with running() as registry:
        await make_user(registry)
        browser = Browser(registry)
        page = await browser.get(await authorize_address(registry))
        seconds: dict[str, list[float]] = {"ada": [], "eve": []}
        for number in range(24):
            name = "ada" if number % 2 else "eve"
            registry.client = f"192.0.2.{number}"
            before = time.perf_counter()
            await browser.press(page, "password", username=name, password=f"a guess {number}")
            seconds[name].append(time.perf_counter() - before)
        known, unknown = median(seconds["ada"][1:]), median(seconds["eve"][1:])
        assert 0.5 < known / unknown < 2


@pytest.mark.parametrize(
    ("scheme", "name"), [("http", "pratique-session"), ("https", "__Host-pratique-session")]
)
@in_loop
async def test_cookies_are_kept_from_scripts_and_other_sites(scheme: str, name: str) -> None:
    """HttpOnly, SameSite=Lax, and over TLS bound to this host alone."""
    async with running() as registry:
        password = await make_user(registry)
        browser = Browser(registry)
        registry.scheme = scheme
        page = await browser.get(await authorize_address(registry))
        done = await browser.press(page, "password", username="ada", password=password)
        (cookie,) = header_values(done.response, "set-cookie")
        assert cookie.startswith(f"{name}=")
        assert "; Path=/; HttpOnly; SameSite=Lax" in cookie
        assert ("; Secure" in cookie) == (scheme == "https")
        assert "Domain" not in cookie


@in_loop
async def test_guessing_user_codes_is_slowed_down() -> None:
    """After five wrong ones from an address, also the right one must wait."""
    async with running() as registry:
        code = (await start_device(registry))["user_code"]
        browser = Browser(registry)
        for guess in ("BCDF-GHJ" + letter for letter in "KLMNPQR"):
            page = await browser.press(await browser.get("/device"), "user-code", user_code=guess)
        assert page.status == 429
        page = await browser.press(page, "user-code", user_code=code)
        assert page.status == 429
        registry.client = "198.51.100.9"
        page = await browser.press(await browser.get("/device"), "user-code", user_code=code)
        assert page.steps == ["password"]


@in_loop
async def test_a_flood_of_device_codes_is_held_back() -> None:
    """One address cannot fill the store; others go on."""
    async with running() as registry:
        for _ in range(500):
            await start_device(registry)
        tenant = await tenant_of(registry)
        form = urlencode({"client_id": AZURE_CLI, "scope": "openid"}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        address = f"/{tenant}/oauth2/v2.0/devicecode"
        response = await registry.ask("POST", address, headers=headers, body=form)
        assert response.status == 503
        registry.client = "198.51.100.9"
        await start_device(registry)


@pytest.mark.parametrize("path", ["/device", "authorize"])
@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=1&a=2", b"&" * 300, b"x" * 70_000])
@in_loop
async def test_bytes_that_are_no_form_get_a_page(path: str, body: bytes) -> None:
    """Or an error for the programme; never a failure inside."""
    async with running() as registry:
        address = path if path == "/device" else await authorize_address(registry)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        response = await registry.ask("POST", address, headers=headers, body=body)
        assert response.status in {303, 400, 413}


@in_loop
async def test_a_form_of_an_hour_ago_is_too_old() -> None:
    """It is told so, and how to go on."""
    async with running() as registry:
        browser, password = Browser(registry), await make_user(registry)
        page = await browser.get(await authorize_address(registry))
        registry.clock.advance(timedelta(hours=1, seconds=1))
        told = await browser.press(page, "password", username="ada", password=password)
        assert "begin again" in told.text


@pytest.mark.parametrize("name", ["password", "refresh_token", "code"])
@in_loop
async def test_secrets_in_the_address_of_the_token_endpoint_are_refused(name: str) -> None:
    """They would stand in logs."""
    async with running() as registry:
        address = f"/{await tenant_of(registry)}/oauth2/v2.0/token?{name}={quote('a secret')}"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        response = await registry.ask("POST", address, headers=headers, body=b"grant_type=password")
        assert (response.status, b"a secret" in response.body) == (400, False)


@in_loop
async def test_tokens_of_another_registry_are_refused() -> None:
    """A refresh token that another directory signed has no force."""
    async with running() as ours, running() as other:
        tokens = await tokens_for(other, await make_user(other))
        status, told = await post_token(
            ours, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
        )
        assert (status, told["error"]) == (400, "invalid_grant")
