"""Makes clients of every kind, each with a memory of its own; starts the daemons they need once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.clients.container_tools import Buildah, Podman, Skopeo
from tests.clients.containerd_engine import Ctr, containerd_daemon
from tests.clients.docker_engine import Docker, docker_daemon
from tests.clients.go_clients import Crane, Helm, Oras, Regctl
from tests.clients.oras_python import OrasPython
from tests.clients.registry_clients import RegistryClient

_WITHOUT_DAEMON: dict[str, Callable[[Path], RegistryClient]] = {
    "podman": Podman,
    "buildah": Buildah,
    "skopeo": Skopeo,
    "oras-python": OrasPython,
    "crane": Crane,
    "oras": Oras,
    "regctl": Regctl,
    "helm": Helm,
}
KINDS = ("docker", "ctr", *_WITHOUT_DAEMON)


class Workshop:
    """Gives clients.

    Args:
        folder: an empty folder with a short path, since sockets are made in it.
        daemons: ends what was started.
    """

    def __init__(self, folder: Path, daemons: ExitStack) -> None:
        self._folder = folder
        self._daemons = daemons
        self._made = 0
        self._containerd: Path | None = None
        self._docker: str | None = None

    def client(self, kind: str) -> RegistryClient:
        """A client of a kind in `KINDS` to which nobody has logged in.

        Raises:
            Missing: this machine cannot run it; the message says why.
        """
        if kind == "docker":
            return self.docker()
        if kind == "ctr":
            return Ctr(self._new_folder(), self._containerd_socket())
        return _WITHOUT_DAEMON[kind](self._new_folder())

    def docker(self) -> Docker:
        """A Docker client; all of them share one daemon.

        Raises:
            Missing: this machine cannot run it.
        """
        if self._docker is None:
            folder = self._folder / "d"
            folder.mkdir(exist_ok=True)
            started = docker_daemon(folder, self._containerd_socket())
            self._docker = self._daemons.enter_context(started)
        return Docker(self._new_folder(), self._docker)

    def _containerd_socket(self) -> Path:
        if self._containerd is None:
            folder = self._folder / "c"
            folder.mkdir(exist_ok=True)
            self._containerd = self._daemons.enter_context(containerd_daemon(folder))
        return self._containerd

    def _new_folder(self) -> Path:
        self._made += 1
        folder = self._folder / f"client{self._made}"
        folder.mkdir()
        return folder
