"""azure-containerregistry with credentials of azure-identity, both as they come from PyPI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.containerregistry import ContainerRegistryClient
from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import CertificateCredential, ClientSecretCredential, WorkloadIdentityCredential
from tests.federation.foreign_provider import CLIENT, foreign_provider, id_token
from tests.support.azure_registry import round_trip
from tests.support.live_server import LiveServer, live_server

pytestmark = [pytest.mark.live, pytest.mark.clients]

ACR = "https://containerregistry.azure.net"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Harbour:
    """A server with a service principal that has a secret and a certificate.

    Attributes:
        principal: as `sp create` gave it.
        key: a file with the certificate and its key.
    """

    server: LiveServer
    tenant: str
    principal: dict[str, Any]
    key: Path

    @property
    def options(self) -> dict[str, Any]:
        """What every credential is told."""
        return {
            "authority": self.server.url,
            "disable_instance_discovery": True,
            "connection_verify": str(self.server.certificate),
        }

    def by_secret(self) -> ClientSecretCredential:
        """The usual credential."""
        return ClientSecretCredential(
            self.tenant, self.principal["client_id"], self.principal["secret"], **self.options
        )

    def client(self, credential: TokenCredential | None, **options: Any) -> ContainerRegistryClient:
        """A client for the registry."""
        return ContainerRegistryClient(
            self.server.url,
            credential,
            audience=options.pop("audience", ACR),
            connection_verify=str(self.server.certificate),
            retry_total=0,
            **options,
        )


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    """A running server; its service principal may pull and push."""
    folder = tmp_path_factory.mktemp("harbour")
    with live_server(folder / "data", tls=True, options=("--allow-private-issuers",)) as server:
        made = server.pratique("sp", "create", "shipper")
        key = folder / "key.pem"
        certified = server.pratique("sp", "create", "certified", "--create-certificate", str(key))
        for who in (made, certified):
            for role in ("AcrPush", "AcrDelete"):
                server.pratique("role", "assign", role, "--to", who["client_id"])
        tenant = server.pratique("registry", "show")["tenant_id"]
        yield Harbour(server, tenant, {**made, "certified": certified["client_id"]}, key)


def test_client_secret(harbour: Harbour) -> None:
    """The service principal with its secret, by way of the directory and the exchange."""
    with harbour.by_secret() as credential, harbour.client(credential) as client:
        round_trip(client, "team/by-secret")


@pytest.mark.parametrize(
    "audience",
    [
        "https://management.azure.com",
        "https://management.azure.com/",
        "https://management.core.windows.net",
    ],
)
def test_resource_manager_audiences(harbour: Harbour, audience: str) -> None:
    """Tokens for the resource manager pass, until the registry takes them no more."""
    with harbour.by_secret() as credential:
        with harbour.client(credential, audience=audience) as client:
            list(client.list_repository_names())
        harbour.server.pratique("registry", "update", "--no-arm-tokens")
        try:
            with (
                harbour.client(credential, audience=audience) as client,
                pytest.raises(ClientAuthenticationError, match="`aud` is"),
            ):
                list(client.list_repository_names())
        finally:
            harbour.server.pratique("registry", "update", "--arm-tokens")


def test_certificate(harbour: Harbour) -> None:
    """A service principal with a certificate."""
    client_id = harbour.principal["certified"]
    with (
        CertificateCredential(
            harbour.tenant, client_id, str(harbour.key), **harbour.options
        ) as credential,
        harbour.client(credential) as client,
    ):
        round_trip(client, "team/by-certificate")


def test_workload_identity(harbour: Harbour, tmp_path: Path) -> None:
    """A foreign provider's token in a file, taken by the directory for the principal's own."""
    client_id = harbour.principal["client_id"]
    with foreign_provider() as issuer:
        server = harbour.server
        server.pratique("trust", "add", issuer, "--audience", CLIENT, "--name", "workloads")
        server.pratique(
            *("sp", "federated-credential", "add", client_id, "--issuer", issuer),
            *("--subject", "system:serviceaccount:team:build", "--audience", CLIENT),
        )
        file = tmp_path / "token"
        file.write_text(id_token(issuer, "system:serviceaccount:team:build"))
        with (
            WorkloadIdentityCredential(
                tenant_id=harbour.tenant,
                client_id=client_id,
                token_file_path=str(file),
                **harbour.options,
            ) as credential,
            harbour.client(credential) as client,
        ):
            round_trip(client, "team/by-workload")
            server.pratique("trust", "remove", "workloads", "--with-credentials")
            with pytest.raises(ClientAuthenticationError):
                list(client.list_repository_names())


class Shown:
    """A credential that shows one token, whatever it is for."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """The token."""
        return AccessToken(self._token, 2**31)


def test_job_shows_its_own_token(harbour: Harbour) -> None:
    """A foreign provider's token straight to the exchange: a job needs no directory at all."""
    with foreign_provider() as issuer:
        server = harbour.server
        server.pratique("trust", "add", issuer, "--audience", CLIENT, "--name", "jobs")
        server.pratique(
            *("sp", "federated-credential", "add", harbour.principal["client_id"]),
            *("--issuer", issuer, "--subject", "repo:octo-org/*:**", "--pattern"),
            *("--audience", CLIENT),
        )
        token = id_token(issuer, "repo:octo-org/app:ref:refs/heads/main")
        with harbour.client(Shown(token)) as client:
            round_trip(client, "team/by-job")
        stranger = id_token(issuer, "repo:octo-org-evil/app:ref:refs/heads/main")
        with (
            harbour.client(Shown(stranger)) as client,
            pytest.raises(ClientAuthenticationError, match="no service principal"),
        ):
            list(client.list_repository_names())


def test_revocation_reaches_a_client_at_work(harbour: Harbour) -> None:
    """Disabled between two calls: the second is refused; enabled, the third goes through."""
    client_id = harbour.principal["client_id"]
    with harbour.by_secret() as credential, harbour.client(credential) as client:
        list(client.list_repository_names())
        harbour.server.pratique("sp", "disable", client_id)
        try:
            with pytest.raises(ClientAuthenticationError, match="disabled"):
                list(client.list_repository_names())
        finally:
            harbour.server.pratique("sp", "enable", client_id)
        list(client.list_repository_names())


def test_anonymous_client_pulls_from_an_open_registry(harbour: Harbour) -> None:
    """Without a credential, once the registry is open to all."""
    with harbour.client(None) as client, pytest.raises(HttpResponseError):
        list(client.list_repository_names())
    harbour.server.pratique("anonymous-pull", "on")
    try:
        with harbour.client(None) as client:
            list(client.list_repository_names())
    finally:
        harbour.server.pratique("anonymous-pull", "off")
