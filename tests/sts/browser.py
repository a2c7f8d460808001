"""A browser without a screen: cookies, forms and pages of a registry in memory."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pratique.http.wire.messages import Response
from pratique.testing.registry_in_memory import RegistryInMemory

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
REDIRECT = "http://localhost:8400"
ACR = "https://containerregistry.azure.net/.default"
ARM = "https://management.core.windows.net//.default"
SCOPE = f"{ACR} offline_access openid profile"
# RFC 7636 appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class _Reader(HTMLParser):
    """Collects what a page holds."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element, and which form it stands in."""
        given = dict(attrs)
        self.elements.append((tag, given))
        if tag == "form":
            self.forms.append({"action": given["action"], "fields": {}, "steps": []})
        elif tag == "input" and self.forms:
            self.forms[-1]["fields"][given["name"]] = given.get("value") or ""
        elif tag == "button" and self.forms:
            self.forms[-1]["steps"].append(given.get("value"))

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.text.append(data)


@dataclass
class Page:
    """A page, read.

    Attributes:
        fields: of its form, with the values that stand in it.
        steps: values of its buttons.
    """

    response: Response
    action: str
    fields: dict[str, str]
    steps: list[str]
    text: str
    elements: list[tuple[str, dict[str, str | None]]]

    @property
    def status(self) -> int:
        """Of the response."""
        return self.response.status

    @property
    def location(self) -> str:
        """Where it leads."""
        return header_values(self.response, "location")[0]

    def answer(self) -> dict[str, str]:
        """The parameters that it sends to a programme."""
        found = parse_qs(urlsplit(self.location).query)
        return {name: values[0] for name, values in found.items()}


def header_values(response: Response, name: str) -> list[str]:
    """All values of a header."""
    return [value for key, value in response.headers if key == name]


def read_page(response: Response) -> Page:
    """What a response holds for people."""
    reader = _Reader()
    reader.feed(response.body.decode())
    nothing: dict[str, Any] = {"action": "", "fields": {}, "steps": []}
    form = reader.forms[0] if reader.forms else nothing
    text = " ".join(" ".join(reader.text).split())
    return Page(response, form["action"], form["fields"], form["steps"], text, reader.elements)


@dataclass
class Browser:
    """Keeps cookies, and sends forms as they stand in pages."""

    registry: RegistryInMemory
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, address: str) -> Page:
        """Open an address."""
        return self._took(await self.registry.ask("GET", address, headers=self._headers()))

    async def post(self, address: str, fields: dict[str, str]) -> Page:
        """Send a form."""
        headers = {
            **self._headers(),
            "content-type": "application/x-www-form-urlencoded",
        }
        body = urlencode(fields).encode()
        return self._took(await self.registry.ask("POST", address, headers=headers, body=body))

    async def press(self, page: Page, step: str, **typed: str) -> Page:
        """Fill in a page's form, and press one of its buttons."""
        assert step in page.steps, (step, page.steps, page.text)
        return await self.post(page.action, {**page.fields, **typed, "step": step})

    def _headers(self) -> dict[str, str]:
        if not self.cookies:
            return {}
        return {"cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items())}

    def _took(self, response: Response) -> Page:
        for value in header_values(response, "set-cookie"):
            name, _, rest = value.partition("=")
            content = rest.partition(";")[0]
            if "Max-Age=0" in value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = content
        return read_page(response)


async def tenant_of(registry: RegistryInMemory) -> str:
    """The directory's id."""
    tenant: str = (await registry.manage("GET", "/registry"))["tenant_id"]
    return tenant


async def make_user(registry: RegistryInMemory, name: str = "ada") -> str:
    """A new user who may pull; the password."""
    made = await registry.manage("POST", "/users", {"username": name})
    await registry.manage("POST", "/role-assignments", {"role": "AcrPull", "principal": name})
    password: str = made["password"]
    return password


async def authorize_address(registry: RegistryInMemory, **changes: str | None) -> str:
    """The address that a programme opens; a parameter that is None is left out."""
    parameters: dict[str, str | None] = {
        "client_id": AZURE_CLI,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": SCOPE,
        "state": "state & more",
        "nonce": "n-0S6",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    query = urlencode({n: v for n, v in parameters.items() if v is not None})
    return f"/{await tenant_of(registry)}/oauth2/v2.0/authorize?{query}"


async def post_token(registry: RegistryInMemory, **fields: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON of the token endpoint."""
    body = urlencode({"client_id": AZURE_CLI, **fields}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    address = f"/{await tenant_of(registry)}/oauth2/v2.0/token"
    response = await registry.ask("POST", address, headers=headers, body=body)
    return response.status, json.loads(response.body)


async def redeem(
    registry: RegistryInMemory, code: str, **changes: str
) -> tuple[int, dict[str, Any]]:
    """What the token endpoint gives for a code."""
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        **changes,
    }
    return await post_token(registry, **fields)


async def refresh(
    registry: RegistryInMemory, token: str, scope: str = SCOPE
) -> tuple[int, dict[str, Any]]:
    """What the token endpoint gives for a refresh token."""
    return await post_token(registry, grant_type="refresh_token", refresh_token=token, scope=scope)


async def code_for(
    browser: Browser, password: str, name: str = "ada", **changes: str | None
) -> str:
    """Sign in at the page; the code."""
    page = await browser.get(await authorize_address(browser.registry, **changes))
    done = await browser.press(page, "password", username=name, password=password)
    assert done.status == 303, done.text
    return done.answer()["code"]


async def tokens_for(
    registry: RegistryInMemory, password: str, name: str = "ada"
) -> dict[str, Any]:
    """Sign in with a new browser; the answer of the token endpoint."""
    status, tokens = await redeem(registry, await code_for(Browser(registry), password, name))
    assert status == 200, tokens
    return tokens


def claims_of(token: str) -> dict[str, Any]:
    """What a JWT says, unverified."""
    part = token.split(".")[1]
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return content


async def exchange(registry: RegistryInMemory, access_token: str) -> tuple[int, dict[str, Any]]:
    """What the exchange gives for a directory token."""
    form = {
        "grant_type": "access_token",
        "service": registry.host,
        "access_token": access_token,
    }
    headers = {"content-type": "application/x-www-form-urlencoded"}
    response = await registry.ask(
        "POST", "/oauth2/exchange", headers=headers, body=urlencode(form).encode()
    )
    return response.status, json.loads(response.body)


async def start_device(registry: RegistryInMemory, scope: str = SCOPE) -> dict[str, Any]:
    """Begin a sign-in by device code."""
    body = urlencode({"client_id": AZURE_CLI, "scope": scope}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    address = f"/{await tenant_of(registry)}/oauth2/v2.0/devicecode"
    response = await registry.ask("POST", address, headers=headers, body=body)
    assert response.status == 200, response.body
    started: dict[str, Any] = json.loads(response.body)
    return started


async def poll(registry: RegistryInMemory, device_code: str) -> tuple[int, dict[str, Any]]:
    """What a device gets when it asks, as MSAL does."""
    return await post_token(
        registry, grant_type=DEVICE_GRANT, device_code=device_code, code=device_code
    )
