"""Ways in that begin at the directory's token service, by Azure's own client library.

The directory's token goes to the exchange, and what that gives is the client's password.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from azure.core.credentials import TokenCredential
from azure.identity import (
    CertificateCredential,
    DeviceCodeCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from tests.agent.host import TlsRegistry, environment, running_agent
from tests.clients.governed import SCOPE, Governed
from tests.clients.registry_clients import Account
from tests.clients.ways_in import Entry, entry_of_principal
from tests.federation.foreign_provider import CLIENT, id_token
from tests.sts.browser import Page, read_page

from pratique.http.wire.messages import Response

_REVOKED = "the credential that this token was made with was revoked or has expired"


@contextmanager
def by_certificate(registry: Governed, folder: Path) -> Iterator[Entry]:
    """A service principal with a certificate, which is removed."""
    name, key = registry.new_name("certified"), folder / "key.pem"
    made = registry.server.pratique("sp", "create", name, "--create-certificate", str(key))
    (held,) = made["certificates"]
    with CertificateCredential(
        registry.tenant, made["client_id"], str(key), **registry.authority
    ) as credential:
        certificate = f"/service-principals/{name}/certificates/{held['certificate_id']}"
        yield entry_of_principal(
            registry,
            name,
            _exchanged(registry, credential),
            lambda: registry.manage("DELETE", certificate),
            _REVOKED,
        )


@contextmanager
def by_workload_identity(registry: Governed, folder: Path) -> Iterator[Entry]:
    """An outside token for the directory's own; the federated credential is removed."""
    with _outside(registry) as (name, client_id, credential_id, token):
        file = folder / "token"
        file.write_text(token)
        with WorkloadIdentityCredential(
            tenant_id=registry.tenant,
            client_id=client_id,
            token_file_path=str(file),
            **registry.authority,
        ) as credential:
            held = f"/service-principals/{name}/federated-credentials/{credential_id}"
            yield entry_of_principal(
                registry,
                name,
                _exchanged(registry, credential),
                lambda: registry.manage("DELETE", held),
                _REVOKED,
            )


@contextmanager
def by_outside_token(registry: Governed, _folder: Path) -> Iterator[Entry]:
    """An outside token straight to the exchange; the issuer's trust is removed."""
    with _outside(registry) as (name, _, _, token):
        yield entry_of_principal(
            registry,
            name,
            lambda: registry.exchange(token),
            lambda: registry.manage(
                "DELETE", "/trusts", issuer=registry.issuer, with_credentials="true"
            ),
            _REVOKED,
            barred="no such issuer is trusted here",
        )


@contextmanager
def by_managed_identity(registry: Governed, folder: Path) -> Iterator[Entry]:
    """An identity of this host, by the agent's metadata form; the host is unassigned."""
    name = registry.new_name("identity")
    registry.manage("POST", "/managed-identities", {"name": name})
    file = folder / "identity.toml"
    registry.server.pratique(
        *("identity", "assign", name, "--host", "host-1", "--user", str(os.geteuid())),
        *("--file", str(file)),
    )
    served = TlsRegistry(registry.host, registry.server.data, registry.http)
    with (
        running_agent(served, folder, [file], folder) as agent,
        pytest.MonkeyPatch.context() as patch,
    ):
        for variable in set(os.environ) - set(environment()):
            patch.delenv(variable)
        patch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", agent.endpoint)
        with ManagedIdentityCredential() as credential:
            host = f"/managed-identities/{name}/hosts/host-1"
            yield entry_of_principal(
                registry,
                name,
                _exchanged(registry, credential),
                lambda: registry.manage("DELETE", host),
                _REVOKED,
            )


@contextmanager
def by_device_code(registry: Governed, _folder: Path) -> Iterator[Entry]:
    """A user who allows it on another device, and is signed out everywhere."""
    name = registry.new_name("user")
    password = registry.manage("POST", "/users", {"username": name})["password"]

    def allow(address: str, code: str, _expires_on: object) -> None:
        _allow_device(registry, address, code, name, password)

    with DeviceCodeCredential(
        tenant_id=registry.tenant, prompt_callback=allow, **registry.authority
    ) as credential:
        yield entry_of_principal(
            registry,
            name,
            _exchanged(registry, credential),
            lambda: registry.manage("POST", f"/users/{name}/sign-out"),
            _REVOKED,
        )


def _exchanged(registry: Governed, credential: TokenCredential) -> Callable[[], Account]:
    """What a client logs in with; the library keeps the directory's token while it lasts."""
    return lambda: registry.exchange(credential.get_token(SCOPE).token)


@contextmanager
def _outside(registry: Governed) -> Iterator[tuple[str, str, str, str]]:
    """A service principal for which a trusted issuer's subject stands.

    Gives its name, its client id, the id of the federated credential, and a token of the issuer.
    """
    name = registry.new_name("outside")
    trust = {"issuer": registry.issuer, "audiences": [CLIENT]}
    registry.manage("POST", "/trusts", trust)
    try:
        made = registry.manage("POST", "/service-principals", {"name": name})
        subject = f"system:serviceaccount:team:{name}"
        held = registry.manage(
            "POST",
            f"/service-principals/{name}/federated-credentials",
            {"issuer": registry.issuer, "subject": subject, "audience": CLIENT},
        )
        token = id_token(registry.issuer, subject)
        yield name, made["client_id"], held["credential_id"], token
    finally:
        if any(row["issuer"] == registry.issuer for row in registry.manage("GET", "/trusts")):
            registry.manage("DELETE", "/trusts", issuer=registry.issuer, with_credentials="true")


def _allow_device(registry: Governed, address: str, code: str, name: str, password: str) -> None:
    """Type the code, sign in and allow it, as the pages' forms ask; cookies are forgotten after."""
    page = _page_of(registry.http.get(address))
    for step, typed in (
        ("user-code", {"user_code": code}),
        ("password", {"username": name, "password": password}),
        ("allow", {}),
    ):
        assert step in page.steps, page.text
        form = {**page.fields, **typed, "step": step}
        page = _page_of(registry.http.post(page.action, data=form))
    registry.http.cookies.clear()
    assert "You are signed in" in page.text, page.text


def _page_of(answer: httpx.Response) -> Page:
    return read_page(Response(answer.status_code, answer.headers.multi_items(), answer.content))
