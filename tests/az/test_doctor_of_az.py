"""The doctor names what keeps the real az from working, and what it says to type mends it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.az.azure_cli import Az, Said
from tests.az.harbour import Harbour
from tests.support.live_server import pratique_command

pytestmark = [pytest.mark.live, pytest.mark.clients]

Break = Callable[[Harbour, Az], None]


class Patient:
    """Somebody whose az worked until something was broken.

    Attributes:
        az: theirs.
        login: the words by which they sign in.
    """

    def __init__(self, harbour: Harbour) -> None:
        self.harbour = harbour
        self.robot = harbour.robot("patient", "AcrPull", "Reader")
        self.az = harbour.stranger()
        # What `pratique az-setup` writes, not what the tests' own az has in its environment.
        del self.az.variables["AZURE_CORE_INSTANCE_DISCOVERY"]
        self.az("config", "set", "core.instance_discovery=false")
        self.az.variables["PATH"] += f":{harbour.programs / 'bin'}"
        self.sign_in()

    @property
    def login(self) -> tuple[str, ...]:
        """The words of a right sign-in."""
        return (
            *("login", "--service-principal", "--username", self.robot["client_id"]),
            *("--password", self.robot["secret"], "--tenant", self.harbour.tenant),
        )

    def sign_in(self) -> None:
        """Sign in, as it should be."""
        self.az(*self.login)

    def works(self) -> bool:
        """Whether az gets in and to the registry, without what it had cached."""
        signed_in = self.az.say(*self.login)
        shown = self.az.say("acr", "login", "-n", "pratique", "--expose-token")
        return signed_in.code == 0 and shown.code == 0

    def doctor(self, *words: str) -> Said:
        """Ask the doctor about this registry."""
        target = f"{self.harbour.login_server}/app:v1"
        variables = {**self.az.variables, "PYTHONPATH": str(Path("src").resolve())}
        options = ("--as", "podman", "--json", "--no-redact")
        command = [*pratique_command(), "doctor", target, *options, *words]
        return self.az.world.run(command, variables)

    def findings(self, *words: str) -> dict[str, Any]:
        """What the doctor finds, by the id of the cause."""
        said = self.doctor(*words)
        assert self.robot["secret"] not in said.out
        return {each["id"]: each for each in json.loads(said.out)["findings"]}


@pytest.fixture
def patient(harbour: Harbour) -> Patient:
    """A new one."""
    return Patient(harbour)


def test_one_who_is_well(patient: Patient) -> None:
    """Where az works, none of its causes is named, asked or not."""
    assert patient.works()
    for words in ((), ("--az",)):
        found = set(patient.findings(*words)) - {"az-login-server-with-port"}
        assert found == {"no-credential-for-host"}


def _discovery_on(harbour: Harbour, az: Az) -> None:
    del harbour
    az("config", "unset", "core.instance_discovery")


def _another_cloud(harbour: Harbour, az: Az) -> None:
    del harbour
    az("cloud", "set", "--name", "AzureCloud")


def _registered(harbour: Harbour, az: Az, scheme: str, *words: str) -> None:
    """The cloud as somebody writes it by hand."""
    root = f"{scheme}://{harbour.login_server}"
    az("cloud", "set", "--name", "AzureCloud")
    az("cloud", "unregister", "--name", "Pratique")
    az(
        *("cloud", "register", "--name", "Pratique", "--skip-endpoint-discovery"),
        *("--endpoint-resource-manager", root, "--endpoint-active-directory", root),
        *("--endpoint-active-directory-resource-id", f"{root}/", *words),
    )
    az("cloud", "set", "--name", "Pratique")


def _no_suffix(harbour: Harbour, az: Az) -> None:
    _registered(harbour, az, "https")


def _plain_http(harbour: Harbour, az: Az) -> None:
    suffix = harbour.login_server.partition(".")[2]
    _registered(harbour, az, "http", "--suffix-acr-login-server-endpoint", suffix)


def _public_roots_alone(harbour: Harbour, az: Az) -> None:
    del harbour
    del az.variables["REQUESTS_CA_BUNDLE"]


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        (_discovery_on, "az-instance-discovery-on"),
        (_another_cloud, "az-other-cloud-active"),
        (_no_suffix, "az-cloud-suffix-wrong"),
        (_plain_http, "az-cloud-without-tls"),
        (_public_roots_alone, "az-distrusts-certificate"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_is_typed_mends_it(patient: Patient, broken: Break, cause: str) -> None:
    """Az works, is broken, does not work, the doctor says why, and its commands make it work."""
    harbour = patient.harbour
    broken(harbour, patient.az)
    assert not patient.works()
    finding = patient.findings()[cause]
    assert finding["certain"], finding
    for command in finding["commands"]:
        _type(patient, shlex.split(command))
    assert patient.works(), finding
    assert cause not in patient.findings()


def _type(patient: Patient, words: list[str]) -> None:
    az = patient.az
    if words[:2] == ["az", "cloud"] and words[2] == "unregister":
        # As the advice beside it says.
        az("cloud", "set", "--name", "AzureCloud")
    if words[0] != "pratique":
        assert words[0] == "az"
        az(*words[1:])
        return
    certificate = ("--ca", str(patient.harbour.server.certificate))
    variables = {**az.variables, "PYTHONPATH": str(Path("src").resolve())}
    command = [*pratique_command(), *words[1:], *certificate, "--json"]
    said = az.world.run(command, variables)
    assert said.code == 0, said
    az.variables.update(said.content["variables"])


def test_nobody_is_signed_in(patient: Patient) -> None:
    """After `az logout` the doctor says so, with the tenant to sign in to."""
    patient.az("logout")
    assert patient.az.say("acr", "login", "-n", "pratique", "--expose-token").code != 0
    finding = patient.findings()["az-not-signed-in"]
    assert all(f"--tenant {patient.harbour.tenant}" in line for line in finding["commands"])
    patient.sign_in()
    assert "az-not-signed-in" not in patient.findings()


def test_a_refusal_is_remembered(patient: Patient) -> None:
    """Az repeats a 400 from its own file; the doctor finds it there, and forgets nothing itself."""
    words = (*patient.login[:-1], patient.harbour.tenant, "--scope", "https://other.example.com/.d")
    refused = patient.az.say(*words)
    assert refused.code != 0, refused
    finding = patient.findings("--az")["az-remembers-refusal"]
    assert finding["certain"]
    assert f"/{patient.harbour.tenant}/oauth2/v2.0/token" in finding["evidence"][0]
    file = Path(patient.az.variables["AZURE_CONFIG_DIR"]) / "msal_http_cache.bin"
    assert finding["commands"] == [f"rm {file}"]
    file.unlink()
    assert "az-remembers-refusal" not in patient.findings("--az")


def test_the_admin_user_steps_in(patient: Patient, boss: Az) -> None:
    """One who may not pull is logged in as the admin user, without a question; it is told."""
    harbour = patient.harbour
    nobody = harbour.robot("nobody", "Owner")
    harbour.server.pratique("admin-user", "enable")
    try:
        az = harbour.signed_in(nobody["client_id"], nobody["secret"])
        patient.az = az
        admin = harbour.server.pratique("admin-user", "show")
        assert admin["enabled"]
        password = boss(
            "acr", "credential", "renew", "-n", "pratique", "--password-name", "password"
        )
        logged_in = az.beside(
            *("podman", "login", harbour.login_server, "-u", password["username"]),
            *("-p", password["passwords"][0]["value"]),
        )
        assert logged_in.code == 0, logged_in
        finding = patient.findings("--az")["az-fell-back-to-admin-user"]
        assert not finding["certain"]
    finally:
        harbour.server.pratique("admin-user", "disable")
