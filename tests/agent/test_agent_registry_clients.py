"""Workloads push and pull with Azure's registry client, by each form of a managed identity."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.containerregistry import ContainerRegistryClient
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from tests.agent.host import (
    HEADER_SECRET,
    TlsRegistry,
    add_header_secret,
    assigned,
    environment,
    open_folder,
    running_agent,
    tls_registry,
)
from tests.support.azure_registry import registry_client, round_trip

pytestmark = [pytest.mark.clients, pytest.mark.live]

# The one folder in which clients of the Arc form look.
_ARC_FOLDER = Path("/var/opt/azcmagent/tokens")
_FORMS: dict[str, Callable[[str], dict[str, str]]] = {
    "imds": lambda endpoint: {"AZURE_POD_IDENTITY_AUTHORITY_HOST": endpoint},
    "app-service": lambda endpoint: {
        "IDENTITY_ENDPOINT": f"{endpoint}/msi/token",
        "IDENTITY_HEADER": HEADER_SECRET,
    },
    "arc": lambda endpoint: {
        "IDENTITY_ENDPOINT": f"{endpoint}/metadata/identity/oauth2/token",
        "IMDS_ENDPOINT": endpoint,
    },
}
_Credential = ManagedIdentityCredential | DefaultAzureCredential
# The default one with its whole chain, as on a host where nothing else is set up.
_CASES: tuple[tuple[str, type[_Credential]], ...] = (
    *((form, ManagedIdentityCredential) for form in _FORMS),
    ("imds", DefaultAzureCredential),
)


@dataclass(frozen=True)
class _Workload:
    """A workload of this host.

    Attributes:
        name: of the identity, which may push, pull and delete.
        credential: what the workload uses.
    """

    registry: TlsRegistry
    name: str
    credential: type[_Credential]

    @contextmanager
    def client(self) -> Iterator[ContainerRegistryClient]:
        """Azure's client with the credential."""
        url = f"https://{self.registry.host}"
        with (
            self.credential() as credential,
            registry_client(url, self.registry.ca_file, credential) as client,
        ):
            yield client


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsRegistry]:
    """A registry behind TLS."""
    with tls_registry(tmp_path_factory.mktemp("registry")) as served:
        yield served


@pytest.fixture(params=_CASES, ids=lambda case: f"{case[0]}-{case[1].__name__}")
def workload(
    request: pytest.FixtureRequest,
    registry: TlsRegistry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[_Workload]:
    """A workload that this process plays, with the variables of a form and no others."""
    form, credential = request.param
    if form == "arc" and os.geteuid() != 0:
        pytest.skip(f"only root can keep the folder {_ARC_FOLDER} of Azure Arc's clients")
    name = f"{form}-{credential.__name__}"
    registry.pratique("identity", "create", name)
    for role in ("AcrPush", "AcrDelete"):
        registry.pratique("role", "assign", role, "--to", name)
    words = ("--user", str(os.geteuid()), "--challenge-group", str(os.getegid()))
    path = assigned(registry, tmp_path, name, *words)
    add_header_secret(path)
    for variable in set(os.environ) - set(environment()):
        monkeypatch.delenv(variable)
    with (
        _left_as_found(_ARC_FOLDER),
        open_folder() as elsewhere,
        running_agent(
            registry, tmp_path, [path], _ARC_FOLDER if form == "arc" else elsewhere
        ) as agent,
    ):
        for variable, value in _FORMS[form](agent.endpoint).items():
            monkeypatch.setenv(variable, value)
        yield _Workload(registry, name, credential)


def test_a_workload_pushes_and_pulls_until_its_host_is_unassigned(workload: _Workload) -> None:
    """Without a secret in its hands; what it holds counts no more from the next request on."""
    with workload.client() as client:
        round_trip(client, f"works/{workload.name.lower()}")
        workload.registry.pratique("identity", "unassign", workload.name, "--host", "host-1")
        with pytest.raises(ClientAuthenticationError, match="revoked or has expired"):
            list(client.list_repository_names())


@contextmanager
def _left_as_found(folder: Path) -> Iterator[None]:
    """Remove on leaving what the agent made of a folder that was not there."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        yield
    finally:
        for path in made:
            if path.exists():
                path.rmdir()
