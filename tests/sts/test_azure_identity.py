"""azure-identity and MSAL, as they come from PyPI, against a server that speaks TLS."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    EnvironmentCredential,
)
from msal import ConfidentialClientApplication
from tests.support.live_server import LiveServer, live_server

pytestmark = [pytest.mark.live, pytest.mark.clients]

ACR = "https://containerregistry.azure.net/.default"
ARM = "https://management.azure.com//.default"


@dataclass(frozen=True)
class Authority:
    """A server as an authority.

    Attributes:
        secretive: an application with a secret, as `sp create` gives it.
        certified: one with a certificate, and `file` with its key.
    """

    server: LiveServer
    tenant: str
    secretive: dict[str, Any]
    certified: dict[str, Any]

    @property
    def options(self) -> dict[str, Any]:
        """What every credential is told."""
        return {
            "authority": self.server.url,
            "disable_instance_discovery": True,
            "connection_verify": str(self.server.certificate),
        }


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """A running server with two applications."""
    folder = tmp_path_factory.mktemp("authority")
    with live_server(folder / "data", tls=True) as server:
        pratique = server.pratique
        pratique("registry", "update", "--tenant-domain", "harbour.example")
        yield Authority(
            server,
            pratique("registry", "show")["tenant_id"],
            pratique("sp", "create", "secretive"),
            pratique("sp", "create", "certified", "--create-certificate", f"{folder}/key.pem"),
        )


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    part = token.split(".")[1]
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return content


@pytest.mark.parametrize("tenant", ["", "harbour.example", "organizations"])
def test_client_secret_credential(authority: Authority, tenant: str) -> None:
    """By every name of the tenant, one token for each resource, and cached by the client."""
    made = authority.secretive
    with ClientSecretCredential(
        tenant or authority.tenant, made["client_id"], made["secret"], **authority.options
    ) as credential:
        first = credential.get_token(ACR)
        assert claims(first.token)["aud"] == "https://containerregistry.azure.net"
        assert claims(first.token)["oid"] == made["object_id"]
        assert claims(first.token)["tid"] == authority.tenant
        assert credential.get_token(ACR).token == first.token
        assert claims(credential.get_token(ARM).token)["aud"] == "https://management.azure.com/"


@pytest.mark.parametrize("chain", [False, True])
def test_certificate_credential(authority: Authority, *, chain: bool) -> None:
    """With the file that `sp create --create-certificate` wrote, with and without the chain."""
    made = authority.certified
    with CertificateCredential(
        authority.tenant,
        made["client_id"],
        made["file"],
        send_certificate_chain=chain,
        **authority.options,
    ) as credential:
        # The second is asked for with the same assertion.
        for scope in (ACR, ARM):
            assert claims(credential.get_token(scope).token)["appid"] == made["client_id"]


def test_environment_credential(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a container is told who it is."""
    made = authority.secretive
    monkeypatch.setenv("AZURE_CLIENT_ID", made["client_id"])
    monkeypatch.setenv("AZURE_CLIENT_SECRET", made["secret"])
    monkeypatch.setenv("AZURE_TENANT_ID", authority.tenant)
    with EnvironmentCredential(**authority.options) as credential:
        assert claims(credential.get_token(ACR).token)["appid"] == made["client_id"]


def test_msal_with_a_thumbprint_by_sha1(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older form: RS256 and `x5t`, as az sends it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.server.certificate))
    made = authority.certified
    (held,) = made["certificates"]
    application = ConfidentialClientApplication(
        made["client_id"],
        authority=f"{authority.server.url}/{authority.tenant}",
        client_credential={
            "private_key": Path(made["file"]).read_text(),
            "thumbprint": held["thumbprint"],
        },
        instance_discovery=False,
    )
    answer = application.acquire_token_for_client([ACR])
    assert claims(answer["access_token"])["appid"] == made["client_id"]


def test_wrong_secret_is_told_in_our_words(authority: Authority) -> None:
    """The client prints the sentence, with the id for `pratique why`, and keeps nothing."""
    made = authority.secretive
    with (
        ClientSecretCredential(
            authority.tenant, made["client_id"], "wrong", **authority.options
        ) as credential,
        pytest.raises(ClientAuthenticationError) as refused,
    ):
        credential.get_token(ACR)
    assert "AADSTS7000215" in str(refused.value)
    decision = str(refused.value).partition("Correlation ID: ")[2].split()[0]
    assert authority.server.decision(decision)["reason"] == "wrong-name-or-secret"


def test_assertion_by_hand_is_refused(authority: Authority) -> None:
    """What a callback makes up proves nothing."""
    with (
        ClientAssertionCredential(
            authority.tenant, authority.certified["client_id"], lambda: "a.b.c", **authority.options
        ) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS50027"),
    ):
        credential.get_token(ACR)


def test_unknown_tenant_is_told(authority: Authority) -> None:
    """MSAL says that the tenant is wrong."""
    made = authority.secretive
    with (
        ClientSecretCredential(
            "11111111-1111-1111-1111-111111111111",
            made["client_id"],
            made["secret"],
            **authority.options,
        ) as credential,
        pytest.raises(ClientAuthenticationError, match="tenant"),
    ):
        credential.get_token(ACR)
