"""`az login` in every way, and what az keeps of it."""

from __future__ import annotations

import getpass
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.az.azure_cli import Az
from tests.az.harbour import NAME, Harbour
from tests.az.missing import needs_usual_port
from tests.support.live_server import pratique_command
from tests.web.browsing import chromium, window

from pratique.testing.outside_issuers import new_key, signed_token

pytestmark = [pytest.mark.live, pytest.mark.clients]

ISSUER = "https://jobs.example.org"
AUDIENCE = "api://AzureADTokenExchange"


def _works(harbour: Harbour, az: Az) -> bool:
    """Whether the one who signed in gets to the registry."""
    shown = az("acr", "login", "--name", "pratique", "--expose-token")
    return bool(shown["loginServer"] == harbour.login_server)


def test_the_cloud(harbour: Harbour) -> None:
    """Registered by one address, shown, listed, and written over."""
    az = harbour.stranger()
    root = f"https://{harbour.login_server}"
    shown = az("cloud", "show")
    assert (shown["name"], shown["isActive"]) == ("Pratique", True)
    assert shown["endpoints"]["resourceManager"] == root
    assert shown["endpoints"]["activeDirectory"] == root
    assert shown["endpoints"]["microsoftGraphResourceId"] == f"{root}/"
    assert "Pratique" in {cloud["name"] for cloud in az("cloud", "list")}
    az("cloud", "update", "--name", "Pratique", "--endpoint-resource-manager", root)


def test_secret(harbour: Harbour) -> None:
    """By every name of the tenant; a wrong secret is told in Entra's words."""
    robot = harbour.robot("robot", "AcrPull", "Reader")
    az = harbour.stranger()
    words = ("login", "--service-principal", "--username", robot["client_id"], "--password")
    refused = az.refused(*words, "wrong", "--tenant", harbour.tenant)
    assert "AADSTS7000215" in refused
    [subscription] = az(*words, robot["secret"], "--tenant", "organizations")
    assert subscription["id"] == harbour.subscription
    assert subscription["tenantId"] == harbour.tenant
    assert subscription["user"] == {"name": robot["client_id"], "type": "servicePrincipal"}
    assert az("account", "show")["id"] == harbour.subscription
    assert [a["id"] for a in az("account", "list", "--refresh")] == [harbour.subscription]
    az("account", "set", "--subscription", harbour.subscription)
    token = az("account", "get-access-token")
    assert (token["tenant"], token["tokenType"]) == (harbour.tenant, "Bearer")
    assert _works(harbour, az)
    az("logout")
    assert "az login" in az.refused("account", "show")


def test_without_any_role(harbour: Harbour) -> None:
    """Refused unless an empty list of subscriptions is allowed, as at Azure."""
    robot = harbour.robot("nobody")
    words = (
        *("login", "--service-principal", "--username", robot["client_id"]),
        *("--password", robot["secret"], "--tenant", harbour.tenant),
    )
    az = harbour.stranger()
    assert "No subscriptions found" in az.refused(*words)
    [account] = az(*words, "--allow-no-subscriptions")
    assert account["id"] == harbour.tenant


def test_without_looking_for_subscriptions(harbour: Harbour) -> None:
    """With one that is named, no list is asked for."""
    robot = harbour.robot("robot", "AcrPull")
    az = harbour.signed_in(
        *(robot["client_id"], robot["secret"], "--skip-subscription-discovery"),
        *("--subscription", harbour.subscription),
    )
    assert az("account", "show")["id"] == harbour.subscription


@pytest.mark.parametrize("words", [(), ("--use-cert-sn-issuer",)])
def test_certificate(harbour: Harbour, words: tuple[str, ...]) -> None:
    """With the file that `pratique sp create --create-certificate` wrote."""
    name = harbour.unique("certified")
    file = harbour.folder / f"{name}.pem"
    made = harbour.server.pratique("sp", "create", name, "--create-certificate", str(file))
    harbour.server.pratique("role", "assign", "AcrPull", "--to", name)
    az = harbour.stranger()
    az(
        *("login", "--service-principal", "--username", made["client_id"]),
        *("--certificate", str(file), "--tenant", harbour.tenant, *words),
    )
    assert _works(harbour, az)


def test_federated_token(harbour: Harbour) -> None:
    """A job of an outside issuer signs in with the token that it has."""
    robot, key = harbour.robot("job", "AcrPull"), new_key("k1")
    keys = harbour.folder / "keys.json"
    keys.write_text(json.dumps({"keys": [key.jwk()]}))
    pratique = harbour.server.pratique
    pratique("trust", "add", ISSUER, "--audience", AUDIENCE, "--jwks", str(keys))
    pratique(
        *("sp", "federated-credential", "add", robot["client_id"]),
        *("--issuer", ISSUER, "--subject", "job:1"),
    )
    claims = {
        "iss": ISSUER,
        "sub": "job:1",
        "aud": AUDIENCE,
        "iat": 1_700_000_000,
        "nbf": 1_700_000_000,
        "exp": 4_000_000_000,
    }
    az = harbour.stranger()
    az(
        *("login", "--service-principal", "--username", robot["client_id"]),
        *("--federated-token", signed_token(key, claims), "--tenant", harbour.tenant),
    )
    assert _works(harbour, az)


def test_managed_identity(harbour: Harbour, boss: Az, tmp_path: Path) -> None:
    """On a host with the agent, by each way to say which identity."""
    name = harbour.unique("runner")
    made = boss("identity", "create", "--name", name, "--resource-group", "pratique")
    boss(
        *("role", "assignment", "create", "--role", "AcrPull", "--scope", harbour.scope),
        *("--assignee-object-id", made["principalId"]),
        *("--assignee-principal-type", "ServicePrincipal"),
    )
    file = tmp_path / "runner.toml"
    harbour.server.pratique(
        "identity", "assign", name, "--host", "h1", "--file", str(file), "--user", getpass.getuser()
    )
    command = [
        *pratique_command(),
        *("identity", "agent", "--server", f"https://{harbour.login_server}"),
        *("--ca-file", str(harbour.server.certificate), "--listen", "127.0.0.1:0"),
        *("--socket", str(tmp_path / "agent.sock"), "--credentials", str(file), "--json"),
        *("--challenge-folder", str(tmp_path)),
    ]
    variables = {**boss.variables, "PYTHONPATH": "src"}
    with (tmp_path / "log").open("w") as log, harbour.world.running(command, variables, log) as it:
        told = _json_of(it)
        where = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": told["endpoints"][0]}
        for words in (
            ("--client-id", made["clientId"]),
            ("--object-id", made["principalId"]),
            ("--resource-id", made["id"]),
        ):
            az = harbour.stranger()
            [account] = az("login", "--identity", *words, **where)
            assert account["user"]["name"] == "userAssignedIdentity"
            shown = az("acr", "login", "--name", "pratique", "--expose-token", **where)
            assert shown["loginServer"] == harbour.login_server


@pytest.fixture
def browser(harbour: Harbour) -> Iterator[Browser]:
    """A browser, where there is one, that knows the server by its name."""
    address = harbour.server.host.partition(":")[0]
    with chromium(f"--host-resolver-rules=MAP {NAME} {address}") as found:
        yield found


@pytest.mark.parametrize("with_tenant", [True, False])
def test_device_code(harbour: Harbour, browser: Browser, *, with_tenant: bool) -> None:
    """A person types the code that az shows, and az is them until they sign out."""
    name = harbour.unique("ada")
    person = harbour.server.pratique("user", "create", name)
    harbour.server.pratique("role", "assign", "AcrPull", "--to", name)
    az = harbour.stranger()
    words = ["login", "--use-device-code", "--output", "json"]
    words += ["--tenant", harbour.tenant] if with_tenant else []
    command = [str(az.programs / "bin/az"), *words]
    with harbour.world.running(command, az.variables, subprocess.PIPE) as waiting:
        assert waiting.stderr is not None
        message = next(line for line in waiting.stderr if "enter the code" in line)
        assert f"https://{harbour.login_server}/device" in message
        code = message.partition("the code ")[2].strip().rstrip(".")
        with window(browser, harbour.server) as opened:
            opened.page.goto(f"https://{harbour.login_server}/device")
            opened.page.get_by_label("Code").fill(code)
            opened.page.get_by_role("button", name="Next").click()
            opened.sign_in(person["password"], name)
            opened.page.get_by_role("button", name="Allow").click()
            opened.page.get_by_role("button", name="Allow").wait_for(state="detached")
        out, _ = waiting.communicate(timeout=60)
        assert waiting.returncode == 0
    [account] = json.loads(out)
    assert account["user"] == {"name": name, "type": "user"}
    assert az("ad", "signed-in-user", "show")["userPrincipalName"] == name
    assert _works(harbour, az)
    harbour.server.pratique("user", "sign-out", name)
    assert "(InvalidAuthenticationToken)" in az.refused("acr", "list")


def test_password_of_a_person(harbour: Harbour) -> None:
    """With the password grant on; off, it is said so, and how it is switched on."""
    needs_usual_port(harbour, "`az login -u` of a person asks for their realm at port 443")
    name = harbour.unique("grace")
    person = harbour.server.pratique("user", "create", name)
    harbour.server.pratique("role", "assign", "AcrPull", "--to", name)
    words = ("login", "--username", name, "--tenant", harbour.tenant, "--password")
    az = harbour.stranger()
    assert "--password-grant on" in az.refused(*words, person["password"])
    harbour.server.pratique("registry", "update", "--password-grant", "on")
    try:
        # az repeats a refusal of the same words for a minute.
        (Path(az.variables["AZURE_CONFIG_DIR"]) / "msal_http_cache.bin").unlink()
        assert "AADSTS50126" in az.refused(*words, "wrong")
        [account] = az(*words, person["password"])
    finally:
        harbour.server.pratique("registry", "update", "--password-grant", "off")
    assert account["user"] == {"name": name, "type": "user"}
    assert _works(harbour, az)


def test_browser(harbour: Harbour, browser: Browser, tmp_path: Path) -> None:
    """`az login` opens a browser, a person signs in there, and az gets the code on loopback."""
    name = harbour.unique("mary")
    person = harbour.server.pratique("user", "create", name)
    harbour.server.pratique("role", "assign", "AcrPull", "--to", name)
    az = harbour.stranger()
    address = tmp_path / "address"
    opener = tmp_path / "browser"
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > {address}.part\nmv {address}.part {address}\n')
    opener.chmod(0o755)
    # az opens a browser only where there is a screen.
    variables = {**az.variables, "BROWSER": f"{opener} %s", "DISPLAY": ":0"}
    command = [str(az.programs / "bin/az"), "login", "--tenant", harbour.tenant, "--output", "json"]
    with harbour.world.running(command, variables, subprocess.PIPE) as waiting:
        url = _content_of(address, waiting)
        assert url.startswith(f"https://{harbour.login_server}/{harbour.tenant}/oauth2/v2.0/")
        with window(browser, harbour.server) as opened:
            opened.page.goto(url)
            opened.sign_in(person["password"], name)
            opened.page.wait_for_url("http://localhost:*/**")
            assert "logged into" in opened.page.content()
        out, err = waiting.communicate(timeout=60)
        assert waiting.returncode == 0, err
    [account] = json.loads(out)
    assert account["user"] == {"name": name, "type": "user"}
    assert _works(harbour, az)


def _content_of(file: Path, process: subprocess.Popen[str]) -> str:
    deadline = time.monotonic() + 60
    while not file.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return file.read_text()


def _json_of(process: subprocess.Popen[str]) -> dict[str, list[str]]:
    """What the agent tells once it listens."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            content: dict[str, list[str]] = json.loads("".join(lines))
            return content
    raise AssertionError("the agent ended")
