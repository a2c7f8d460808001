"""Real foreign providers in processes of their own: one from PyPI, and a second Pratique."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.federation.foreign_provider import CLIENT, foreign_provider, id_token
from tests.support.live_server import LiveServer, live_server

pytestmark = pytest.mark.live

ACR = "https://containerregistry.azure.net"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A registry that asks issuers on this machine too."""
    folder = tmp_path_factory.mktemp("trusting") / "data"
    with live_server(folder, options=("--allow-private-issuers",)) as started:
        yield started


def exchange(server: LiveServer, token: str) -> httpx.Response:
    """The answer to an exchange."""
    form = {"grant_type": "access_token", "service": server.host, "access_token": token}
    return httpx.post(f"{server.url}/oauth2/exchange", data=form)


def use(server: LiveServer, refresh_token: str) -> int:
    """The status with which a pull by a refresh token is answered; 404 when it is admitted."""
    form = {
        "grant_type": "refresh_token",
        "service": server.host,
        "scope": "repository:team/app:pull",
        "refresh_token": refresh_token,
    }
    answer = httpx.post(f"{server.url}/oauth2/token", data=form)
    if answer.status_code != 200:
        return answer.status_code
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    address = f"{server.url}/v2/team/app/manifests/v1"
    return httpx.get(address, headers=headers).status_code


def federated(server: LiveServer, name: str, issuer: str, subject: str, audience: str) -> str:
    """A new service principal that may pull, and for which a subject stands; its client id."""
    client_id: str = server.pratique("sp", "create", name)["client_id"]
    server.pratique("role", "assign", "AcrPull", "--to", client_id)
    server.pratique(
        *("sp", "federated-credential", "add", client_id, "--issuer", issuer),
        *("--subject", subject, "--audience", audience),
    )
    return client_id


def message(answer: httpx.Response) -> str:
    """The sentence of a refusal."""
    found: str = answer.json()["errors"][0]["message"]
    return found


def test_foreign_provider_signs_people_in(server: LiveServer) -> None:
    """Trusted, exchanged, used; refused to others, and at once when it is trusted no more."""
    with foreign_provider() as issuer:
        alice = id_token(issuer, "alice")
        refused = exchange(server, alice)
        assert (refused.status_code, "no such issuer is trusted" in message(refused)) == (401, True)
        server.pratique("trust", "add", issuer, "--audience", CLIENT, "--name", "foreign")
        found = server.pratique("trust", "check", issuer)
        assert (found["trusted"], found["keys"]) == (True, 1)
        assert "no service principal" in message(exchange(server, alice))
        federated(server, "alices-job", issuer, "alice", CLIENT)
        answer = exchange(server, alice)
        assert answer.status_code == 200, answer.text
        refresh_token = answer.json()["refresh_token"]
        assert use(server, refresh_token) == 404
        assert exchange(server, id_token(issuer, "mallory")).status_code == 401
        server.pratique("trust", "remove", "foreign", "--with-credentials")
        assert use(server, refresh_token) == 401
        assert exchange(server, alice).status_code == 401


def test_issuer_on_this_machine_needs_the_setting(tmp_path: Path) -> None:
    """A server without it asks nobody inside, and tells its operator alone."""
    with foreign_provider() as issuer, live_server(tmp_path / "data", workers=1) as server:
        server.pratique("trust", "add", issuer, "--audience", CLIENT, "--name", "foreign")
        answer = exchange(server, id_token(issuer, "alice"))
        assert answer.status_code == 503
        assert "127.0.0.1" not in message(answer)
        assert "--allow-private-issuers" in server.log.read_text()


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Another registry, whose directory is an outside issuer to the first."""
    folder = tmp_path_factory.mktemp("second") / "data"
    with live_server(folder, workers=1) as started:
        yield started


def directory_token(server: LiveServer, made: dict[str, Any], tenant: str) -> str:
    """A token of a registry's own directory."""
    form = {
        "grant_type": "client_credentials",
        "client_id": made["client_id"],
        "client_secret": made["secret"],
        "scope": f"{ACR}/.default",
    }
    answer = httpx.post(f"{server.url}/{tenant}/oauth2/v2.0/token", data=form)
    token: str = answer.json()["access_token"]
    return token


def test_directory_of_another_registry_is_an_issuer(server: LiveServer, second: LiveServer) -> None:
    """Its discovery and keys serve as those of any provider, through a rotation of its keys."""
    made = second.pratique("sp", "create", "shipper")
    tenant = second.pratique("registry", "show")["tenant_id"]
    issuer = f"{second.url}/{tenant}/v2.0"
    server.pratique("trust", "add", issuer, "--audience", ACR, "--name", "second")
    shipper = federated(server, "shipper-here", issuer, made["object_id"], ACR)
    answer = exchange(server, directory_token(second, made, tenant))
    assert answer.status_code == 200, answer.text
    refresh_token = answer.json()["refresh_token"]
    assert use(server, refresh_token) == 404
    # The second registry does not take the token that the first one made.
    assert use(second, refresh_token) == 401
    server.pratique("sp", "disable", shipper)
    assert use(server, refresh_token) == 401
    assert "disabled" in message(exchange(server, directory_token(second, made, tenant)))


def test_own_directory_needs_no_trust(server: LiveServer) -> None:
    """Sign in to the directory, exchange, pull; dead with the secret."""
    made = server.pratique("sp", "create", "own-robot")
    tenant = server.pratique("registry", "show")["tenant_id"]
    token = directory_token(server, made, tenant)
    assert "has no permission at all" in message(exchange(server, token))
    server.pratique("role", "assign", "AcrPull", "--to", made["client_id"])
    refresh_token = exchange(server, token).json()["refresh_token"]
    assert use(server, refresh_token) == 404
    server.pratique("sp", "secret", "delete", made["client_id"], "default")
    assert use(server, refresh_token) == 401
    assert exchange(server, token).status_code == 401
