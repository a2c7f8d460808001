"""The doctor's choice of a credential against what real clients send."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.diagnosis.credentials.configurations import (
    BOTH,
    DOCKER,
    PODMAN,
    PODMAN_ALONE,
    Configuration,
)
from tests.diagnosis.credentials.recorders import Recorder, Sent, basic_registry, docker_daemon
from tests.diagnosis.machines import folder_machine, write_program

from pratique.diagnosis.credentials import read_credentials
from pratique.diagnosis.facts.credentials import Client
from pratique.diagnosis.references import read_reference

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def daemon() -> Iterator[Recorder]:
    """A daemon that notes what docker's command sends."""
    with docker_daemon() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def registry() -> Iterator[Recorder]:
    """A registry that notes what podman and skopeo send."""
    with basic_registry() as recorder:
        yield recorder


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


class Stage:
    """A configuration on disk.

    Args:
        configuration: what is to be there.
        root: an empty folder.
        host: of the registry.
    """

    def __init__(self, configuration: Configuration, root: Path, host: str) -> None:
        self._host = host
        self.home = str(root / "home")
        self._programs = root / "programs"
        self._programs.mkdir()
        (root / "home" / "session").mkdir(parents=True)
        for path, content in configuration.files.items():
            place = Path(self._fill(path))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(self._fill(content))
        docker = shutil.which("docker")
        if docker is not None:
            (self._programs / "docker").symlink_to(docker)
        for name, script in configuration.helpers.items():
            write_program(self._programs, f"docker-credential-{name}", script)
        self.image = self._fill(configuration.image)
        self.environment = {
            "HOME": self.home,
            "XDG_RUNTIME_DIR": f"{self.home}/session",
            **{name: self._fill(value) for name, value in configuration.environment.items()},
        }

    def _fill(self, value: object) -> str:
        written = value if isinstance(value, str) else json.dumps(value)
        return written.replace("HOST", self._host).replace("HOME", self.home)

    def ours(self, client: Client) -> Sent:
        """What the doctor says the client would send."""
        machine = folder_machine(
            Path("/"), self._programs, self.environment, home=self.home, user="root"
        )
        choice = read_credentials(machine, read_reference(self.image), client).choice
        if choice is None:
            return Sent()
        found = choice.credential
        token, registry = found.identity_token, found.registry_token
        return Sent(
            found.username,
            found.secret.reveal(),
            token.reveal() if token is not None else "",
            registry.reveal() if registry is not None else "",
        )

    def run(self, *words: str, **environment: str) -> None:
        """Run a client; that it fails is expected."""
        path = f"{self._programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        subprocess.run(
            words,
            env={"PATH": path, **self.environment, **environment},
            capture_output=True,
            timeout=60,
            check=False,
        )


@pytest.mark.parametrize("name", [*BOTH, *DOCKER])
def test_docker_sends_what_the_doctor_says(name: str, daemon: Recorder, tmp_path: Path) -> None:
    """Docker's command hands its daemon the credential that the doctor names, or none."""
    stage = Stage({**BOTH, **DOCKER}[name], tmp_path, "registry.example:5000")
    daemon.sent.clear()
    stage.run(_program("docker"), "pull", stage.image, DOCKER_HOST=f"tcp://{daemon.address}")
    assert _as_used(daemon.sent[-1] if daemon.sent else Sent()) == _as_used(
        stage.ours(Client.DOCKER)
    )


@pytest.mark.parametrize("name", [*BOTH, *PODMAN])
def test_skopeo_sends_what_the_doctor_says(name: str, registry: Recorder, tmp_path: Path) -> None:
    """Skopeo sends a registry the credential that the doctor names, or none."""
    stage = Stage({**BOTH, **PODMAN}[name], tmp_path, registry.address)
    registry.sent.clear()
    stage.run(_program("skopeo"), "inspect", "--tls-verify=false", f"docker://{stage.image}")
    assert (registry.sent[-1] if registry.sent else Sent()) == stage.ours(Client.PODMAN)


@pytest.mark.parametrize("name", [*BOTH, *PODMAN, *PODMAN_ALONE])
def test_podman_sends_what_the_doctor_says(name: str, registry: Recorder, tmp_path: Path) -> None:
    """Podman sends a registry the credential that the doctor names, or none."""
    stage = Stage({**BOTH, **PODMAN, **PODMAN_ALONE}[name], tmp_path, registry.address)
    registry.sent.clear()
    with tempfile.TemporaryDirectory() as short:  # podman takes no more than 50 letters here
        stage.run(
            _program("podman"),
            *("--root", f"{short}/root", "--runroot", f"{short}/run", "--storage-driver=vfs"),
            *("pull", "--tls-verify=false", stage.image),
        )
    assert (registry.sent[-1] if registry.sent else Sent()) == stage.ours(Client.PODMAN)


def _as_used(sent: Sent) -> Sent:
    """A token makes the user and password beside it meaningless to the daemon."""
    if sent.identity_token or sent.registry_token:
        return Sent("", "", sent.identity_token, sent.registry_token)
    return sent
