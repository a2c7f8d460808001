"""Azure's own client libraries get tokens from the agent, by each form, and pull with them."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.agent.host import (
    ACR,
    HEADER_SECRET,
    RunningAgent,
    TlsRegistry,
    add_header_secret,
    assigned,
    environment,
    open_folder,
    running_agent,
    tls_registry,
)

pytestmark = pytest.mark.clients

_STEPS = Path(__file__).with_name("azure_steps.py")
# The one folder in which clients of the Arc form look.
_ARC_FOLDER = Path("/var/opt/azcmagent/tokens")
_IDS = ("client_id", "object_id", "resource_id")
_FORMS = ("imds", "app-service", "azure-ml", "arc")
# DefaultAzureCredential and a plain call name nobody: the host's own identity is meant.
_OWN: dict[str, str] = {}


@dataclass(frozen=True)
class _Host:
    """A host with its own identity and the user-assigned identity `web`.

    Attributes:
        arc: whether this machine can play a host of Azure Arc.
    """

    registry: TlsRegistry
    agent: RunningAgent
    own: dict[str, str]
    web: dict[str, str]
    arc: bool

    def variables(self, form: str) -> dict[str, str]:
        """What tells clients of a form where to ask."""
        endpoint = self.agent.endpoint
        if form == "arc" and not self.arc:
            pytest.skip(f"only root can keep the folder {_ARC_FOLDER} of Azure Arc's clients")
        return {
            "imds": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": endpoint},
            "app-service": {
                "IDENTITY_ENDPOINT": f"{endpoint}/msi/token",
                "IDENTITY_HEADER": HEADER_SECRET,
            },
            "azure-ml": {"MSI_ENDPOINT": f"{endpoint}/msi/token", "MSI_SECRET": HEADER_SECRET},
            "arc": {
                "IDENTITY_ENDPOINT": f"{endpoint}/metadata/identity/oauth2/token",
                "IMDS_ENDPOINT": endpoint,
            },
        }[form]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Host]:
    """A registry, and an agent that gives this user both identities by every form."""
    missing = [name for name in ("azure", "msal") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"Azure's client libraries are missing: {missing}; install the extra `dev`")
    folder = tmp_path_factory.mktemp("host")
    arc = os.geteuid() == 0
    with tls_registry(folder) as registry, open_folder() as elsewhere, _left_as_found(_ARC_FOLDER):
        own = registry.pratique("identity", "create", "host-1-own", "--system", "host-1")
        web = registry.pratique("identity", "create", "web")
        words = ("--user", str(os.geteuid()), "--challenge-group", str(os.getegid()))
        files = [assigned(registry, folder, name, *words) for name in ("host-1-own", "web")]
        for path in files:
            add_header_secret(path)
        challenges = _ARC_FOLDER if arc else elsewhere
        with running_agent(registry, folder, files, challenges) as agent:
            yield _Host(registry, agent, own, web, arc)


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


def _run(*cases: tuple[str, dict[str, str], dict[str, str]]) -> list[dict[str, Any]]:
    """What comes of each client, with these variables and this name of an identity."""
    told = [{"client": c, "environment": e, "names": n} for c, e, n in cases]
    done = subprocess.run(
        [sys.executable, str(_STEPS)],
        input=json.dumps(told),
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
        env=environment(),
    )
    outcomes: list[dict[str, Any]] = json.loads(done.stdout)
    return outcomes


def _claims(outcome: dict[str, Any]) -> dict[str, Any]:
    assert "token" in outcome, outcome
    payload = outcome["token"].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


@pytest.mark.parametrize("client", ["azure-identity", "msal"])
@pytest.mark.parametrize("form", _FORMS)
def test_identities_are_had_by_every_name(host: _Host, form: str, client: str) -> None:
    """The host's own when none is named; the user-assigned one by each of its ids."""
    if form == "azure-ml":
        # This form's clients name an identity by its client id only.
        names = [_OWN, {"client_id": host.web["client_id"]}]
    else:
        names = [_OWN, *({key: host.web[key]} for key in _IDS)]
    variables = host.variables(form)
    got = list(map(_claims, _run(*((client, variables, name) for name in names))))
    assert [claims["appid"] for claims in got] == [
        host.own["client_id"],
        *[host.web["client_id"]] * (len(names) - 1),
    ]
    assert {claims["aud"] for claims in got} == {ACR}
    assert got[-1]["xms_mirid"] == host.web["resource_id"]


@pytest.mark.parametrize("form", _FORMS)
def test_the_default_credential_finds_the_agent(host: _Host, form: str) -> None:
    """`DefaultAzureCredential`, the others left out, takes what the variables offer."""
    named = {"client_id": host.web["client_id"]}
    own, web = map(
        _claims,
        _run(("default", host.variables(form), _OWN), ("default", host.variables(form), named)),
    )
    assert (own["appid"], web["appid"]) == (host.own["client_id"], host.web["client_id"])


@pytest.mark.parametrize("form", _FORMS)
def test_an_identity_that_is_not_here_is_refused_in_words(host: _Host, form: str) -> None:
    """The client says what the agent said, and does not take another identity instead."""
    absent = {"client_id": "00000000-0000-4000-8000-000000000000"}
    (refused,) = _run(("azure-identity", host.variables(form), absent))
    assert refused["error"] in {"CredentialUnavailableError", "ClientAuthenticationError"}
    assert "Identity not found" in refused["words"]


def test_a_wrong_header_is_refused_in_words(host: _Host) -> None:
    """The client of the App Service form shows the agent's sentence."""
    variables = {**host.variables("app-service"), "IDENTITY_HEADER": "a guess"}
    (refused,) = _run(("azure-identity", variables, _OWN))
    assert "401" in refused["words"]
    assert "no secret that is known here" in refused["words"]


@pytest.mark.parametrize("form", _FORMS)
def test_a_workload_pulls_from_its_token_until_the_host_is_unassigned(
    host: _Host, form: str, tmp_path: Path
) -> None:
    """Refused without a role, granted, pulled, unassigned, and refused with the next request."""
    registry, name = host.registry, f"pull-{form}"
    registry.pratique("identity", "create", name)
    words = ("--user", str(os.geteuid()), "--challenge-group", str(os.getegid()))
    path = assigned(registry, tmp_path, name, *words)
    add_header_secret(path)
    variables = host.variables(form)
    with (
        open_folder() as elsewhere,
        running_agent(
            registry, tmp_path, [path], _ARC_FOLDER if form == "arc" else elsewhere
        ) as agent,
    ):
        here = {k: v.replace(host.agent.endpoint, agent.endpoint) for k, v in variables.items()}
        (outcome,) = _run(("azure-identity", here, _OWN))
    token = outcome["token"]
    refused = registry.refresh_token(token)
    assert (refused.status_code, "no role is assigned to it" in refused.text) == (401, True)
    registry.pratique("role", "assign", "AcrPull", "--to", name)
    refresh_token = registry.refresh_token(token).json()["refresh_token"]
    assert registry.pull(refresh_token) == 200
    registry.pratique("identity", "unassign", name, "--host", "host-1")
    assert registry.pull(refresh_token) == 401
    assert registry.refresh_token(token).status_code == 401
