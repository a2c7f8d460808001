"""The sign-in pages in a real browser: whole at every width, readable, and quiet.

With `PRATIQUE_SCREENSHOTS=DIR` a picture of each page is left there.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from tests.web.browsing import DESK, PHONE, Served, Window, look, window

from pratique.identity.totp import one_time_password

pytestmark = [pytest.mark.live, pytest.mark.clients]

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
_SCOPE = "https://containerregistry.azure.net/.default openid offline_access"


def _authorize(scene: Served, **changes: str) -> str:
    parameters = {
        "client_id": AZURE_CLI,
        "response_type": "code",
        "redirect_uri": "http://localhost:8400",
        "scope": _SCOPE,
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        **changes,
    }
    address = f"{scene.server.url}/{scene.tenant}/oauth2/v2.0/authorize"
    return str(httpx.URL(address, params=parameters))


def _user_code(scene: Served) -> str:
    with httpx.Client(verify=_trusting(scene)) as client:
        answer = client.post(
            f"{scene.server.url}/{scene.tenant}/oauth2/v2.0/devicecode",
            data={"client_id": AZURE_CLI, "scope": _SCOPE},
        )
    code: str = answer.json()["user_code"]
    return code


def _trusting(scene: Served) -> Any:
    return ssl.create_default_context(cafile=str(scene.server.certificate))


def _sign_in(opened: Window, scene: Served) -> None:
    opened.page.goto(_authorize(scene))


def _wrong(opened: Window, scene: Served) -> None:
    opened.page.goto(_authorize(scene))
    opened.sign_in("not the password")
    opened.page.get_by_role("alert").wait_for()
    # The browser itself tells of every status that is not a success.
    opened.console.clear()


def _continuing(opened: Window, scene: Served) -> None:
    _device_allowed(opened, scene)
    opened.page.goto(_authorize(scene))


def _device(opened: Window, scene: Served) -> None:
    opened.page.goto(f"{scene.server.url}/device")


def _device_asked(opened: Window, scene: Served) -> None:
    opened.page.goto(f"{scene.server.url}/device")
    opened.page.get_by_label("Code").fill(_user_code(scene))
    opened.page.get_by_role("button", name="Next").click()
    opened.sign_in(scene.password)
    opened.page.get_by_role("button", name="Allow").wait_for()


def _device_allowed(opened: Window, scene: Served) -> None:
    _device_asked(opened, scene)
    opened.page.get_by_role("button", name="Allow").click()
    opened.page.get_by_text("You are signed in").wait_for()


def _signing_out(opened: Window, scene: Served) -> None:
    _device_allowed(opened, scene)
    opened.page.goto(f"{scene.server.url}/{scene.tenant}/oauth2/v2.0/logout")


def _signed_out(opened: Window, scene: Served) -> None:
    _signing_out(opened, scene)
    opened.page.get_by_role("button", name="Sign out").click()
    opened.page.get_by_role("heading", name="You are signed out").wait_for()


def _refused(opened: Window, scene: Served) -> None:
    opened.page.goto(_authorize(scene, redirect_uri="https://evil.example/" + "long" * 20))
    opened.console.clear()


def _help(opened: Window, scene: Served) -> None:
    opened.page.goto(f"{scene.server.url}/help/authorization")


_WAYS: dict[str, Callable[[Window, Served], None]] = {
    "sign-in": _sign_in,
    "wrong-password": _wrong,
    "continue": _continuing,
    "device": _device,
    "device-asked": _device_asked,
    "device-allowed": _device_allowed,
    "signing-out": _signing_out,
    "signed-out": _signed_out,
    "refused": _refused,
    "help": _help,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", ["phone", "desk"])
@pytest.mark.parametrize("way", list(_WAYS))
def test_a_page_is_whole_and_readable(
    browser: Browser, scene: Served, way: str, width: str, scheme: str
) -> None:
    """No accessibility rule broken, nothing cut off, no error told, nobody else asked."""
    size = PHONE if width == "phone" else DESK
    with window(browser, scene.server, viewport=size, color_scheme=scheme) as opened:
        _WAYS[way](opened, scene)
        look(opened, f"{way}-{width}-{scheme}")


def test_everything_can_be_done_by_keyboard_and_without_scripts(
    browser: Browser, scene: Served
) -> None:
    """The first field has the focus; Enter goes on; the answer is a redirect to the programme."""
    with window(browser, scene.server, java_script_enabled=False) as opened:
        opened.page.goto(_authorize(scene, redirect_uri="http://localhost:8499"))
        with opened.page.expect_request("http://localhost:8499/**") as asked:
            opened.page.keyboard.type("ada")
            opened.page.keyboard.press("Tab")
            opened.page.keyboard.type(scene.password)
            opened.page.keyboard.press("Enter")
        assert "code=" in asked.value.url
        assert asked.value.headers.get("referer") is None


def test_without_scripts_a_button_sends_the_answer_on(browser: Browser, scene: Served) -> None:
    """Where a programme wants its answer by a form."""
    address = _authorize(scene, redirect_uri="http://localhost:8499", response_mode="form_post")
    with window(browser, scene.server, java_script_enabled=False) as opened:
        opened.page.goto(address)
        opened.sign_in(scene.password)
        _look_at_button(opened)
        with opened.page.expect_request("http://localhost:8499/") as asked:
            opened.page.get_by_role("button", name="Go on").click()
        assert (asked.value.method, "code=" in (asked.value.post_data or "")) == ("POST", True)


def _look_at_button(opened: Window) -> None:
    opened.page.get_by_role("heading", name="Back to your programme").wait_for()
    assert opened.overflow() <= 0


def test_the_second_factor_is_asked_for(browser: Browser, scene: Served) -> None:
    """Its page is whole too, and the code opens."""
    scene.server.pratique("user", "create", "grace")
    changed = scene.server.pratique("user", "password", "grace")
    secret = scene.server.pratique("user", "totp", "enable", "grace")["secret"]
    with window(browser, scene.server, viewport=PHONE) as opened:
        opened.page.goto(_authorize(scene, redirect_uri="http://localhost:8499"))
        opened.sign_in(changed["password"], "grace")
        opened.page.get_by_label("Code").wait_for()
        look(opened, "second-factor-phone-light")
        with opened.page.expect_request("http://localhost:8499/**") as asked:
            step = int(opened.page.evaluate("Date.now()")) // 30_000
            opened.page.get_by_label("Code").fill(one_time_password(secret, step))
            opened.page.get_by_role("button", name="Sign in").click()
        assert "code=" in asked.value.url
