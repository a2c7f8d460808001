"""People sign in by azure-identity and a real browser; azure-containerregistry works for them."""

from __future__ import annotations

import webbrowser
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest
from azure.containerregistry import ContainerRegistryClient
from azure.core.credentials import TokenCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AuthenticationRecord, DeviceCodeCredential, InteractiveBrowserCredential
from playwright.sync_api import Browser
from tests.support.azure_registry import SCOPE, registry_client, round_trip
from tests.web.browsing import Served, Window, window

pytestmark = [pytest.mark.live, pytest.mark.clients]

_ARM = "https://management.azure.com/.default"
_PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def publisher(scene: Served) -> Served:
    """The server with `ada`, who may push and delete too."""
    for role in ("AcrPush", "AcrDelete"):
        scene.server.pratique("role", "assign", role, "--to", "ada")
    return scene


def test_device_code(browser: Browser, publisher: Served) -> None:
    """Typed and allowed in a browser, it pushes and pulls until its user is signed out."""
    with (
        window(browser, publisher.server) as opened,
        _by_device_code(publisher, opened, "Allow") as credential,
        _client(publisher, credential) as client,
    ):
        round_trip(client, "people/by-device-code")
        _expect_end_by_sign_out(publisher, client)


def test_denied_device_code(browser: Browser, publisher: Served) -> None:
    """The programme is told that its user said no."""
    with (
        window(browser, publisher.server) as opened,
        _by_device_code(publisher, opened, "Deny") as credential,
        _client(publisher, credential) as client,
        pytest.raises(ClientAuthenticationError, match="denied"),
    ):
        list(client.list_repository_names())


def test_sign_in_page(browser: Browser, publisher: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed in once in the browser, it pushes and pulls until its user is signed out."""
    addresses = _addresses(monkeypatch)
    with (
        window(browser, publisher.server) as opened,
        InteractiveBrowserCredential(
            timeout=_PATIENCE_SECONDS, **publisher.authority
        ) as credential,
        _client(publisher, credential) as client,
    ):
        record = _signed_in(credential, addresses, opened, publisher.password)
        assert (record.username, record.tenant_id) == ("ada", publisher.tenant)
        round_trip(client, "people/by-sign-in-page")
        # Another resource is had with the refresh token: nobody is asked again.
        assert credential.get_token(_ARM).token
        assert addresses.empty()
        _expect_end_by_sign_out(publisher, client)


def test_browser_that_is_signed_in_asks_for_no_password(
    browser: Browser, publisher: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second programme of the same user goes on with a press of a button."""
    addresses = _addresses(monkeypatch)
    with window(browser, publisher.server) as opened:
        for password in (publisher.password, None):
            with InteractiveBrowserCredential(
                timeout=_PATIENCE_SECONDS, **publisher.authority
            ) as credential:
                record = _signed_in(credential, addresses, opened, password)
                assert record.username == "ada"
                with _client(publisher, credential) as client:
                    list(client.list_repository_names())


def _client(scene: Served, credential: TokenCredential) -> ContainerRegistryClient:
    return registry_client(scene.server.url, scene.server.certificate, credential)


def _by_device_code(scene: Served, opened: Window, answer: str) -> DeviceCodeCredential:
    """A credential whose code is typed into a window, and answered with a button."""

    def type_it(address: str, code: str, _expires_on: object) -> None:
        opened.page.goto(address)
        opened.page.get_by_label("Code").fill(code)
        opened.page.get_by_role("button", name="Next").click()
        opened.sign_in(scene.password)
        opened.page.get_by_role("button", name=answer).click()
        opened.page.get_by_role("button", name=answer).wait_for(state="detached")

    return DeviceCodeCredential(prompt_callback=type_it, **scene.authority)


def _addresses(patch: pytest.MonkeyPatch) -> SimpleQueue[str]:
    """What programmes want to show in a browser, in order."""
    addresses: SimpleQueue[str] = SimpleQueue()

    def take(address: str, *_: object) -> bool:
        addresses.put(address)
        return True

    patch.setattr(webbrowser, "open", take)
    return addresses


def _signed_in(
    credential: InteractiveBrowserCredential,
    addresses: SimpleQueue[str],
    opened: Window,
    password: str | None,
) -> AuthenticationRecord:
    """Sign in, with the password or as who is signed in; the credential waits in a thread."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(credential.authenticate, scopes=[SCOPE])
        opened.page.goto(addresses.get(timeout=_PATIENCE_SECONDS))
        if password is None:
            opened.page.get_by_role("button", name="Continue").click()
        else:
            opened.sign_in(password)
        opened.page.get_by_text("Authentication complete").wait_for()
        return waiting.result(timeout=_PATIENCE_SECONDS)


def _expect_end_by_sign_out(scene: Served, client: ContainerRegistryClient) -> None:
    """What the client holds counts no more from the next request on."""
    list(client.list_repository_names())
    scene.server.pratique("user", "sign-out", "ada")
    with pytest.raises(ClientAuthenticationError, match="revoked or has expired"):
        list(client.list_repository_names())
