"""`pratique-kubelet-credentials` as the kubelet runs it.

The members of request and response are those of the API reference of
`credentialprovider.kubelet.k8s.io/v1` (kubelet 1.34), where the kubelet refuses any other.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.programme import KUBELET_PLUGIN, Programme
from tests.cli.terminal import Outcome, Terminal
from tests.cli.test_foreign_server import answering
from tests.support.live_server import NULL_GUID, LiveServer, live_server

from pratique.cli.logins import Login, Logins

pytestmark = pytest.mark.live

API = "credentialprovider.kubelet.k8s.io/v1"
REQUIRED = {"kind", "apiVersion", "cacheKeyType"}
OPTIONAL = {"cacheDuration", "auth"}
CACHE_KEY_TYPES = {"Image", "Registry", "Global"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server for all tests of this module."""
    with live_server(tmp_path_factory.mktemp("served") / "data", workers=1) as started:
        yield started


@pytest.fixture
def plugin(tmp_path: Path) -> Programme:
    """The plugin on a node without a login."""
    return Programme(KUBELET_PLUGIN, tmp_path / "home")


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """A file for a secret, as it should be kept."""
    path = tmp_path / "secret"
    path.write_text("")
    path.chmod(0o600)
    return path


def _request(image: str, **more: Any) -> str:
    return json.dumps(
        {"kind": "CredentialProviderRequest", "apiVersion": API, "image": image, **more}
    )


def _response(outcome: Outcome) -> dict[str, Any]:
    """The response, of which the kubelet would take every member."""
    assert (outcome.code, outcome.err) == (0, ""), outcome
    response: dict[str, Any] = json.loads(outcome.out)
    assert response.keys() >= REQUIRED
    assert response.keys() <= REQUIRED | OPTIONAL
    assert (response["kind"], response["apiVersion"]) == ("CredentialProviderResponse", API)
    assert response["cacheKeyType"] in CACHE_KEY_TYPES
    assert re.fullmatch(r"\d+s", response["cacheDuration"])
    for credential in response.get("auth", {}).values():
        assert credential.keys() == {"username", "password"}
    return response


def _refused(outcome: Outcome) -> str:
    assert (outcome.code, outcome.out) == (1, ""), outcome
    assert outcome.err.startswith("pratique: ")
    return outcome.err


def _jwt(seconds: int) -> str:
    claims = json.dumps({"iat": 1000, "exp": 1000 + seconds}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"


def test_node_pulls_with_its_login(server: LiveServer, plugin: Programme) -> None:
    """The login of the user under whom the kubelet runs is given for its own registry only."""
    made = server.pratique("sp", "create", "node-with-a-login")
    words = ("login", server.host, "-u", made["client_id"], "--password-stdin")
    Terminal(plugin.home).reads(*words, stdin=made["secret"])
    login = Logins(plugin.home / "pratique" / "credentials.json").of(server.host)
    assert login is not None

    response = _response(plugin.run(stdin=_request(f"{server.host}/team/app:1.0.0")))
    elsewhere = _response(plugin.run(stdin=_request("registry.example.com/team/app")))

    credential = {"username": NULL_GUID, "password": login.refresh_token}
    assert response["auth"] == {server.host: credential}
    # Half of what an access token lives, the longest that is known to remain.
    assert response["cacheDuration"] == "2250s"
    assert "auth" not in elsewhere
    assert elsewhere["cacheDuration"] == "0s"


def test_ended_login_is_told_to_the_kubelets_log(server: LiveServer, plugin: Programme) -> None:
    """The log says which login, and what to type."""
    made = server.pratique("sp", "create", "node-that-ends")
    words = ("login", server.host, "-u", made["client_id"], "--password-stdin")
    Terminal(plugin.home).reads(*words, stdin=made["secret"])
    server.pratique("sp", "disable", made["client_id"])
    told = _refused(plugin.run(stdin=_request(f"{server.host}/app")))
    assert f"type `pratique login {server.host}`" in told


def test_node_pulls_as_a_service_principal(
    server: LiveServer, plugin: Programme, secret_file: Path
) -> None:
    """Client id and a file with the secret, from options or from the environment."""
    made = server.pratique("sp", "create", "node-principal")
    secret_file.write_text(f"{made['secret']}\n")
    options = ("--client-id", made["client_id"], "--client-secret-file", str(secret_file))
    request = _request(f"{server.host}/app@sha256:{'0' * 64}")

    by_options = _response(plugin.run("--server", server.host, *options, stdin=request))
    environment = {
        "PRATIQUE_CLIENT_ID": made["client_id"],
        "PRATIQUE_CLIENT_SECRET_FILE": str(secret_file),
    }
    by_environment = _response(
        plugin.run("--server", server.host, stdin=request, environment=environment)
    )

    for response in (by_options, by_environment):
        (credential,) = response["auth"].values()
        assert credential["username"] == NULL_GUID
        assert credential["password"].count(".") == 2
        assert response["cacheDuration"] == "2250s"


def test_wrong_secret_is_told_without_being_shown(
    server: LiveServer, plugin: Programme, secret_file: Path
) -> None:
    """The log has the registry's words and not the secret."""
    made = server.pratique("sp", "create", "node-with-a-wrong-secret")
    secret_file.write_text("not-the-secret")
    options = ("--client-id", made["client_id"], "--client-secret-file", str(secret_file))
    told = _refused(
        plugin.run("--server", server.host, *options, stdin=_request(f"{server.host}/app"))
    )
    assert "the user name or the password is wrong" in told
    assert "not-the-secret" not in told


def test_service_accounts_token_is_exchanged(plugin: Programme) -> None:
    """The pod's token goes to the registry, and the registry's token to the kubelet."""
    token = _jwt(10800)
    with answering(200, json.dumps({"refresh_token": token}).encode()) as host:
        request = _request(f"{host}/app", serviceAccountToken="a.b.c")
        response = _response(plugin.run("--server", host, stdin=request))
    assert response["auth"] == {host: {"username": NULL_GUID, "password": token}}
    assert response["cacheDuration"] == "3600s"


@pytest.mark.parametrize(
    ("token", "cached"), [(_jwt(600), "300s"), (_jwt(-5), "0s"), ("opaque", "300s")]
)
def test_cache_ends_before_the_token(plugin: Programme, token: str, cached: str) -> None:
    """The kubelet keeps a token for half of its life at most, and five minutes when in doubt."""
    with answering(200, json.dumps({"refresh_token": token}).encode()) as host:
        request = _request(f"{host}/app", serviceAccountToken="a.b.c")
        assert _response(plugin.run("--server", host, stdin=request))["cacheDuration"] == cached


def test_refused_service_account_gets_nothing_of_the_nodes(plugin: Programme) -> None:
    """A pod that the registry does not know does not pull with the node's login instead."""
    content = b'{"errors": [{"code": "UNAUTHORIZED", "message": "no trust in this issuer"}]}'
    with answering(401, content) as host:
        login = Login(host=host, url=f"http://{host}", user="u", refresh_token="t")
        Logins(plugin.home / "pratique" / "credentials.json").add(login)
        request = _request(f"{host}/app", serviceAccountToken="a.b.c")
        told = _refused(plugin.run("--server", host, stdin=request))
    assert told == "pratique: no trust in this issuer\n"


def test_secrets_go_to_the_named_servers_only(plugin: Programme, secret_file: Path) -> None:
    """An image of another host, which any pod may name, is answered without a request."""
    secret_file.write_text("secret")
    with answering(200, b'{"refresh_token": "t"}') as other:
        for request, options in (
            (_request(f"{other}/app", serviceAccountToken="a.b.c"), ()),
            (
                _request(f"{other}/app"),
                ("--client-id", "c", "--client-secret-file", str(secret_file)),
            ),
        ):
            words = ("--server", "registry.example.com", *options)
            assert "auth" not in _response(plugin.run(*words, stdin=request))


@pytest.mark.parametrize("image", ["app", "library/app", "app:1.0", "docker.io/app", "localhost"])
def test_image_without_a_host_is_of_docker_hub(plugin: Programme, image: str) -> None:
    """By the rule of the clients, so nothing is given for it."""
    assert "auth" not in _response(plugin.run(stdin=_request(image)))


@pytest.mark.parametrize(
    ("stdin", "told"),
    [
        ("", "holds no CredentialProviderRequest"),
        ("{", "holds no CredentialProviderRequest"),
        ('{"kind": "CredentialProviderRequest"}', "holds no CredentialProviderRequest"),
        (_request("one/app").replace("/v1", "/v1alpha1"), "write `apiVersion: "),
        (_request("one/app").replace("Request", "Response"), "is not understood"),
    ],
)
def test_what_is_no_request_is_told(plugin: Programme, stdin: str, told: str) -> None:
    """It ends with exit code 1 and a sentence for the log."""
    assert told in _refused(plugin.run(stdin=stdin))


def test_secret_that_others_can_read_is_refused(plugin: Programme, secret_file: Path) -> None:
    """The sentence says what to type."""
    secret_file.chmod(0o644)
    options = ("--client-id", "c", "--client-secret-file", str(secret_file))
    told = _refused(
        plugin.run("--server", "one.example", *options, stdin=_request("one.example/a"))
    )
    assert f"run `chmod 600 {secret_file}`" in told


@pytest.mark.parametrize(
    "words",
    [
        ("--client-id", "c", "--server", "one"),
        ("--client-secret-file", "f", "--server", "one"),
        ("--client-id", "c", "--client-secret-file", "f"),
    ],
)
def test_half_a_command_line_is_misuse(plugin: Programme, words: tuple[str, ...]) -> None:
    """A principal needs its id, its secret and the registry for which it is."""
    done = plugin.run(*words, stdin=_request("one/app"))
    assert (done.code, done.out) == (2, "")
