"""A user of this machine who has logged in once, with clients that ask the credential helper."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.clients.container_tools import Buildah, Podman, Skopeo
from tests.clients.registry_clients import Account, RegistryClient
from tests.clients.stage import Stage
from tests.clients.workshop import Workshop
from tests.support.live_server import pratique_command

from pratique.cli.logins import Login, Logins

_WITHOUT_DAEMON: dict[str, type[Podman | Buildah | Skopeo]] = {
    "podman": Podman,
    "buildah": Buildah,
    "skopeo": Skopeo,
}
KINDS = ("docker", *_WITHOUT_DAEMON)
_PROGRAMMES = {
    "docker-credential-pratique": "pratique.cli.credential_helper",
    "pratique-kubelet-credentials": "pratique.cli.kubelet_plugin",
}


@dataclass(frozen=True)
class SignedIn:
    """The user.

    Attributes:
        client: what pulls.
        configuration: the client's file.
        option: of `pratique login`, that writes this file.
        variable: of the environment, that leads client and verb to it.
        host: of the registry.
        home: where logins are kept.
    """

    client: RegistryClient
    configuration: Path
    option: str
    variable: tuple[str, Path]
    host: str
    home: Path

    def log_in(self, account: Account, *options: str) -> None:
        """`pratique login` with the client's option."""
        words = ("login", self.host, "-u", account.user_name, "--password-stdin", *options)
        self._pratique(*words, self.option, typed=account.password)

    def log_out(self) -> None:
        """`pratique logout`."""
        self._pratique("logout", self.host)

    def kept(self) -> Login:
        """The login as it is kept now."""
        login = self._logins().of(self.host)
        assert login is not None
        return login

    def keeps(self, refresh_token: str) -> None:
        """Put another token in the place of the kept one."""
        self._logins().keep(replace(self.kept(), refresh_token=refresh_token))

    def written(self) -> str:
        """All that lies in files: the logins and the client's configuration."""
        file = self.home / "pratique" / "credentials.json"
        return file.read_text() + self.configuration.read_text()

    def _logins(self) -> Logins:
        return Logins(self.home / "pratique" / "credentials.json")

    def _pratique(self, *words: str, typed: str = "") -> None:
        name, value = self.variable
        done = subprocess.run(
            [*pratique_command(), *words],
            check=False,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, name: str(value)},
        )
        assert done.returncode == 0, done


def new_user(
    kind: str, stage: Stage, workshop: Workshop, folder: Path, patch: pytest.MonkeyPatch
) -> SignedIn:
    """A user of one kind of client who has not logged in yet.

    Args:
        kind: one of `KINDS`.
        stage: the registry.
        workshop: makes docker clients.
        folder: an empty folder.
        patch: sets the variables that every programme of this user sees.

    Raises:
        Missing: this machine cannot run the client.
    """
    put_programmes_on_the_path(folder, patch)
    home = folder / "home"
    patch.setenv("XDG_CONFIG_HOME", str(home))
    if kind == "docker":
        docker = workshop.docker()
        path = docker.configuration
        variable = ("DOCKER_CONFIG", path.parent)
        return SignedIn(docker, path, "--docker", variable, stage.server.host, home)
    tools = folder / "t"
    tools.mkdir()
    client, path = _WITHOUT_DAEMON[kind](tools), tools / "auth.json"
    variable = ("REGISTRY_AUTH_FILE", path)
    return SignedIn(client, path, "--podman", variable, stage.server.host, home)


def put_programmes_on_the_path(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Install what the package installs, for the interpreter that runs the tests."""
    programmes = folder / "bin"
    programmes.mkdir()
    for name, module in _PROGRAMMES.items():
        path = programmes / name
        path.write_text(f"#!{sys.executable}\nfrom {module} import main\nmain()\n")
        path.chmod(0o755)
    patch.setenv("PATH", f"{programmes}{os.pathsep}{os.environ['PATH']}")


def dead_token(stage: Stage, account: Account) -> str:
    """A refresh token whose secret was taken away after it had been made."""
    server = stage.server
    made = server.pratique("sp", "secret", "add", account.user_name, "--name", "fleeting")
    token = stage.refresh_token(Account("", account.user_name, made["secret"]))
    server.pratique("sp", "secret", "delete", account.user_name, "fleeting")
    return token


def of_kubelet(response: str, host: str) -> Account:
    """The account that a kubelet takes from the plugin's response."""
    credential = json.loads(response)["auth"][host]
    return Account("", credential["username"], credential["password"])
