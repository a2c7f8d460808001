"""`pratique az-setup` makes an az that was never set up work, and takes it back."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from tests.az.azure_cli import Said
from tests.az.harbour import Harbour
from tests.support.live_server import pratique_command

pytestmark = [pytest.mark.live, pytest.mark.clients]


@dataclass(frozen=True)
class Newcomer:
    """A user who has az and has set up nothing.

    Attributes:
        variables: of their shell.
    """

    harbour: Harbour
    home: Path
    variables: dict[str, str]

    def pratique(self, *words: str, **variables: str) -> Said:
        """Run `pratique` with these words."""
        environment = {**self.variables, "PYTHONPATH": str(Path("src").resolve()), **variables}
        return self.harbour.world.run([*pratique_command(), *words], environment)

    def sets_up(self, *words: str, **variables: str) -> Any:
        """What `az-setup` with these words tells programmes.

        Raises:
            AssertionError: it failed.
        """
        said = self.pratique("az-setup", self.harbour.login_server, *words, "--json", **variables)
        assert said.code == 0, said
        return said.content

    def az(self, *words: str, **variables: str) -> Said:
        """Run az in their shell, with what they were told to export."""
        command = [str(self.harbour.programs / "bin/az"), *words]
        return self.harbour.world.run(command, {**self.variables, **variables})

    @property
    def bundle(self) -> Path:
        """The file that az is given."""
        return self.home / ".config/pratique/az/ca-bundle.pem"


@pytest.fixture
def newcomer(harbour: Harbour) -> Newcomer:
    """A new user: an empty home, az on the path, nothing else."""
    home = harbour.folder / harbour.unique("newcomer")
    home.mkdir()
    path = f"{harbour.programs / 'bin'}:/usr/bin:/bin"
    return Newcomer(harbour, home, {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8"})


def _fingerprint(harbour: Harbour) -> str:
    certificate = x509.load_pem_x509_certificate(harbour.server.certificate.read_bytes())
    return certificate.fingerprint(hashes.SHA256()).hex(":")


def _states(told: Any) -> list[str]:
    return [step["state"] for step in told["steps"]]


def test_from_nothing_to_a_pull_token(harbour: Harbour, newcomer: Newcomer) -> None:
    """After one command and the exports that it names, az signs in and gets to the registry."""
    robot = harbour.robot("setup-robot", "AcrPull")
    told = newcomer.sets_up("--write", "--fingerprint", _fingerprint(harbour))
    assert told["written"] is True
    assert _states(told) == ["done", "done", "done"]
    assert told["tenant"] == harbour.tenant
    exports = told["variables"]
    assert exports == {"REQUESTS_CA_BUNDLE": str(newcomer.bundle)}
    login = told["login"]["service principal"].replace("CLIENT_ID", robot["client_id"])
    signed_in = newcomer.az(*login.replace("SECRET", robot["secret"]).split()[1:], **exports)
    assert signed_in.code == 0, signed_in
    words = ("acr", "login", "-n", "pratique", "--expose-token", "-o", "json")
    shown = newcomer.az(*words, **exports)
    assert shown.code == 0, shown
    assert shown.content["loginServer"] == harbour.login_server
    assert newcomer.az("acr", "check-name", "-n", "pratique", **exports).code == 0


def test_public_roots_stay_trusted(harbour: Harbour, newcomer: Newcomer) -> None:
    """The bundle holds every public root, so that az goes on working with Azure itself."""
    newcomer.sets_up("--write", "--ca", str(harbour.server.certificate))
    contexts = [ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) for _ in range(2)]
    contexts[0].load_verify_locations(certifi.where())
    contexts[1].load_verify_locations(newcomer.bundle)
    public, all_of_them = (set(each.get_ca_certs(binary_form=True)) for each in contexts)
    assert len(public) > 50
    assert len(all_of_them - public) == 1
    assert public <= all_of_them


def test_twice_is_once(harbour: Harbour, newcomer: Newcomer) -> None:
    """A second run finds everything done, with and without the export."""
    first = newcomer.sets_up("--write", "--ca", str(harbour.server.certificate))
    written = newcomer.bundle.read_bytes()
    none: dict[str, str] = {}
    for exports in (none, first["variables"]):
        again = newcomer.sets_up("--write", "--ca", str(harbour.server.certificate), **exports)
        assert _states(again) == ["already"] * 3
        assert again["variables"] == first["variables"]
        assert newcomer.bundle.read_bytes() == written


def test_without_write_nothing_changes(harbour: Harbour, newcomer: Newcomer) -> None:
    """What is to be typed is shown, with the fingerprint and a warning; no file is made."""
    told = newcomer.sets_up()
    assert told["certificate"]["vouched_by"] is None
    assert told["certificate"]["fingerprint"].lower() == _fingerprint(harbour)
    assert _states(told) == ["to do"] * 3
    assert list(newcomer.home.iterdir()) == []
    shown = newcomer.pratique("az-setup", harbour.login_server)
    assert "Compare the fingerprint" in shown.out
    assert "az cloud register -n Pratique --endpoint-resource-manager" in shown.out
    assert "az config set core.instance_discovery=false" in shown.out
    assert list(newcomer.home.iterdir()) == []


def test_without_az_it_is_shown_what_to_type(harbour: Harbour, newcomer: Newcomer) -> None:
    """Where az is not installed, the lines are there; to write is refused before anything is."""
    no_az = {"PATH": "/usr/bin:/bin"}
    told = newcomer.sets_up(**no_az)
    assert told["az"] is None
    words = ("az-setup", harbour.login_server, "--write", "--fingerprint", _fingerprint(harbour))
    refused = newcomer.pratique(*words, **no_az)
    assert refused.code == 1
    assert "`az` is not on the PATH" in refused.err
    assert list(newcomer.home.iterdir()) == []


def test_nobody_trusts_a_certificate_by_accident(harbour: Harbour, newcomer: Newcomer) -> None:
    """Without a terminal, a file or the right fingerprint, nothing is written."""
    unasked = newcomer.pratique("az-setup", harbour.login_server, "--write")
    assert unasked.code == 1
    assert "nobody vouches for the certificate" in unasked.err
    wrong = newcomer.pratique(
        *("az-setup", harbour.login_server, "--write", "--fingerprint", "AB:" * 31 + "AB")
    )
    assert wrong.code == 1
    assert "somebody else may be answering" in wrong.err
    assert list(newcomer.home.iterdir()) == []


def test_a_cloud_of_that_name_is_left_alone(harbour: Harbour, newcomer: Newcomer) -> None:
    """Another server has the name: this one gets a name with its host, or the one that is given."""
    other = "https://other.example.com"
    words = ("cloud", "register", "-n", "Pratique", "--skip-endpoint-discovery")
    registered = newcomer.az(
        *words,
        *("--endpoint-resource-manager", other, "--endpoint-active-directory", other),
        *("--endpoint-active-directory-resource-id", f"{other}/"),
    )
    assert registered.code == 0, registered
    ca = ("--ca", str(harbour.server.certificate))
    told = newcomer.sets_up(*ca)
    assert told["cloud"] == f"Pratique-{harbour.login_server}"
    taken = newcomer.pratique("az-setup", harbour.login_server, *ca, "--name", "Pratique")
    assert taken.code == 1
    assert f"az knows `Pratique` as {other}" in taken.err
    azure = newcomer.pratique("az-setup", harbour.login_server, *ca, "--name", "AzureCloud")
    assert "a cloud of Azure's own" in azure.err
    named = newcomer.sets_up(*ca, "--name", "Harbour", "--write")
    assert named["cloud"] == "Harbour"
    assert newcomer.sets_up(*ca)["cloud"] == "Harbour"
    listed = newcomer.az("cloud", "list", "-o", "json").content
    assert {"Pratique", "Harbour"} <= {cloud["name"] for cloud in listed}


def test_an_entry_that_is_wrong_is_put_right(harbour: Harbour, newcomer: Newcomer) -> None:
    """A cloud without the suffix of registries is updated from the server's own document."""
    root = f"https://{harbour.login_server}"
    registered = newcomer.az(
        *("cloud", "register", "-n", "Pratique", "--skip-endpoint-discovery"),
        *("--endpoint-resource-manager", root, "--endpoint-active-directory", root),
        *("--endpoint-active-directory-resource-id", f"{root}/"),
    )
    assert registered.code == 0, registered
    told = newcomer.sets_up("--write", "--ca", str(harbour.server.certificate))
    updating = told["steps"][1]
    assert (updating["command"][2], updating["state"]) == ("update", "done")
    again = newcomer.sets_up("--ca", str(harbour.server.certificate))
    assert _states(again) == ["already"] * 3


def test_az_of_another_folder(harbour: Harbour, newcomer: Newcomer) -> None:
    """AZURE_CONFIG_DIR says which az is meant, and is among what is to be exported."""
    folder = {"AZURE_CONFIG_DIR": str(newcomer.home / "other")}
    ca = ("--ca", str(harbour.server.certificate))
    told = newcomer.sets_up(*ca, "--write", **folder)
    assert told["variables"]["AZURE_CONFIG_DIR"] == folder["AZURE_CONFIG_DIR"]
    assert _states(newcomer.sets_up(*ca, **folder)) == ["already"] * 3
    assert _states(newcomer.sets_up(*ca)) == ["to do"] * 3


def test_what_the_environment_trusts_counts(harbour: Harbour, newcomer: Newcomer) -> None:
    """A bundle that has the certificate is left as it is."""
    own = {"REQUESTS_CA_BUNDLE": str(harbour.server.certificate)}
    told = newcomer.sets_up("--write", **own)
    assert told["variables"] == own
    assert told["certificate"]["bundle"] is None
    assert not newcomer.bundle.exists()


def test_each_command_is_shown(harbour: Harbour, newcomer: Newcomer) -> None:
    """With the path of the az that is run, before what came of it."""
    shown = newcomer.pratique(
        *("az-setup", harbour.login_server, "--write"),
        *("--ca", str(harbour.server.certificate)),
    )
    assert shown.code == 0, shown
    az = harbour.programs / "bin/az"
    lines = shown.out.splitlines()
    endpoint = f"--endpoint-resource-manager https://{harbour.login_server}"
    assert lines[:3] == [
        f"+ {az} config set core.instance_discovery=false",
        f"+ {az} cloud register -n Pratique {endpoint}",
        f"+ {az} cloud set -n Pratique",
    ]
    assert f"  export REQUESTS_CA_BUNDLE={newcomer.bundle}" in lines


def test_undo(harbour: Harbour, newcomer: Newcomer) -> None:
    """Cloud, setting and certificate go; az is as it was, and a second time finds nothing."""
    newcomer.sets_up("--write", "--ca", str(harbour.server.certificate))
    shown = newcomer.sets_up("--undo")
    assert len(shown["steps"]) == 3
    assert newcomer.bundle.exists()
    newcomer.sets_up("--undo", "--write")
    assert not newcomer.bundle.exists()
    clouds = newcomer.az("cloud", "list", "-o", "json").content
    assert [cloud["name"] for cloud in clouds if cloud["isActive"]] == ["AzureCloud"]
    assert "Pratique" not in {cloud["name"] for cloud in clouds}
    assert "instance_discovery" not in (newcomer.home / ".azure/config").read_text()
    nothing = newcomer.pratique("az-setup", harbour.login_server, "--undo", "--write")
    assert (nothing.code, nothing.out) == (0, f"az knows nothing of {harbour.login_server}.\n")


def test_a_refusal_of_az_is_told(harbour: Harbour, newcomer: Newcomer) -> None:
    """Where az itself fails, its own words are shown, and with them the command."""
    broken = newcomer.home / "az"
    broken.write_text("#!/bin/sh\necho 'ERROR: no room' >&2\nexit 2\n")
    broken.chmod(0o755)
    ca = ("--ca", str(harbour.server.certificate))
    said = newcomer.pratique("az-setup", harbour.login_server, "--write", *ca, "--az", str(broken))
    assert said.code == 1
    assert f"`{broken} config set core.instance_discovery=false` failed: ERROR: no room" in said.err
    missing = newcomer.pratique(
        "az-setup", harbour.login_server, "--write", *ca, "--az", "/nowhere"
    )
    assert (missing.code, missing.out) == (1, "")
    assert "`/nowhere` is not a programme that can be run" in missing.err
